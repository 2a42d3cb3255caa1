"""Whether a file is a mount of its own, as Docker's `-v FILE:FILE` makes it: nothing can be renamed over it."""

from __future__ import annotations

import os
import re
from pathlib import Path

MOUNT_INFO = Path("/proc/self/mountinfo")
_OCTAL = re.compile(rb"\\([0-7]{3})")


def is_mount_point(path: str) -> bool:
    """Whether something is mounted exactly at a path (absolute, its last component no link)."""
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
