"""The way to write where a rename cannot work: over the old content, in the same inode.

A reader may see it half written, which nothing can help; what can be helped is a full disk, which must leave the old
content whole: the space is reserved before the first byte is touched.
"""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from reconciler.target.low_level import read_at_most, write_all
from reconciler.target.ownership import ANY_OWNERSHIP
from reconciler.target.problems import check_regular

if TYPE_CHECKING:
    from reconciler.target.ownership import Ownership

_NOT_SUPPORTED = (errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS)


def overwrite(path: str, content: bytes, *, limit_bytes: int, ownership: Ownership = ANY_OWNERSHIP) -> None:
    """Write new content over a regular file's own.

    Args:
        path: the file.
        content: the new bytes; where they are the old ones, nothing is written.
        limit_bytes: how much old content is kept to be put back; more was written by somebody else, and is not.
        ownership: is set first, so that nobody reads what is not meant for him.

    Raises:
        OSError: the old content is there still, or was put back (unless the disk fails altogether).
        UnusableTargetError: no regular file any more, or it can't have that owner, group or mode.
    """
    handle = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        status = os.fstat(handle)
        check_regular(status)
        ownership.apply(handle)
        old = read_at_most(handle, limit_bytes)
        if old == content:
            return
        try:
            _reserve(handle, status.st_size, len(content))
            _put(handle, content)
            os.fsync(handle)
        except OSError as error:
            if len(old) > limit_bytes:
                error.add_note(f"its old content of more than {limit_bytes} bytes was not kept")
            else:
                _put_back(handle, old, error)
            raise
    finally:
        os.close(handle)


def _reserve(handle: int, old_size: int, new_size: int) -> None:
    """Make sure that `new_size` bytes have their place on the disk."""
    if new_size == 0:
        return
    try:
        os.posix_fallocate(handle, 0, new_size)
    except OSError as error:
        if error.errno not in _NOT_SUPPORTED:
            raise
        if new_size > old_size:  # no such call on this file system: really writing is the only way to know
            os.lseek(handle, old_size, os.SEEK_SET)
            write_all(handle, bytes(new_size - old_size))
            os.fsync(handle)


def _put(handle: int, content: bytes) -> None:
    os.lseek(handle, 0, os.SEEK_SET)
    write_all(handle, content)
    os.ftruncate(handle, len(content))


def _put_back(handle: int, old: bytes, error: OSError) -> None:
    """After a failure: the old bytes in the space that they had."""
    try:
        _put(handle, old)
        os.fsync(handle)
    except OSError as second:
        error.add_note(f"its old content could not be put back either: {second.strerror}")
