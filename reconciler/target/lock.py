"""One program for a target or a state: `flock` on an empty hidden file beside it, which no other user may open.

Packages for lock files (filelock, portalocker) take the lock and leave the rest of this page to their users.

The kernel releases it when its holder ends, however it ends, so that nothing has to be cleaned up. The file stays where
it is; that it is still the one that is held is checked before every write, since it may have been removed.

Whoever can open a file can lock it, for reading is enough to lock. So the lock file is readable by its owner alone,
one that an earlier version made readable by everybody is changed, and one that somebody else could have put there
is not used. A file that is a mount of its own is locked itself as well, for containers that mount it have different
folders around it; there readers can't be kept out, and `write_lock` tells them from writers.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import struct
from typing import TYPE_CHECKING

from reconciler.target.low_level import is_mount_point, make_parents
from reconciler.target.names import lock_path
from reconciler.target.outcome import Locked, LockedElsewhere, LockOutcome, LockUnavailable
from reconciler.target.problems import UnusableTargetError

if TYPE_CHECKING:
    from collections.abc import Callable

LOCK_MODE = 0o600
_WHOLE_FILE = (os.SEEK_SET, 0, 0, 0)
_FLOCK = "hhqqi"
"""`struct flock` of fcntl(2): kind, whence, start, length (0: to the end), and a process id that must be 0."""


class FileLock:
    """The lock of one file; not for several threads.

    Args:
        subject: what is locked, for messages: `target` or `state`.
        option: the option that names another one.
    """

    def __init__(self, subject: str = "target", option: str = "--target") -> None:
        self._subject = subject
        self._option = option
        self._path = ""
        self._held: dict[str, int] = {}

    def acquire(self, path: str) -> LockOutcome:
        """Take the lock of a file, or see that it is still held; a lock on another path is let go.

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
            reason = f"another pygen keeps this {self._subject}; stop it, or give another {self._option}"
            return LockedElsewhere(f"{path}: {reason}")
        except (OSError, UnusableTargetError) as error:
            # What was taken until then is kept, and let go by the next try: it is in the way of others all the same.
            reason = getattr(error, "strerror", None) or str(error)
            return LockUnavailable(f"{path}: it could not be locked for this program alone ({reason})")
        self._path = path
        return Locked()

    def release(self) -> None:
        """Let go; harmless where nothing is held."""
        for handle in self._held.values():
            os.close(handle)
        self._held.clear()
        self._path = ""

    def _holds(self, path: str) -> bool:
        """Whether the files at the locks' paths are the very ones that we hold."""
        if path != self._path:
            return False
        try:
            return all(os.path.samestat(os.lstat(each), os.fstat(handle)) for each, handle in self._held.items())
        except OSError:  # removed, or its folder is out of reach: it has to be taken again
            return False

    def _take_all(self, path: str) -> None:
        """The file beside it, and the file itself where it is a mount: there, either of them will do."""
        mounted = is_mount_point(path)
        try:
            make_parents(path)
            self._take(lock_path(path), _open_lock_file, _lock)
        except BlockingIOError:
            raise
        except (OSError, UnusableTargetError):
            if not mounted:
                raise
        if mounted:
            self._take(path, _open_mounted, write_lock)

    def _take(self, path: str, opened: Callable[[str], int], locked: Callable[[int], None]) -> None:
        self._held[path] = opened(path)
        locked(self._held[path])


def write_lock(handle: int) -> None:
    """Lock an open file that others may read, and lock, too.

    An open file description's write lock needs a descriptor that can write, so that a reader can't take one. A reader
    can be in the way with a read lock, but only a write lock is in the way of a test for reading: what passes that
    test is locked by no program that writes.

    Raises:
        BlockingIOError: a program that can write the file keeps it.
        UnusableTargetError: a mere reader is in the way.
    """
    try:
        fcntl.fcntl(handle, fcntl.F_OFD_SETLK, struct.pack(_FLOCK, fcntl.F_WRLCK, *_WHOLE_FILE))
        # For programs of earlier versions, which know this lock only. Any reader may hold it: it decides nothing.
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        tested = fcntl.fcntl(handle, fcntl.F_OFD_GETLK, struct.pack(_FLOCK, fcntl.F_RDLCK, *_WHOLE_FILE))
        if struct.unpack(_FLOCK, tested)[0] != fcntl.F_UNLCK:
            raise
        raise UnusableTargetError("a program that may only read it keeps it locked") from None


def _lock(handle: int) -> None:
    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _open_mounted(path: str) -> int:
    return os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)


def _open_lock_file(path: str) -> int:
    """Open the lock file or make it, readable by its owner alone.

    Not O_CREAT at once: in a sticky folder such as /tmp the kernel refuses that for another user's file, even to root.

    Raises:
        UnusableTargetError: it is not a file that may be relied on.
    """
    for _ in range(10):
        try:
            handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except FileNotFoundError:
            pass
        else:
            return _checked(handle, path)
        try:
            handle = os.open(path, os.O_RDONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, LOCK_MODE)
        except FileExistsError:
            continue
        os.fchmod(handle, LOCK_MODE)  # whatever the umask
        return handle
    raise OSError(errno.EBUSY, "its lock file keeps disappearing", path)


def _checked(handle: int, path: str) -> int:
    """The handle of a lock file that only we, root or the folder's owner can have made; others' right to it goes."""
    try:
        _check(os.fstat(handle), path)
        if os.geteuid() in (0, os.fstat(handle).st_uid):
            os.fchmod(handle, LOCK_MODE)
    except BaseException:
        os.close(handle)
        raise
    return handle


def _check(status: os.stat_result, path: str) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise UnusableTargetError(f"{path} is not a regular file; remove it")
    if status.st_uid not in (0, os.geteuid(), os.stat(os.path.dirname(path)).st_uid):  # noqa: PTH116, PTH120
        raise UnusableTargetError(f"{path} belongs to uid {status.st_uid}, who could lock it forever; remove it")
