"""Small steps on file descriptors, folders and mounts that several ways of writing share."""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

MOUNT_INFO = Path("/proc/self/mountinfo")

_OCTAL = re.compile(rb"\\([0-7]{3})")
_PIECE_BYTES = 1024 * 1024
_NO_FOLDER_SYNC = (errno.EINVAL, errno.ENOTSUP, errno.EBADF)
"""What file systems say that have no such thing as syncing a folder."""


def read_at_most(descriptor: int, limit_bytes: int) -> bytes:
    """Read from a descriptor's own position to the end, but no more than one byte beyond a limit.

    Returns:
        All of it; where it is longer than the limit its beginning, which is longer than the limit, too.

    Raises:
        OSError: as `os.read`.
    """
    pieces, left = [], limit_bytes + 1
    while left > 0 and (piece := os.read(descriptor, min(left, _PIECE_BYTES))):
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)


def write_all(descriptor: int, content: bytes) -> None:
    """Write all of it, at the descriptor's own position.

    Raises:
        OSError: as `os.write`; some of it may have been written.
    """
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]


def sync_folder(folder: str, warn: Callable[[str], None]) -> None:
    """Put a rename on the disk. It has happened already, so that a failure is a warning and no failed write."""
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        if error.errno not in _NO_FOLDER_SYNC:
            warn(
                f"{folder}: the folder could not be synced to the disk ({error.strerror}); a power cut may undo a write"
            )


def make_parents(path: str) -> None:
    """Make the folders above a path, where they are missing."""
    os.makedirs(os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120


def remove_quietly(path: str) -> None:
    """Remove a temporary file; one that is gone, or cannot go, must not hide the error that led here."""
    try:
        os.unlink(path)  # noqa: PTH108
    except OSError:  # what cannot be removed now is removed as a leftover by the next start
        return


def is_mount_point(path: str) -> bool:
    """Whether something is mounted exactly at a path, as Docker's `-v FILE:FILE` does: nothing can be renamed over it.

    Args:
        path: absolute, its last component no link.
    """
    try:
        table = MOUNT_INFO.read_bytes()
    except OSError:  # no /proc: renaming tells by EBUSY or EXDEV
        return False
    return os.fsencode(os.path.realpath(path)) in mount_points(table)


def mount_points(table: bytes) -> set[bytes]:
    """The mount points of a `/proc/PID/mountinfo` (proc(5)): the fifth field, blanks and such written in octal."""
    fields = (line.split(b" ", 5) for line in table.splitlines())
    return {_OCTAL.sub(_character, field[4]) for field in fields if len(field) > 5}  # noqa: PLR2004 - proc(5)


def _character(match: re.Match[bytes]) -> bytes:
    return bytes([int(match[1], 8)])
