"""One run: engines, contenders in turn, and all figures."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from statistics import mean, median
from typing import TYPE_CHECKING, Literal

from tests.bench.bench_engine import RealBenchEngine, SimulatedBenchEngine
from tests.bench.changes import KINDS, settle
from tests.bench.jobs.contender import Counts, NaiveJobs, PygenJobs, await_rest, first_files_ms, resident_mib, watch
from tests.bench.jobs.told import Told
from tests.bench.template import line_of
from tests.bench.usage import processor_s, share_of_a_core, usage_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.bench.bench_engine import BenchEngine
    from tests.bench.changes import Kind
    from tests.bench.jobs.contender import JobsContender
    from tests.bench.jobs.plan import JobsPlan

Way = Literal["pygen", "command line", "naive"]

_NS_PER_MS = 1_000_000
_STEPS: tuple[Kind, ...] = ("start", "stop", "start", "crash")
_SETTLED_S = 0.5
"""What a change owes is settled by then: an end is inspected 0.2 s after its event."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change that concerns one job.

    Attributes:
        kind: what happened.
        latency_ms: from the engine's event to the job's file; None where the change never came.
        processor_ms: of the contender, until it was quiet again.
        counts: what it did meanwhile.
    """

    kind: Kind
    latency_ms: float | None
    processor_ms: float
    counts: Counts


@dataclass(slots=True)
class JobsSeries:
    """All of one contender with one number of jobs on one engine.

    Attributes:
        changes: each of them.
        first_files_ms: of each start, from the process's start to the last job's first file.
        resident_mib: of each start, with the first files written.
        idle_share: of one core, with nothing to do.
    """

    changes: list[Change] = field(default_factory=list)
    first_files_ms: list[float] = field(default_factory=list)
    resident_mib: list[float] = field(default_factory=list)
    idle_share: float | None = None

    def latency_ms(self, kind: Kind) -> float:
        """The median; changes that never came count as endless."""
        found = [float("inf") if each.latency_ms is None else each.latency_ms for each in self._of(kind)]
        return median(found) if found else float("nan")

    def processor_ms(self, *kinds: Kind) -> float:
        """The median over all changes of these kinds, or of all."""
        found = [each.processor_ms for each in self.changes if each.kind in (kinds or KINDS)]
        return median(found) if found else float("nan")

    def count(self, what: str, *kinds: Kind) -> float:
        """The mean of a field of `Counts` over all changes of these kinds, or of all."""
        found = [getattr(each.counts, what) for each in self.changes if each.kind in (kinds or KINDS)]
        return mean(found) if found else float("nan")

    def missed(self) -> int:
        """How many never came."""
        return sum(each.latency_ms is None for each in self.changes)

    def tried(self, kind: Kind) -> bool:
        """Whether a kind was measured."""
        return any(True for _ in self._of(kind))

    def _of(self, kind: Kind) -> Iterator[Change]:
        return (each for each in self.changes if each.kind == kind)


@dataclass(slots=True)
class JobsFigures:
    """What was measured, by engine (`real`, `simulated`), number of containers, way and number of jobs."""

    series: dict[tuple[str, int, Way, int], JobsSeries] = field(default_factory=dict)


class JobsBenchmark:
    """One run.

    Args:
        plan: how much.
        folder: for the contenders' files; a new one.
        say: told of each step.
    """

    def __init__(self, plan: JobsPlan, folder: Path, say: Callable[[str], None]) -> None:
        self.figures = JobsFigures()
        self._plan = plan
        self._folder = folder
        self._say = say
        self._number = 0

    def run(self) -> JobsFigures:
        """Measure everything."""
        with closing(Told()) as told:
            if self._plan.real:
                with RealBenchEngine() as real:
                    real.grow(self._plan.real)
                    self._compare(real, self._plan.real, told)
            if self._plan.simulated:
                with SimulatedBenchEngine(self._plan.simulated) as simulated:
                    self._compare(simulated, self._plan.simulated, told)
        return self.figures

    def _compare(self, bench_engine: BenchEngine, containers: int, told: Told) -> None:
        ways: list[tuple[Way, int | None]] = [("command line", None), *(("pygen", jobs) for jobs in self._plan.jobs)]
        for block in range(self._plan.blocks):
            # Every other block backwards: what drifts with the time is nobody's fault.
            for way, jobs in ways if block % 2 == 0 else ways[::-1]:
                self._say(f"{bench_engine.name}, {containers} containers, block {block + 1}: {way}, {jobs or 1} jobs")
                contender = PygenJobs(bench_engine.socket_path, self._new_folder(), jobs, told)
                series = self._series(bench_engine, containers, way, contender.jobs)
                with closing(contender):
                    measure_block(bench_engine, contender, series, self._plan.rounds, 0 if block else self._plan.idle_s)
        for jobs in self._plan.naive:
            self._say(f"{bench_engine.name}, {containers} containers: naive, {jobs} jobs")
            series = self._series(bench_engine, containers, "naive", jobs)
            measure_naive(bench_engine, self._new_folder(), jobs, containers, series)

    def _series(self, bench_engine: BenchEngine, containers: int, way: Way, jobs: int) -> JobsSeries:
        return self.figures.series.setdefault((bench_engine.name, containers, way, jobs), JobsSeries())

    def _new_folder(self) -> Path:
        self._number += 1
        return self._folder / str(self._number)


def measure_block(
    bench_engine: BenchEngine, contender: JobsContender, series: JobsSeries, rounds: int, idle_s: float
) -> None:
    """Measure `rounds` of start, stop, start, crash with a contender that is up, and before that how it idles."""
    settle(contender)
    series.first_files_ms.append(first_files_ms(contender))
    await_rest(contender)
    series.resident_mib.append(resident_mib(contender))
    if idle_s:
        before = usage_of(contender.pid)
        time.sleep(idle_s)
        series.idle_share = share_of_a_core(before, usage_of(contender.pid))
    for number in range(rounds):
        job = jobs_changed(contender.jobs)[number % 3]
        name = f"probe-{job}"
        bench_engine.add(name)
        for kind in _STEPS:
            series.changes.append(_measure(bench_engine, contender, job, kind, bench_engine.patience_s))
        bench_engine.remove(name)


def jobs_changed(jobs: int) -> tuple[int, int, int]:
    """Whose turn it is: the first job, one in the middle, and the last one, wherever one of many stands in a row."""
    return 0, jobs // 2, jobs - 1


def measure_naive(bench_engine: BenchEngine, folder: Path, jobs: int, containers: int, series: JobsSeries) -> None:
    """One start, of what concerns the job in the middle: with 50 jobs it takes minutes."""
    job = jobs_changed(jobs)[1]
    bench_engine.add(f"probe-{job}")
    try:
        with closing(NaiveJobs(bench_engine.socket_path, folder, jobs)) as contender:
            settle(contender)
            series.first_files_ms.append(first_files_ms(contender))
            series.resident_mib.append(resident_mib(contender))
            patience_s = bench_engine.patience_s + jobs * containers * 0.02
            series.changes.append(_measure(bench_engine, contender, job, "start", patience_s))
    finally:
        bench_engine.crash(f"probe-{job}")
        bench_engine.events.take(f"probe-{job}", "die")
        bench_engine.remove(f"probe-{job}")


def _measure(bench_engine: BenchEngine, contender: JobsContender, job: int, kind: Kind, patience_s: float) -> Change:
    name = f"probe-{job}"
    settle(contender)
    counts_before = contender.counts()
    settle(contender)
    used_before_s = processor_s(contender.pid)
    line, wanted = line_of(name), kind == "start"
    with closing(watch(contender, job)) as file, ThreadPoolExecutor(1) as pool:
        # A stop is answered long after the container is dead: the file is watched meanwhile.
        acted = pool.submit(getattr(bench_engine, kind), name)
        written_ns = file.wait(lambda content: (line in content) is wanted, timeout_s=patience_s)
        acted.result()
    happened_ns = bench_engine.events.take(name, "start" if wanted else "die")
    time.sleep(_SETTLED_S)
    settle(contender)
    processor_ms = (processor_s(contender.pid) - used_before_s) * 1000
    latency_ms = None if written_ns is None else (written_ns - happened_ns) / _NS_PER_MS
    return Change(kind, latency_ms, processor_ms, contender.counts().since(counts_before))
