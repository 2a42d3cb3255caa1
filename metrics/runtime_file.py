"""Where a running program leaves the address of its metrics, so that `healthcheck` finds it without an option.

A hidden file in the first of a few folders that can be written. Its holder keeps it locked: a file that is not locked
is a dead program's, whatever its content. A health check in another network could not use the address, so that the
network namespace stands in it too, and it passes over files of another user.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from metrics.address import MetricsAddress, parse_metrics_address
from models.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

OFF = "0"
_BYTES_MAX = 1024
_NAME = re.compile(r"\.\d+\.[0-9a-f]{16}\.runtime\.pygen")


@frozen
class RunningProgram:
    """What a running program left.

    Attributes:
        address: where it really listens, None where its metrics are off.
    """

    address: MetricsAddress | None


class RuntimeFileError(OSError):
    """No folder could take the file; the message names them."""


class RuntimeFile:
    """A file that is left, locked, until it is removed or this process ends."""

    def __init__(self, path: Path, handle: int) -> None:
        self.path = path
        self._handle = handle

    def remove(self) -> None:
        """Take it away; harmless a second time."""
        if self._handle >= 0:
            self.path.unlink(missing_ok=True)
            os.close(self._handle)
            self._handle = -1


def runtime_folders(environ: Mapping[str, str]) -> list[Path]:
    """Folders that may take the file, the first choice first.

    /dev/shm is among them since it can be written in a container whose own file system is read-only.
    """
    own = environ.get("XDG_RUNTIME_DIR", "")
    return [*([Path(own)] if own.startswith("/") else []), Path("/run"), Path("/dev/shm"), Path("/tmp")]  # noqa: S108


def leave(address: MetricsAddress | None, folders: Sequence[Path]) -> RuntimeFile:
    """Leave an address (None: metrics are off) in the first folder that takes it.

    Raises:
        RuntimeFileError: none does.
    """
    reasons: list[str] = []
    for folder in folders:
        try:
            return _leave_in(folder, address)
        except OSError as error:
            reasons.append(f"{folder}: {error.strerror}")
    raise RuntimeFileError(f"the address could not be saved for the health check ({'; '.join(reasons)})")


def find_running(folders: Sequence[Path]) -> RunningProgram | None:
    """What the program that started last, and runs still, has left: one of our user and our network."""
    found = [entry for folder in folders for path in _candidates(folder) if (entry := _read(path)) is not None]
    return max(found, key=lambda entry: entry[0])[1] if found else None


def _leave_in(folder: Path, address: MetricsAddress | None) -> RuntimeFile:
    """Make it under another name, locked and whole, so that it is never seen half written or unlocked."""
    _remove_dead_ones(folder)
    name = f".{os.geteuid()}.{os.urandom(8).hex()}.runtime"
    path, temporary = folder / f"{name}.pygen", folder / f"{name}-tmp.pygen"
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        os.fchmod(handle, 0o600)  # whatever the umask: the health check has to read it
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.write(handle, f"{_network()}\n{OFF if address is None else address}\n".encode())
        temporary.rename(path)
    except BaseException:
        os.close(handle)
        temporary.unlink(missing_ok=True)
        raise
    return RuntimeFile(path, handle)


def _candidates(folder: Path) -> list[Path]:
    try:
        return [path for path in folder.iterdir() if _NAME.fullmatch(path.name)]
    except OSError:  # not there, or not ours to list
        return []


def _read(path: Path) -> tuple[int, RunningProgram] | None:
    """Time of the start (ns since the epoch) and content of a file, None where it tells us nothing."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:  # gone meanwhile, or another user's
        return None
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid() or not _is_locked(handle):
            return None
        network, _, address = os.read(handle, _BYTES_MAX).decode("utf-8", "replace").partition("\n")
        if network != _network():
            return None
        return status.st_mtime_ns, RunningProgram(parse_metrics_address(address))
    except (OSError, ValueError):  # not written by pygen, whatever its name
        return None
    finally:
        os.close(handle)


def _is_locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False


def _remove_dead_ones(folder: Path) -> None:
    """Files of programs of our user that were killed."""
    for path in _candidates(folder):
        with contextlib.suppress(OSError):  # gone meanwhile, or another user's
            handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            try:
                if os.fstat(handle).st_uid == os.geteuid() and not _is_locked(handle):
                    path.unlink()
            finally:
                os.close(handle)


def _network() -> str:
    """Our network namespace's number; '' where there is no /proc."""
    try:
        return str(Path("/proc/self/ns/net").stat().st_ino)
    except OSError:
        return ""
