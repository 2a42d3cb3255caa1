"""The usual way to write: a temporary file in the same folder, synced, renamed over the target, the folder synced.

A reader sees the old content or the new, whole; a crash at any point leaves one of them, and perhaps a temporary file
that the next start removes. The packages that do this (python-atomicwrites, archived, and its like) keep no owner and
no attributes, and don't say which step failed.
"""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING

from reconciler.target.low_level import remove_quietly, sync_folder, write_all
from reconciler.target.names import temporary_path

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.target.ownership import Ownership

NEW_FILE_MODE = 0o644
ACCESS_LIST = "system.posix_acl_access"


def replace(
    path: str, content: bytes, existing: os.stat_result | None, ownership: Ownership, warn: Callable[[str], None]
) -> None:
    """Put new content in the place of a regular file, or make it.

    Args:
        path: absolute, links followed.
        content: all of it.
        existing: the status of what is there, whose mode and owner are kept; None where nothing is.
        ownership: what it gets instead, where that is configured.
        warn: called with what of them could not be kept.

    Raises:
        OSError: the target is untouched.
        UnusableTargetError: it can't have that owner, group or mode; it is untouched.
    """
    temporary = temporary_path(path)
    try:
        _fill((path, existing), temporary, content, ownership, warn)
        os.rename(temporary, path)  # noqa: PTH104
    except BaseException:
        remove_quietly(temporary)
        raise
    sync_folder(os.path.dirname(path), warn)  # noqa: PTH120


def _fill(
    target: tuple[str, os.stat_result | None],
    temporary: str,
    content: bytes,
    ownership: Ownership,
    warn: Callable[[str], None],
) -> None:
    """Write the temporary file; no other user can read it until it has the mode and owner of the target."""
    path, existing = target
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        write_all(handle, content)
        ownership.set_group(handle)
        if existing is not None:
            _keep_metadata(handle, path, existing, ownership, warn)
        elif ownership.mode is None:
            os.fchmod(handle, NEW_FILE_MODE)  # whatever the umask
        if ownership.mode is not None:
            _drop_access_list(handle)  # it could let others read than the mode says
        ownership.set_mode_and_owner(handle)
        os.fsync(handle)
    finally:
        os.close(handle)


def _keep_metadata(
    handle: int, path: str, existing: os.stat_result, ownership: Ownership, warn: Callable[[str], None]
) -> None:
    """Owner first, for a change of owner clears set-id bits; access lists last, for a mode changes their mask.

    What is configured is none of it.
    """
    mode = stat.S_IMODE(existing.st_mode)
    now = os.fstat(handle)
    uid = existing.st_uid if ownership.uid is None else now.st_uid
    gid = existing.st_gid if ownership.gid is None else now.st_gid
    if not _keep_owner(handle, now, uid, gid):
        mode &= ~(stat.S_ISUID | stat.S_ISGID)
        now = os.fstat(handle)
        warn(f"{path}: its owner {uid}:{gid} could not be kept; it is {now.st_uid}:{now.st_gid} from now on")
    if ownership.is_set:
        mode &= ~(stat.S_ISUID | stat.S_ISGID)
    if ownership.mode is None:
        try:
            os.fchmod(handle, mode)
        except OSError as error:  # FAT and some network file systems have no modes
            warn(f"{path}: its mode {mode:04o} could not be kept ({error.strerror})")
    _keep_attributes(handle, path, keep_access_list=ownership.mode is None)


def _keep_owner(handle: int, now: os.stat_result, wanted_uid: int, gid: int) -> bool:
    """Give the file its owner and group; the group alone where only that is possible."""
    if (now.st_uid, now.st_gid) == (wanted_uid, gid):
        return True
    for uid, whole in ((wanted_uid, True), (-1, wanted_uid == now.st_uid)):
        try:
            os.fchown(handle, uid, gid)
        except OSError:  # not ours to give away, or an owner that this user namespace does not know
            continue
        return whole
    return False


def _drop_access_list(handle: int) -> None:
    """Remove the list that a folder's default gave the file."""
    try:
        if ACCESS_LIST in os.listxattr(handle):
            os.removexattr(handle, ACCESS_LIST)
    except OSError:  # no attributes on this file system
        return


def _keep_attributes(handle: int, path: str, *, keep_access_list: bool) -> None:
    """Copy extended attributes (SELinux labels, access lists, users' own) where possible; no more is promised."""
    try:
        names = os.listxattr(path, follow_symlinks=False)
        if ACCESS_LIST not in names and ACCESS_LIST in os.listxattr(handle):
            os.removexattr(handle, ACCESS_LIST)  # the folder's default list, which the target did not have
    except OSError:  # no attributes on this file system, or the file went away meanwhile
        return
    for name in names:
        if name == ACCESS_LIST and not keep_access_list:
            continue
        try:
            os.setxattr(handle, name, os.getxattr(path, name, follow_symlinks=False))
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise
