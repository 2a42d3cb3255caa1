"""Regular files, and nothing else: looked at and read."""

from __future__ import annotations

import os

from reconciler.target.low_level import read_at_most
from reconciler.target.problems import check_regular


def status_of(path: str) -> os.stat_result | None:
    """The status of the regular file at a path, None where nothing is.

    Raises:
        UnusableTargetError: something else is there.
        OSError: it can't be looked at.
    """
    try:
        status = os.lstat(path)
    except FileNotFoundError:
        return None
    check_regular(status)
    return status


def read_regular(path: str, limit_bytes: int) -> bytes:
    """Read a file: looked at first, for opening a device can do things, and again once it is open.

    Args:
        path: no link is followed.
        limit_bytes: of a longer file only the beginning is read, which is longer than the limit.

    Raises:
        UnusableTargetError: something else is there.
        OSError: it can't be read.
    """
    check_regular(os.lstat(path))
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        check_regular(os.fstat(handle))
        return read_at_most(handle, limit_bytes)
    finally:
        os.close(handle)
