"""One program for a target: `flock` on an empty hidden file beside it.

The kernel lets go of it when its holder ends, however it ends, so that nobody has to clean up. The file stays where it
is; that it is still the one we hold is looked at before every write, for somebody may have removed it.

A file that is a mount of its own is locked itself as well: containers that mount it have different folders around it.
"""

from __future__ import annotations

import errno
import fcntl
import os
from typing import TYPE_CHECKING

from reconciler.target.low_level import make_parents
from reconciler.target.mounts import is_mount_point
from reconciler.target.names import lock_path
from reconciler.target.outcome import Locked, LockedElsewhere, LockOutcome, LockUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

LOCK_MODE = 0o644


class TargetLock:
    """The lock of one target; not for several threads."""

    def __init__(self) -> None:
        self._target = ""
        self._held: dict[str, int] = {}

    def acquire(self, path: str) -> LockOutcome:
        """Take the lock of a target, or see that it is still held; a lock on another path is let go.

        Args:
            path: absolute, links followed.
        """
        if self._holds(path):
            return Locked()
        self.release()
        try:
            self._take_all(path)
        except BlockingIOError:
            self.release()
            return LockedElsewhere(f"{path}: another program keeps this target; end it, or use another target")
        except OSError as error:
            self.release()
            return LockUnavailable(f"{path}: it could not be locked for this program alone ({error.strerror})")
        self._target = path
        return Locked()

    def release(self) -> None:
        """Let go; harmless where nothing is held."""
        for handle in self._held.values():
            os.close(handle)
        self._held.clear()
        self._target = ""

    def _holds(self, target: str) -> bool:
        """Whether the files at the locks' paths are the very ones that we hold."""
        if target != self._target:
            return False
        try:
            return all(os.path.samestat(os.lstat(path), os.fstat(handle)) for path, handle in self._held.items())
        except OSError:  # removed, or its folder is out of reach: it has to be taken anew
            return False

    def _take_all(self, path: str) -> None:
        """The file beside the target, and the target itself where it is a mount: there, either of them will do."""
        mounted = is_mount_point(path)
        try:
            make_parents(path)
            self._take(lock_path(path), _open_or_create)
        except BlockingIOError:
            raise
        except OSError:
            if not mounted:
                raise
        if mounted:
            self._take(path, _open)

    def _take(self, path: str, opened: Callable[[str], int]) -> None:
        self._held[path] = opened(path)
        fcntl.flock(self._held[path], fcntl.LOCK_EX | fcntl.LOCK_NB)


def _open(path: str) -> int:
    return os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)


def _open_or_create(path: str) -> int:
    """Open the lock file for reading, which is enough for flock and possible where another user made it.

    Not O_CREAT at once: in a sticky folder such as /tmp the kernel refuses that for another user's file, even to root.
    """
    for _ in range(10):
        try:
            return _open(path)
        except FileNotFoundError:
            pass
        try:
            handle = os.open(path, os.O_RDONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, LOCK_MODE)
        except FileExistsError:
            continue
        os.fchmod(handle, LOCK_MODE)  # whatever the umask: another user's program has to be able to try it
        return handle
    raise OSError(errno.EBUSY, "its lock file comes and goes", path)
