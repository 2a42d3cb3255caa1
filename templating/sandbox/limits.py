"""How long one render may take and how much memory it may add, told from within where that is possible.

The program kills a process that takes too long (see `templating.renderer`). What is done here only gives that failure
a line: an alarm that is raised between two steps of Python ends most templates where they stand. Whatever it ends, the
process is given up afterwards: the alarm may have struck inside an import or a cache.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_PAGE = os.sysconf("SC_PAGE_SIZE")


class TimeLimitReached(BaseException):
    """Raised inside what ran out of time. Not an `Exception`, so that no handler on its way takes it for one."""


class Alarm:
    """The time limit of one stretch of work; talking to the program is never interrupted."""

    def __init__(self) -> None:
        self._is_talking = False
        self._has_struck = False
        self._is_set = False
        signal.signal(signal.SIGALRM, self._strike)

    @contextlib.contextmanager
    def within(self, limit_s: float) -> Iterator[None]:
        """Do something for at most so many seconds.

        Raises:
            TimeLimitReached: the time was up.
        """
        self._has_struck = False
        self._is_set = True
        signal.setitimer(signal.ITIMER_REAL, limit_s)
        try:
            yield
        finally:
            self._is_set = False
            signal.setitimer(signal.ITIMER_REAL, 0)

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Do something that is not to be interrupted; the alarm is raised right after it."""
        self._is_talking = True
        try:
            yield
        finally:
            self._is_talking = False
        if self._has_struck:
            raise TimeLimitReached

    def _strike(self, *_signal: Any) -> None:
        self._has_struck = self._is_set
        if self._is_set and not self._is_talking:
            raise TimeLimitReached


@contextlib.contextmanager
def memory_of(more_bytes: int) -> Iterator[None]:
    """Let something add at most so much to what the process has mapped now; MemoryError beyond.

    Where the kernel takes no limit from this process, which was told when it was confined, there is none.
    """
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    limit = min(mapped_bytes() + more_bytes, sys.maxsize)
    _limit_memory(limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard)
    try:
        yield
    finally:
        _limit_memory(hard, hard)


def _limit_memory(soft: int, hard: int) -> None:
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def mapped_bytes() -> int:
    """The size of this process's address space; source: proc(5), the first number of `statm`, in pages."""
    # Not through a file object, which takes five times as long, for every render.
    descriptor = os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC)
    try:
        return int(os.read(descriptor, 100).split()[0]) * _PAGE
    finally:
        os.close(descriptor)
