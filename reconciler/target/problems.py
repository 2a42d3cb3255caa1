"""What can be wrong with a target, in words that say what to do."""

from __future__ import annotations

import errno
import os
import stat

_ADVICE = {
    errno.ENOSPC: "the disk is full; free some space on it",
    errno.EDQUOT: "the disk quota is used up; free some space or raise it",
    errno.EROFS: "the file system is read-only; mount it writable",
    errno.ENXIO: "it has no reader; start one",
    errno.EPIPE: "its reader went away; start it again",
    errno.ELOOP: "its symbolic links form a loop; fix them",
}


class UnusableTargetError(Exception):
    """The path does not lead to something that may be written. The message says why and what to do."""


def explain(error: OSError | UnusableTargetError, path: str) -> str:
    """One sentence for people: path, reason, what to do."""
    if isinstance(error, UnusableTargetError):
        return f"{path}: {error}"
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"{_place(error, path)}: {_text(error)}; give uid {os.geteuid()} write permission there"
    return f"{_place(error, path)}: {_ADVICE.get(error.errno or 0) or _text(error)}"


def check_regular(status: os.stat_result) -> None:
    """Accept a regular file.

    Raises:
        UnusableTargetError: it is something else, which must be neither read nor replaced.
    """
    if stat.S_ISREG(status.st_mode):
        return
    if stat.S_ISDIR(status.st_mode):
        raise UnusableTargetError("is a directory; name a file, or remove the directory")
    raise UnusableTargetError(f"is {kind_of(status.st_mode)} now, which is never replaced; remove it or restart")


def kind_of(mode: int) -> str:
    """The kind of file for a `st_mode`, with its article."""
    kinds = {
        stat.S_IFREG: "a regular file",
        stat.S_IFDIR: "a directory",
        stat.S_IFIFO: "a FIFO",
        stat.S_IFCHR: "a character device",
        stat.S_IFBLK: "a block device",
        stat.S_IFSOCK: "a socket",
        stat.S_IFLNK: "a symbolic link",
    }
    return kinds.get(stat.S_IFMT(mode), "an unknown kind of file")


def _place(error: OSError, path: str) -> str:
    """The target's path, and where the error hit another path that one too.

    Of a hidden file its folder is named: a temporary file's name would make the same error another text each time.
    """
    hit = error.filename
    if not isinstance(hit, str) or hit == path:
        return path
    return f"{path} (at {os.path.dirname(hit) if hit.endswith('.pygen') else hit})"  # noqa: PTH120


def _text(error: OSError) -> str:
    return (error.strerror or str(error) or type(error).__name__).lower()
