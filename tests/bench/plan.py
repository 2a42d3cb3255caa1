"""How much is measured: the whole, or a quick look."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Plan:
    """Sizes and repetitions. A round is start, stop, start, crash.

    Attributes:
        real: numbers of containers on the real engine, growing.
        simulated: numbers of containers on the simulated one.
        blocks: how often the contenders take turns.
        rounds: of each block.
        naive_blocks: how often the naive way takes its turn: it needs half a minute for a change of 10,000, and what
            it is compared with is far away.
        naive_rounds: of each block of the naive way.
        most_rounds: of each block of the program at the largest real size: all of the starts, stops and crashes
            that must be in the file.
        idle_s: seconds without any change.
        storm: containers restarted.
        tries: of a start of the program, and of a render.
    """

    real: tuple[int, ...] = (10, 100, 300)
    simulated: tuple[int, ...] = (1000, 10_000)
    blocks: int = 3
    rounds: int = 4
    naive_blocks: int = 1
    naive_rounds: int = 1
    most_rounds: int = 20
    idle_s: float = 300.0
    storm: int = 300
    tries: int = 5

    def rounds_of(self, contender: str, bench_engine: str, containers: int) -> int:
        """Rounds of one block."""
        if contender == "naive":
            return self.naive_rounds
        largest = bench_engine == "real" and containers == max(self.real)
        return self.most_rounds if largest and contender == "pygen" else self.rounds

    def takes_part(self, contender: str, block: int) -> bool:
        """Whether it is measured in a block; blocks count from 0."""
        return contender != "naive" or block < self.naive_blocks


QUICK = Plan(blocks=1, rounds=2, most_rounds=2, idle_s=20.0, tries=2)
