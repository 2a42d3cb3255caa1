"""Where notifications keep what they owe: a hidden file, saved so that a power cut leaves the old state or the new."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from reconciler.target.links import resolve
from reconciler.target.lock import FileLock
from reconciler.target.low_level import make_parents, read_at_most, remove_quietly, sync_folder, write_all
from reconciler.target.names import leftovers, manifest_path, set_path, state_path, state_path_in, temporary_path
from reconciler.target.outcome import Locked, LockedElsewhere, LockOutcome
from reconciler.target.problems import UnusableTargetError

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.target.target import Target

STATE_FILE_MODE = 0o600
# Some 300 bytes for each container that is told: more than a hundred thousand of them.
STATE_BYTES_MAX = 64 * 1024 * 1024
_TEMPORARY = "state-tmp"


class StateFile:
    """A store on the disk; for one thread at a time, and one program by its lock.

    Args:
        path: absolute.
        warn: called when a save could not be synced to the disk.
        is_shared: whether its folder may be that of several programs. Beside a target it is not: the target's lock is
            enough. But programs in different mount namespaces may have different targets at the same path, and one
            `--state-dir`.
    """

    def __init__(self, path: str, *, warn: Callable[[str], None], is_shared: bool = False) -> None:
        self.path = path
        self._warn = warn
        self._lock = FileLock("state", "--state-dir") if is_shared else None

    def lock(self) -> LockOutcome:
        """Take the state for this program alone."""
        return Locked() if self._lock is None else self._lock.acquire(self.path)

    def close(self) -> None:
        """Release the lock."""
        if self._lock is not None:
            self._lock.release()

    def load(self) -> bytes | None:
        """What was saved last, None where nothing was.

        Raises:
            OSError: there is a state, but it cannot be read, or is too large to be one.
        """
        self._remove_leftovers()
        try:
            handle = os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except (FileNotFoundError, NotADirectoryError):
            return None
        try:
            data = read_at_most(handle, STATE_BYTES_MAX)
        finally:
            os.close(handle)
        if len(data) > STATE_BYTES_MAX:
            raise OSError(errno.EFBIG, f"it is larger than {STATE_BYTES_MAX} bytes, so it is not pygen's")
        return data

    def save(self, data: bytes, *, is_durable: bool = True) -> None:
        """Put a state on the disk in place of the last one.

        Args:
            data: the state.
            is_durable: whether to wait until it survives a crash of the machine.

        Raises:
            OSError: the last one is still there.
        """
        if isinstance(locked := self.lock(), LockedElsewhere):
            raise OSError(locked.reason)
        make_parents(self.path)
        temporary = temporary_path(self.path, _TEMPORARY)
        try:
            self._fill(temporary, data, is_durable=is_durable)
            os.rename(temporary, self.path)  # noqa: PTH104
        except BaseException:
            remove_quietly(temporary)
            raise
        if is_durable:
            sync_folder(os.path.dirname(self.path), self._warn)  # noqa: PTH120

    def _fill(self, temporary: str, data: bytes, *, is_durable: bool) -> None:
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, STATE_FILE_MODE)
        try:
            os.fchmod(handle, STATE_FILE_MODE)  # whatever the umask: the next start has to read it
            write_all(handle, data)
            if is_durable:
                os.fsync(handle)
        finally:
            os.close(handle)

    def _remove_leftovers(self) -> None:
        try:
            found = leftovers(self.path, _TEMPORARY)
        except OSError:  # no folder yet, or one that cannot be listed: reading and saving tell what matters
            return
        for name in found:
            remove_quietly(name)


class MemoryStore:
    """A store for streams: what is owed is known as long as this process lives."""

    def __init__(self) -> None:
        self._data: bytes | None = None

    def lock(self) -> LockOutcome:
        """It is this process's own."""
        return Locked()

    def close(self) -> None:
        """Nothing is held open."""

    def load(self) -> bytes | None:
        """What was saved last, None where nothing was."""
        return self._data

    def save(self, data: bytes, *, is_durable: bool = True) -> None:  # noqa: ARG002 - it ends with the process
        """Keep it."""
        self._data = data


def open_store(target: Target, state_dir: str | None, *, warn: Callable[[str], None]) -> StateFile | MemoryStore:
    """The store of a target: in a folder of its own, or beside the file, or in memory for a stream.

    Args:
        target: whose notifications they are.
        state_dir: the folder for states, made when first needed; None for beside the target (links followed, so that
            it is beside the file that is really written).
        warn: as for `StateFile`.
    """
    if not target.is_file:
        return MemoryStore()
    absolute = os.path.abspath(target.beside)  # noqa: PTH100 - links are not to be followed here
    if state_dir is not None:
        path = state_path_in(os.path.abspath(state_dir), absolute)  # noqa: PTH100
        return StateFile(path, warn=warn, is_shared=True)
    try:
        beside = resolve(absolute)
    except (OSError, UnusableTargetError):  # the same problem fails every write, and says why there
        beside = absolute
    return StateFile(state_path(beside), warn=warn)


def open_manifest(pattern: str, state_dir: str | None, *, warn: Callable[[str], None]) -> StateFile:
    """Where a set of files keeps which of them it wrote: where its state is, whose lock covers this, too.

    Args:
        pattern: of the files' paths; absolute.
        state_dir: as for `open_store`.
        warn: likewise.
    """
    beside = set_path(pattern)
    if state_dir is None:
        return StateFile(manifest_path(beside), warn=warn)
    return StateFile(state_path_in(os.path.abspath(state_dir), beside, "files"), warn=warn)  # noqa: PTH100
