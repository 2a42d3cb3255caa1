"""Keep other processes of the same user from reading the program's memory and environment.

The render process is one of them where the program is not root and so can't give it a user of its own.
"""

from __future__ import annotations

import ctypes

_PR_SET_DUMPABLE = 4


def guard_memory() -> None:
    """Have the kernel hand this process's /proc files to root alone, and write no core; source: prctl(2), proc(5)."""
    ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
