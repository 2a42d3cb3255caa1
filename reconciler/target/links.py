"""From the configured path to the file that is really meant: symbolic links are followed where they can be trusted."""

from __future__ import annotations

import errno
import os
import re
import stat

from reconciler.target.problems import UnusableTargetError

LINKS_MAX = 40
"""As many as the kernel itself follows."""

_DESCRIPTOR = re.compile(r"/(?:dev|proc/(?:self|thread-self))/fd/(\d{1,9})")
_STANDARD = {"/dev/stdin": 0, "/dev/stdout": 1, "/dev/stderr": 2}


def resolve(path: str) -> str:
    """Follow the links of the last component.

    Args:
        path: absolute.

    Returns:
        The path of the file that is meant, which need not exist.

    Raises:
        UnusableTargetError: a link on the way belongs neither to root nor to this user: it could lead anywhere.
        OSError: a folder on the way cannot be looked into, or the links lead in a circle.
    """
    if path.endswith("/"):
        raise UnusableTargetError("names a directory; name a file")
    for _ in range(LINKS_MAX):
        link = _link_at(path)
        if link is None:
            return path
        path = os.path.join(os.path.dirname(path), link)  # noqa: PTH118, PTH120 - `..` is the kernel's to understand
    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)


def descriptor(path: str) -> int | None:
    """The open file descriptor that a path names, itself or through links, or None: 1 for `-` and `/dev/stdout`."""
    if path in ("", "-"):
        return 1
    for _ in range(LINKS_MAX):
        if path in _STANDARD:
            return _STANDARD[path]
        if match := _DESCRIPTOR.fullmatch(path):
            return int(match[1])
        if not os.path.islink(path):  # noqa: PTH114
            return None
        path = os.path.normpath(os.path.join(os.path.dirname(path), os.readlink(path)))  # noqa: PTH115, PTH118, PTH120
    return None


def _link_at(path: str) -> str | None:
    try:
        status = os.lstat(path)
    except FileNotFoundError:
        return None
    if not stat.S_ISLNK(status.st_mode):
        return None
    if status.st_uid not in (0, os.geteuid()):
        raise UnusableTargetError(
            f"the symbolic link {path} belongs to uid {status.st_uid}, neither to root nor to this user; "
            "it is not followed: give the path of the file itself, or make root the owner of the link"
        )
    return os.readlink(path)  # noqa: PTH115
