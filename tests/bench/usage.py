"""What a program uses, read from outside: processor time, memory, threads, descriptors.

A program is a process and its children (the render process is one), so that nothing is cheaper for being moved into a
child.
"""

from __future__ import annotations

import contextlib
import os
import time
from dataclasses import dataclass
from pathlib import Path

MIB = 2**20


@dataclass(frozen=True, slots=True)
class Usage:
    """One reading of a process and its children together.

    Attributes:
        at_s: our monotonic clock.
        processor_s: used since the process began, user and system, ended threads and children included.
        resident_mib: resident memory; a page that two of them share counts twice.
        threads: how many.
        descriptors: open ones.
    """

    at_s: float
    processor_s: float
    resident_mib: float
    threads: int
    descriptors: int


def processor_s(pid: int) -> float:
    """Processor time of a process and its children.

    To the nanosecond for the living (what clock_getcpuclockid(3) gives), to the clock tick for children that ended.
    """
    living = sum(time.clock_gettime(~each << 3 | 2) for each in family(pid))
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[13:15]
    return living + (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def usage_of(pid: int) -> Usage:
    """Read what a process and its children use now."""
    processes = family(pid)
    pages = sum(int(Path(f"/proc/{each}/statm").read_text().split()[1]) for each in processes)
    return Usage(
        at_s=time.monotonic(),
        processor_s=processor_s(pid),
        resident_mib=pages * os.sysconf("SC_PAGE_SIZE") / MIB,
        threads=sum(_entries(f"/proc/{each}/task") for each in processes),
        descriptors=sum(_entries(f"/proc/{each}/fd") for each in processes),
    )


def family(pid: int) -> list[int]:
    """The process, its children and theirs."""
    return [pid, *(each for child in _children(pid) for each in family(child))]


def _children(pid: int) -> list[int]:
    """Each is a thread's; where one ends meanwhile, another one has its children: they are read anew."""
    while True:
        tasks = Path(f"/proc/{pid}/task").glob("*/children")
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            return [int(child) for task in tasks for child in task.read_text().split()]


def _entries(folder: str) -> int:
    return sum(1 for _ in Path(folder).iterdir())


def share_of_a_core(before: Usage, after: Usage) -> float:
    """Processor time over time that passed, between two readings."""
    return (after.processor_s - before.processor_s) / (after.at_s - before.at_s)
