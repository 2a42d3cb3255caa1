"""How much is measured: the whole, or a quick look."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class JobsPlan:
    """Sizes and repetitions. A round is start, stop, start, crash.

    Attributes:
        real: containers on the real engine; 0 for none.
        simulated: containers on the simulated one; 0 for none.
        jobs: numbers of jobs, growing.
        blocks: how often the contenders take turns.
        rounds: of each block; each changes what concerns another job.
        idle_s: seconds without any change, in each contender's first block.
        naive: numbers of jobs for the naive way, which makes one start with each.
    """

    real: int = 300
    simulated: int = 1000
    jobs: tuple[int, ...] = (1, 10, 50)
    blocks: int = 3
    rounds: int = 6
    idle_s: float = 30.0
    naive: tuple[int, ...] = (1, 10, 50)


QUICK = JobsPlan(real=0, jobs=(1, 50), blocks=1, rounds=3, idle_s=5.0, naive=(1,))
