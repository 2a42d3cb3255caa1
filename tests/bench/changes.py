"""Starts, stops and crashes, one after the other: how long until the file is right, and what that took."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING, Literal, Protocol

from tests.bench.template import line_of
from tests.bench.usage import processor_s

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.bench.bench_engine import BenchEngine
    from tests.bench.contender import Contender

Kind = Literal["start", "stop", "crash"]
KINDS: tuple[Kind, ...] = ("start", "stop", "crash")

_QUIET_S = 0.25
_QUIET_STEP_S = 0.05
_QUIET_PROCESSOR_S = 0.001
_NS_PER_MS = 1_000_000


@dataclass(frozen=True, slots=True)
class Sample:
    """One change.

    Attributes:
        kind: what happened.
        latency_ms: from the engine's event to the written file; None where the change never came.
        processor_ms: of the contender, until it was quiet again.
    """

    kind: Kind
    latency_ms: float | None
    processor_ms: float


@dataclass(slots=True)
class Series:
    """All changes of one contender on one engine.

    Attributes:
        samples: each change.
        calls: API calls of all of them, a resync for each block included.
    """

    samples: list[Sample] = field(default_factory=list)
    calls: int = 0

    def latency_ms(self, *kinds: Kind) -> float:
        """The median; changes that never came count as endless."""
        return median(self._latencies(kinds or KINDS))

    def processor_ms(self) -> float:
        """The median over all changes."""
        return median(sample.processor_ms for sample in self.samples)

    def calls_per_change(self) -> float:
        """The mean over all changes."""
        return self.calls / len(self.samples)

    def in_the_file(self, kind: Kind) -> tuple[int, int]:
        """How many of how many."""
        found = [sample.latency_ms is not None for sample in self.samples if sample.kind == kind]
        return sum(found), len(found)

    def missed(self) -> int:
        """How many never came."""
        return sum(sample.latency_ms is None for sample in self.samples)

    def _latencies(self, kinds: tuple[Kind, ...]) -> list[float]:
        return [
            float("inf") if sample.latency_ms is None else sample.latency_ms
            for sample in self.samples
            if sample.kind in kinds
        ]


def measure_block(bench_engine: BenchEngine, contender: Contender, rounds: int, series: Series) -> None:
    """Measure `rounds` of start, stop, start, crash, and a resync, with a contender that is up."""
    settle(contender)
    calls_before = contender.calls()
    for number in range(rounds):
        name = f"probe-{number}"
        bench_engine.add(name)
        steps: tuple[tuple[Kind, Callable[[str], None]], ...] = (
            ("start", bench_engine.start),
            ("stop", bench_engine.stop),
            ("start", bench_engine.start),
            ("crash", bench_engine.crash),
        )
        series.samples += [_measure(bench_engine, contender, name, kind, act) for kind, act in steps]
        bench_engine.remove(name)
    contender.resync()
    settle(contender)
    series.calls += contender.calls() - calls_before


def _measure(
    bench_engine: BenchEngine, contender: Contender, name: str, kind: Kind, act: Callable[[str], None]
) -> Sample:
    settle(contender)
    contender.watch.drain()
    used_before_s = processor_s(contender.pid)
    line, wanted = line_of(name), kind == "start"
    # A stop is answered long after the container is dead: the file is watched meanwhile.
    with ThreadPoolExecutor(1) as pool:
        acted = pool.submit(act, name)
        written_ns = contender.watch.wait(
            lambda content: (line in content) is wanted, timeout_s=bench_engine.patience_s
        )
        acted.result()
    happened_ns = bench_engine.events.take(name, "start" if wanted else "die")
    settle(contender)
    latency_ms = None if written_ns is None else (written_ns - happened_ns) / _NS_PER_MS
    return Sample(kind, latency_ms, (processor_s(contender.pid) - used_before_s) * 1000)


class Running(Protocol):
    """A process that is measured."""

    @property
    def pid(self) -> int:
        """The process id."""


def settle(contender: Running) -> None:
    """Wait until a contender has nothing to do for a while."""
    quiet_since_s, used_s = time.monotonic(), processor_s(contender.pid)
    while time.monotonic() - quiet_since_s < _QUIET_S:
        time.sleep(_QUIET_STEP_S)
        now_s = processor_s(contender.pid)
        if now_s - used_s > _QUIET_PROCESSOR_S:
            quiet_since_s = time.monotonic()
        used_s = now_s
