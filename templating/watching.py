"""Files and folders that a render looked at, and whether they are still as it saw them.

A file's times may not move when it is changed twice within one tick of the file system's clock. As long as a file was
changed only just before it was read, its bytes are therefore compared, too, by their digest.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from templating.owner import Owner

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

YOUNG_S = 3.0
"""Longer than the coarsest clock of a file system in use (2 s)."""
_PIECE = 1 << 20
_OF_A_PROCESS = re.compile(r"/proc/[0-9]+/")

Fact = list[Any]
"""What was seen, made of JSON's types: how it was looked at, the path, and what there was."""


def _nobody_is_told(_fact: Fact) -> None:
    """For a watch whose facts are not handed on."""


class Unfit(OSError):  # noqa: N818 - named for what was found
    """A folder, a device or a FIFO, which could make us wait for ever, or a file that is too large."""


@dataclass(slots=True)
class Seen:
    """A file as it was read.

    Attributes:
        signature: what changes when the file does; None where there is none.
        digest: the SHA-256 of its bytes while it is young, else None.
        is_unreadable: whether it is there, and could not be read for a reason that may pass without a trace.
    """

    signature: tuple[int, ...] | None
    digest: str | None = None
    is_unreadable: bool = False


class FileWatch:
    """Reads files once a pass and remembers how they were.

    Args:
        wall_clock: seconds since the epoch, compared with the files' times.
        size_limit_bytes: of each file.
        looked: is told every fact as soon as it is known.
    """

    def __init__(
        self,
        wall_clock: Callable[[], float],
        size_limit_bytes: int,
        looked: Callable[[Fact], None] = _nobody_is_told,
    ) -> None:
        self._looked = looked
        self._wall_clock = wall_clock
        self._size_limit_bytes = size_limit_bytes
        self._seen: dict[Path, Seen] = {}
        self._answers: dict[tuple[str, Path], object] = {}

    def forget(self) -> None:
        """A new pass begins: everything is looked at anew."""
        self._seen.clear()
        self._answers.clear()

    def read(self, path: Path) -> bytes:
        """A regular file's bytes.

        Raises:
            OSError: it cannot be read; `FileNotFoundError` where it is not there.
        """
        try:
            content, signature, changed_s = _read(path, self._size_limit_bytes)
        except OSError as error:
            signature_now = _signature_of(path)
            may_pass = signature_now is not None and not isinstance(error, Unfit)
            self._note(path, Seen(signature_now, is_unreadable=may_pass))
            raise
        young = self._wall_clock() - changed_s < YOUNG_S
        self._note(path, Seen(signature, _digest(content) if young else None))
        return content

    def exists(self, path: Path) -> bool:
        """Whether there is anything at a path."""
        answer = self._answers["exists", path] = _exists(path)
        self._looked(["exists", str(path), answer])
        return answer

    def names_in(self, path: Path) -> tuple[str, ...]:
        """The names in a folder, sorted; none where there is no such folder or it cannot be read."""
        answer = self._answers["names_in", path] = _names_in(path)
        self._looked(["names_in", str(path), list(answer)])
        return answer

    def owner_of(self, path: Path) -> Owner | None:
        """Whose a file or folder is; None where there is none, or it cannot be seen."""
        answer = self._answers["owner_of", path] = _owner_of(path)
        self._looked(["owner_of", str(path), answer and [answer.uid, answer.gid, answer.is_open]])
        return answer

    def restore(self, facts: Iterable[Fact]) -> None:
        """Watch on what another watch told, and nothing else."""
        self.forget()
        for kind, name, *seen in facts:
            path = Path(name)
            if kind == "read":
                signature, digest, is_unreadable = seen
                self._seen[path] = Seen(None if signature is None else tuple(signature), digest, is_unreadable)
            else:
                self._answers[kind, path] = _ANSWERS[kind](seen[0])

    def changed(self) -> bool:
        """Whether anything is not as it was seen."""
        if any(_LOOKS[kind](path) != answer for (kind, path), answer in self._answers.items()):
            return True
        return any(self._file_changed(path, seen) for path, seen in self._seen.items())

    def _note(self, path: Path, seen: Seen) -> None:
        self._seen[path] = seen
        self._looked(["read", str(path), seen.signature, seen.digest, seen.is_unreadable])

    def _file_changed(self, path: Path, seen: Seen) -> bool:
        if _signature_of(path) != seen.signature:
            return True
        if seen.is_unreadable:
            return _readable(path, self._size_limit_bytes)
        return seen.digest is not None and self._rewritten(path, seen)

    def _rewritten(self, path: Path, seen: Seen) -> bool:
        """Compare a young file's bytes; once it is older its times will do."""
        try:
            content, _, changed_s = _read(path, self._size_limit_bytes)
        except OSError:
            return True
        if _digest(content) != seen.digest:
            return True
        if self._wall_clock() - changed_s >= YOUNG_S:
            seen.digest = None
        return False


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _read(path: Path, limit_bytes: int) -> tuple[bytes, tuple[int, ...], float]:
    # O_NONBLOCK: opening a FIFO would wait for a writer.
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode):
            raise Unfit(0, "it is not a regular file")
        if facts.st_size > limit_bytes:
            raise Unfit(0, f"it is larger than {limit_bytes} bytes")
        if _OF_A_PROCESS.match(str(Path(f"/proc/self/fd/{descriptor}").readlink())):
            raise Unfit(0, "it is about a process, not about a setting")
        pieces: list[bytes] = []
        while piece := os.read(descriptor, _PIECE):
            pieces.append(piece)
            if len(pieces) * _PIECE > limit_bytes + _PIECE:
                raise Unfit(0, f"it is larger than {limit_bytes} bytes")
    finally:
        os.close(descriptor)
    content = b"".join(pieces)
    if len(content) > limit_bytes:
        raise Unfit(0, f"it is larger than {limit_bytes} bytes")
    return content, _signature(facts), max(facts.st_mtime, facts.st_ctime)


def _readable(path: Path, limit_bytes: int) -> bool:
    try:
        _read(path, limit_bytes)
    except OSError:
        return False
    return True


def _signature_of(path: Path) -> tuple[int, ...] | None:
    try:
        return _signature(path.stat())
    except (OSError, ValueError):
        return None


def _signature(facts: os.stat_result) -> tuple[int, ...]:
    return (facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns)


def _exists(path: Path) -> bool:
    try:
        path.stat()
    except (OSError, ValueError):
        return False
    return True


def _names_in(path: Path) -> tuple[str, ...]:
    try:
        return tuple(sorted(os.listdir(path)))  # noqa: PTH208 - names are what is wanted
    except (OSError, ValueError):
        return ()


def _owner_of(path: Path) -> Owner | None:
    try:
        return Owner.from_facts(path.stat())
    except (OSError, ValueError):
        return None


_ANSWERS: dict[str, Callable[[Any], object]] = {
    "exists": bool,
    "names_in": tuple,
    "owner_of": lambda seen: None if seen is None else Owner(*seen),
}
"""How an answer is read from a fact."""

_LOOKS: dict[str, Callable[[Path], object]] = {"exists": _exists, "names_in": _names_in, "owner_of": _owner_of}
