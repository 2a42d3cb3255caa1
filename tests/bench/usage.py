"""What a process uses, read from outside: processor time, memory, threads, descriptors."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

MIB = 2**20


@dataclass(frozen=True, slots=True)
class Usage:
    """One reading.

    Attributes:
        at_s: our monotonic clock.
        processor_s: used since the process began, user and system, ended threads included.
        resident_mib: resident memory.
        threads: how many.
        descriptors: open ones.
    """

    at_s: float
    processor_s: float
    resident_mib: float
    threads: int
    descriptors: int


def processor_s(pid: int) -> float:
    """Processor time of a process, to the nanosecond: what clock_getcpuclockid(3) gives."""
    return time.clock_gettime(~pid << 3 | 2)


def usage_of(pid: int) -> Usage:
    """Read what a process uses now."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return Usage(
        at_s=time.monotonic(),
        processor_s=processor_s(pid),
        resident_mib=pages * os.sysconf("SC_PAGE_SIZE") / MIB,
        threads=_entries(f"/proc/{pid}/task"),
        descriptors=_entries(f"/proc/{pid}/fd"),
    )


def _entries(folder: str) -> int:
    return sum(1 for _ in Path(folder).iterdir())


def share_of_a_core(before: Usage, after: Usage) -> float:
    """Processor time over time that passed, between two readings."""
    return (after.processor_s - before.processor_s) / (after.at_s - before.at_s)
