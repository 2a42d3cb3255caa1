"""What a process is given by whoever starts it, made fit for use: the standard descriptors, and the umask."""

from __future__ import annotations

import io
import os
import sys
from typing import Any

_STANDARD = (0, 1, 2)
_STDOUT = 1
_STDERR = 2
_OTHERS = 0o077


def hold_standard_descriptors() -> None:
    """Put /dev/null in the place of each standard descriptor that is closed. To be called before anything is opened.

    Else the next socket or file would get its number, and a target `-` or a message would be written to the engine. It
    is opened for reading only: what cannot be printed is an error, and not lost unnoticed.
    """
    for wanted in _STANDARD:
        if not _is_open(wanted):
            os.open(os.devnull, os.O_RDONLY)  # the lowest free number, and all below `wanted` are taken
    if sys.stdout is None:
        sys.stdout = open(_STDOUT, "w", closefd=False)  # noqa: SIM115 - fails when it is written
    raw = io.BufferedWriter(_BestEffort(_STDERR, "w", closefd=False))
    sys.stderr = io.TextIOWrapper(raw, encoding="utf-8", errors="backslashreplace", line_buffering=True)


def keep_own_rights() -> None:
    """Let a umask take any right from others, and none from ourselves: what we make we have to read again."""
    os.umask(os.umask(_OTHERS) & _OTHERS)


def give_up_standard_output() -> None:
    """Let what is still to be flushed vanish: its failure was told already."""
    handle = os.open(os.devnull, os.O_WRONLY)
    os.dup2(handle, _STDOUT)
    os.close(handle)


class _BestEffort(io.FileIO):
    """Standard error: what it doesn't take (a full disk, a reader that is gone) is lost, and nothing else is.

    There is nobody to tell, and an error would end what the program does, or be its exit status.
    """

    def write(self, data: Any) -> int:
        """Say that all of it is written."""
        try:
            return super().write(data) or len(data)
        except OSError:
            return len(data)


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True
