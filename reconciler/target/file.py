"""A target that is a regular file: read, compared, written whole or not at all."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from reconciler.target.diff import LineCounts, count_lines
from reconciler.target.in_place import overwrite
from reconciler.target.links import resolve
from reconciler.target.lock import FileLock
from reconciler.target.low_level import is_mount_point, make_parents, remove_quietly
from reconciler.target.names import leftovers
from reconciler.target.outcome import (
    Locked,
    LockedElsewhere,
    LockOutcome,
    LockUnavailable,
    Missing,
    Present,
    TargetContent,
    Unreadable,
    WriteFailed,
    Written,
)
from reconciler.target.ownership import ANY_OWNERSHIP
from reconciler.target.problems import UnusableTargetError, explain
from reconciler.target.regular import read_regular, status_of
from reconciler.target.replace import replace

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.target.ownership import Ownership

_NO_RENAME = (errno.EBUSY, errno.EXDEV)


class FileTarget:
    """A target that is a file, or will be one.

    The path is looked up again each time: a link may be repointed, a file may become a directory and a file again.

    Args:
        path: as configured, relative ones to the present working directory.
        warn: called once for each problem that does not stop the write.
        limit_bytes: the longest content that is ever written; of a longer file only the beginning is read.
        ownership: owner, group and mode that it gets; what is not said stays as it is.
    """

    is_file = True
    problem = ""
    files = None

    def __init__(
        self, path: str, *, warn: Callable[[str], None], limit_bytes: int, ownership: Ownership = ANY_OWNERSHIP
    ) -> None:
        self.path = path
        self.beside = path
        self._absolute = os.path.abspath(path) + ("/" if path.endswith("/") else "")  # noqa: PTH100
        self._lock = FileLock()
        self._warn = warn
        self._limit_bytes = limit_bytes
        self._ownership = ownership
        self._warned: set[str] = set()

    def lock(self) -> LockOutcome:
        """Take the target for this program alone, and remove what a killed predecessor left."""
        try:
            path = resolve(self._absolute)
        except (OSError, UnusableTargetError) as error:
            return LockUnavailable(explain(error, self.path))
        outcome = self._lock.acquire(path)
        if isinstance(outcome, Locked):
            self._remove_leftovers(path)
        return outcome

    def read(self) -> TargetContent:
        """The bytes on the disk, now; of more than are ever written only the beginning, which is different enough."""
        try:
            path = resolve(self._absolute)
            return Present(read_regular(path, self._limit_bytes), self._ownership.has_drifted(path))
        except FileNotFoundError:
            return Missing()
        except (OSError, UnusableTargetError) as error:
            return Unreadable(explain(error, self.path))

    def wanted(self, content: bytes) -> bytes:
        """All that was rendered."""
        return content

    def line_counts(self, old: bytes, new: bytes) -> LineCounts:
        """How many lines a change adds and removes."""
        return count_lines(old, new)

    def write(self, content: bytes) -> Written | WriteFailed:
        """Replace the content; where the target is a mount of its own, in place. Parents are made."""
        try:
            path = resolve(self._absolute)
            make_parents(path)
            outcome = self._lock.acquire(path)
            if isinstance(outcome, LockedElsewhere):
                return WriteFailed("replace", outcome.reason)
            if isinstance(outcome, LockUnavailable):
                self._warn_once(
                    "lock", f"{outcome.reason}; it is written without a lock; make sure that no other program writes it"
                )
            return self._write_at(path, content)
        except (OSError, UnusableTargetError) as error:
            return WriteFailed("replace", explain(error, self.path))

    def close(self) -> None:
        """Release the lock."""
        self._lock.release()

    def _write_at(self, path: str, content: bytes) -> Written | WriteFailed:
        existing = status_of(path)
        try:
            replace(path, content, existing, self._ownership, lambda message: self._warn_once(message, message))
        except (OSError, UnusableTargetError) as error:
            is_no_rename = isinstance(error, OSError) and error.errno in _NO_RENAME
            if existing is None or not (is_no_rename or is_mount_point(path)):
                raise
            return self._overwrite(path, content)
        return Written("replace")

    def _overwrite(self, path: str, content: bytes) -> Written | WriteFailed:
        self._warn_once(
            "in place",
            f"{self.path}: it is mounted as a single file and can't be replaced as a whole, so it is written in place; "
            "a reader may see it half written: mount its folder instead",
        )
        try:
            overwrite(path, content, limit_bytes=self._limit_bytes, ownership=self._ownership)
        except (OSError, UnusableTargetError) as error:
            return WriteFailed("in_place", "; ".join([explain(error, self.path), *getattr(error, "__notes__", ())]))
        return Written("in_place")

    def _remove_leftovers(self, path: str) -> None:
        """Ours alone now, so that no running program can need them."""
        try:
            found = leftovers(path)
        except OSError as error:  # a folder that can be written but not listed
            self._warn_once("leftovers", f"{explain(error, self.path)}; temporary files of an earlier run may be left")
            return
        for name in found:
            remove_quietly(name)

    def _warn_once(self, key: str, message: str) -> None:
        if key not in self._warned:
            self._warned.add(key)
            self._warn(message)
