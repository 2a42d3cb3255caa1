"""The three standard descriptors, where the program was started without one of them (`>&-`, some supervisors)."""

from __future__ import annotations

import os
import sys

_STANDARD = (0, 1, 2)
_STDOUT = 1


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
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115 - for the log there is nobody to tell that it is lost


def give_up_standard_output() -> None:
    """Let what is still to be flushed vanish: its failure was told already."""
    handle = os.open(os.devnull, os.O_WRONLY)
    os.dup2(handle, _STDOUT)
    os.close(handle)


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True
