"""The whole benchmark: engines, contenders in turn, and all figures of one run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.bench.bench_engine import RealBenchEngine, SimulatedBenchEngine
from tests.bench.changes import Series, measure_block
from tests.bench.contender import start
from tests.bench.idle import Idle, measure_idle
from tests.bench.rendering import Rendering, measure_rendering
from tests.bench.startup import Startup, imports_ms, measure_startup
from tests.bench.storm import Storm, measure_storm

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tests.bench.bench_engine import BenchEngine
    from tests.bench.plan import Plan

CONTENDERS = ("pygen", "before", "release", "floor", "naive")
_VERSIONS = ("before", "release")


@dataclass(slots=True)
class Figures:
    """What was measured.

    Attributes:
        series: by engine (`real`, `simulated`), number of containers and contender.
        startups: by engine, number of containers and version (`pygen`, `before`, `release`).
        imports_ms: of a run to its first file.
        storm: on the real engine.
        idle: on the real engine.
        rendering: of the benchmark's template.
    """

    series: dict[tuple[str, int, str], Series] = field(default_factory=dict)
    startups: dict[tuple[str, int, str], Startup] = field(default_factory=dict)
    imports_ms: float | None = None
    storm: Storm | None = None
    idle: Idle | None = None
    rendering: Rendering | None = None


class Benchmark:
    """One run.

    Args:
        plan: how much.
        folder: for the contenders' files; a new one.
        say: told of each step.
        against: other checkouts of this program, measured in turn with this one: `before`, `release`.
    """

    def __init__(self, plan: Plan, folder: Path, say: Callable[[str], None], *, against: Mapping[str, Path]) -> None:
        self.figures = Figures()
        self._plan = plan
        self._against = against
        self._contenders = [name for name in CONTENDERS if name in against or name not in _VERSIONS]
        self._folder = folder
        self._say = say
        self._number = 0

    def run(self) -> Figures:
        """Measure everything."""
        self._say("rendering")
        self.figures.rendering = measure_rendering(1000, self._plan.tries * 5)
        if self._plan.real:
            with RealBenchEngine() as bench_engine:
                self._on_real_engine(bench_engine)
        for containers in self._plan.simulated:
            with SimulatedBenchEngine(containers) as simulated:
                self._compare(simulated, containers)
        return self.figures

    def _on_real_engine(self, bench_engine: RealBenchEngine) -> None:
        for containers in self._plan.real:
            self._compare(bench_engine, containers)
            if self.figures.imports_ms is None:
                self.figures.imports_ms = imports_ms(bench_engine, self._new_folder(), self._plan.tries)
        self._say(f"storm of {self._plan.storm}")
        self.figures.storm = measure_storm(bench_engine, self._new_folder(), self._plan.storm)
        self._say(f"idle for {self._plan.idle_s:g} s")
        self.figures.idle = measure_idle(bench_engine, self._new_folder(), self._plan.idle_s)

    def _compare(self, bench_engine: BenchEngine, containers: int) -> None:
        self._say(f"{bench_engine.name}, {containers} containers: first files")
        startups = measure_startup(
            bench_engine, self._new_folder(), containers, self._plan.tries, against=self._against
        )
        for name, startup in startups.items():
            self.figures.startups[bench_engine.name, containers, name] = startup
        for block in range(self._plan.blocks):
            for name in self._contenders:
                if not self._plan.takes_part(name, block):
                    continue
                self._say(f"{bench_engine.name}, {containers} containers, block {block + 1}: {name}")
                self._block(bench_engine, containers, name)

    def _block(self, bench_engine: BenchEngine, containers: int, name: str) -> None:
        series = self.figures.series.setdefault((bench_engine.name, containers, name), Series())
        contender = start(name, bench_engine.socket_path, self._new_folder(), self._against)
        try:
            measure_block(bench_engine, contender, self._plan.rounds_of(name, bench_engine.name, containers), series)
        finally:
            contender.close()

    def _new_folder(self) -> Path:
        self._number += 1
        return self._folder / str(self._number)
