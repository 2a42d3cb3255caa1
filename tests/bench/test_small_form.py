"""The benchmark's small form: what is counted, never how long it took."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from tests.bench.bench_engine import SimulatedBenchEngine
from tests.bench.changes import KINDS, Sample, Series, measure_block
from tests.bench.contender import ROOT, Pygen, start
from tests.bench.idle import measure_idle
from tests.bench.measuring import Figures
from tests.bench.plot import Line, Panel, svg
from tests.bench.rendering import Rendering, measure_rendering
from tests.bench.report import asked, document
from tests.bench.startup import Startup, bare_loop_ms, imports_ms, measure_startup
from tests.bench.storm import INTERVAL_S, measure_storm, out_of_bounds
from tests.bench.usage import processor_s, usage_of
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_CONTAINERS = 40
_ROUNDS = 2
_NS_PER_S = 1_000_000_000


@pytest.fixture
def bench_engine() -> Iterator[SimulatedBenchEngine]:
    """A simulated engine with a few containers."""
    with SimulatedBenchEngine(_CONTAINERS) as bench_engine:
        yield bench_engine


def _measured(bench_engine: SimulatedBenchEngine, name: str, folder: Path) -> Series:
    series = Series()
    contender = start(name, bench_engine.socket_path, folder / name, {})
    try:
        measure_block(bench_engine, contender, _ROUNDS, series)
    finally:
        contender.close()
    return series


def test_a_change_costs_few_calls_and_none_is_missed(bench_engine: SimulatedBenchEngine, tmp_path: Path) -> None:
    """Starts, stops and crashes are all in the file, for three API calls each at most, a resync included."""
    series = _measured(bench_engine, "pygen", tmp_path)
    assert [series.in_the_file(kind) for kind in KINDS] == [(2 * _ROUNDS,) * 2, (_ROUNDS,) * 2, (_ROUNDS,) * 2]
    assert series.missed() == 0
    assert series.calls_per_change() <= 3


def test_the_program_counts_its_calls_as_the_engine_does(bench_engine: SimulatedBenchEngine, tmp_path: Path) -> None:
    """What the benchmark reads from the metrics is what reached the engine."""
    bench_engine.reset_calls()
    pygen = Pygen(bench_engine.socket_path, tmp_path / "pygen")
    try:
        pygen.process.wait_ready()
        pygen.resync()
        assert pygen.calls() == sum(bench_engine.calls().values())
        assert pygen.count("pygen_docker_requests_total", frozenset({"inspect"})) == _CONTAINERS
    finally:
        pygen.close()


def test_a_change_costs_the_same_among_few_and_many(tmp_path: Path) -> None:
    """The number of API calls for a change does not depend on how many containers run."""
    calls = []
    for containers in (10, 200):
        with SimulatedBenchEngine(containers) as bench_engine:
            calls.append(_measured(bench_engine, "pygen", tmp_path / str(containers)).calls_per_change())
    few, many = calls
    # A look that is shared by two events, or not, makes the small difference.
    assert abs(few - many) <= 1


def test_the_naive_way_inspects_everything_for_every_event(bench_engine: SimulatedBenchEngine, tmp_path: Path) -> None:
    """What the program is compared with does what is said of it, and the floor does one inspect."""
    naive, floor = (_measured(bench_engine, name, tmp_path) for name in ("naive", "floor"))
    assert naive.calls_per_change() > _CONTAINERS
    assert floor.calls_per_change() == 1
    assert naive.missed() == floor.missed() == 0


def test_a_storm_is_answered_by_few_calls_renders_and_signals(
    bench_engine: SimulatedBenchEngine, tmp_path: Path
) -> None:
    """Restarting everything costs at most four calls a restart, and the consumer is told within the bounds."""
    storm = measure_storm(bench_engine, tmp_path / "storm", restarts=2 * _CONTAINERS)
    assert storm.restarts == 2 * _CONTAINERS
    assert storm.calls_per_restart <= 4
    assert storm.renders <= 4 * storm.restarts
    assert storm.early == 0
    assert storm.signals <= storm.writes


def test_an_idle_program_neither_renders_nor_grows(bench_engine: SimulatedBenchEngine, tmp_path: Path) -> None:
    """With nothing to do it opens nothing and starts no thread."""
    idle = measure_idle(bench_engine, tmp_path / "idle", duration_s=2)
    assert idle.after.threads <= idle.before.threads
    assert idle.after.descriptors <= idle.before.descriptors


def test_an_idle_program_asks_the_engine_nothing(bench_engine: SimulatedBenchEngine, tmp_path: Path) -> None:
    """Between two resyncs there are no requests and no renders."""
    pygen = Pygen(bench_engine.socket_path, tmp_path / "pygen", "--resync", "3600")
    try:
        pygen.process.wait_ready()
        before = pygen.calls(), pygen.renders()
        time.sleep(2.5)
        assert (pygen.calls(), pygen.renders()) == before
    finally:
        pygen.close()


def _series(latency_ms: float | None, processor_ms: float, calls: int) -> Series:
    return Series([Sample(kind, latency_ms, processor_ms) for kind in KINDS], calls)


def _figures(ours_ms: float | None) -> Figures:
    figures = Figures(rendering=Rendering(1000, values_ms=9, dictionaries_ms=10, plain_ms=11), imports_ms=150)
    for bench_engine, containers in (("real", 300), ("simulated", 10_000)):
        figures.series[bench_engine, containers, "pygen"] = _series(ours_ms, 3, 6)
        figures.series[bench_engine, containers, "floor"] = _series(4, 2, 3)
        figures.series[bench_engine, containers, "naive"] = _series(400, 300, 1200)
        figures.startups[bench_engine, containers, "pygen"] = Startup(containers, 900, 500, 50)
    return figures


def test_the_page_shows_what_was_measured_beside_what_is_asked() -> None:
    """Each figure that has a bound is a row with it, and all are met where they are."""
    figures = _figures(ours_ms=6)
    rows = asked(figures)
    assert {row.found for row in rows if row.what.startswith("API calls")} == {"2.00"}
    assert "1.50 x" in {row.found for row in rows if row.what.startswith("start-to-file, 300 real")}
    assert all(row.met for row in rows)
    page = document(figures, "make bench", date="2026-01-01")
    assert all(f"| {row.what} | {row.bound} | {row.found} | yes |" in page for row in rows)


def test_a_change_that_never_came_is_no_good_figure() -> None:
    """Endless latencies and missing changes are told as not met, never left out of the mean."""
    rows = {row.what: row for row in asked(_figures(ours_ms=None))}
    assert not rows["crashes in the file, 300 real containers"].met
    assert rows["crashes in the file, 300 real containers"].found == "0 of 1"
    late = next(row for what, row in rows.items() if what.startswith("start-to-file, 300 real containers, over"))
    assert (late.found, late.met) == ("never x", False)


@pytest.mark.parametrize(
    ("written_s", "signalled_s", "expected"),
    [
        ([1.0], [1.6], (0, 0)),
        ([1.0], [1.2], (1, 0)),
        ([1.0], [9.0], (0, 1)),
        ([1.0], [], (0, 1)),
        ([1.0, 1.4, 1.8, 5.0], [2.4, 5.6], (0, 0)),
    ],
)
def test_a_notification_outside_its_bounds_is_noticed(
    written_s: list[float], signalled_s: list[float], expected: tuple[int, int]
) -> None:
    """Sooner than MIN is early; later than MAX, or never, is late."""
    assert INTERVAL_S == (0.5, 2.0)
    written_ns, signalled_ns = ([int(at_s * _NS_PER_S) for at_s in times] for times in (written_s, signalled_s))
    assert out_of_bounds(written_ns, signalled_ns) == expected


def test_all_ways_render_the_same_containers(tmp_path: Path) -> None:
    """Each way of rendering the benchmark's template is measured."""
    rendering = measure_rendering(20, 2)
    assert min(rendering.values_ms, rendering.dictionaries_ms, rendering.plain_ms) > 0


def test_a_start_is_measured_to_its_first_file(bench_engine: SimulatedBenchEngine, tmp_path: Path) -> None:
    """The program's start, its imports, and the bare loop that it is compared with are real ones."""
    startup = measure_startup(bench_engine, tmp_path / "startup", _CONTAINERS, 1, against={})["pygen"]
    assert startup.first_file_ms > 0
    assert startup.resident_mib > 5
    assert imports_ms(bench_engine, tmp_path / "imports", 1) > 0
    bench_engine.reset_calls()
    assert bare_loop_ms(bench_engine.socket_path) > 0
    assert bench_engine.calls() == {"list": 1, "inspect": _CONTAINERS}


def test_another_checkout_is_measured_in_turn(bench_engine: SimulatedBenchEngine, tmp_path: Path) -> None:
    """What is started as the version before runs that checkout's code, and its figures stand beside ours."""
    marked = tmp_path / "checkout"
    for room in ("models", "templating", "notify", "metrics", "reconciler"):
        shutil.copytree(ROOT / room, marked / room)
    version = marked / "reconciler" / "version.py"
    version.write_text(re.sub(r'VERSION = "[^"]*"', 'VERSION = "0.0.1"', version.read_text()))
    startups = measure_startup(bench_engine, tmp_path / "startups", _CONTAINERS, 1, against={"before": marked})
    assert list(startups) == ["pygen", "before"]
    contender = start("before", bench_engine.socket_path, tmp_path / "before", {"before": marked})
    try:
        assert isinstance(contender, Pygen)
        assert any('version="0.0.1"' in key for key in contender.process.metrics())
    finally:
        contender.close()


@pytest.mark.parametrize(
    ("version", "named", "bounds"),
    [
        ("before", "over the version before", {"at most 1.1 x": 4}),
        ("release", "over the last release", {"at most 1.1 x": 1, "at most 1.2 x": 2}),
    ],
)
def test_the_page_compares_with_earlier_versions(version: str, named: str, bounds: dict[str, int]) -> None:
    """Each figure that is asked for is a ratio with its bound; a version that is slower is told as not met."""
    figures = _figures(ours_ms=6)
    for (bench_engine, containers, name), startup in list(figures.startups.items()):
        assert name == "pygen"
        figures.series[bench_engine, containers, version] = _series(4, 3, 6)
        figures.startups[bench_engine, containers, version] = startup
    rows = [row for row in asked(figures) if named in row.what]
    assert Counter(row.bound for row in rows) == {bound: 2 * count for bound, count in bounds.items()}
    missed = {(row.what.partition(",")[0], row.found) for row in rows if not row.met}
    assert missed == {("start-to-file", "1.50 x")}
    assert {row.found for row in rows if row.met} == {"1.00 x"}


def test_ends_are_compared_with_starts() -> None:
    """A crash that takes three times as long as a start is told as not met."""
    figures = _figures(ours_ms=6)
    figures.series["real", 300, "pygen"].samples[-1] = Sample("crash", 18, 3)
    rows = {row.what.partition(",")[0]: row for row in asked(figures) if "over start-to-file" in row.what}
    assert {what: (row.found, row.met) for what, row in rows.items()} == {
        "stop-to-file": ("1.00 x", True),
        "crash-to-file": ("3.00 x", False),
    }


_BURNS = """
import sys, time
while time.process_time() < 0.3:
    pass
sys.stdin.read()
"""
_HAS_IT_DONE = """
import subprocess, sys, time
subprocess.run([sys.executable, "-c", sys.argv[1]])
print("over", flush=True)
time.sleep(600)
"""


def test_children_count_as_the_program() -> None:
    """A program that has its work done by a child is charged for it, while the child lives and afterwards."""
    command = [sys.executable, "-c", _HAS_IT_DONE, _BURNS]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            wait_for(lambda: processor_s(process.pid) >= 0.3, what="the child's processor time")
            assert usage_of(process.pid).threads == 2
            process.stdin.close()
            assert process.stdout.readline() == "over\n"
            assert usage_of(process.pid).threads == 1
            assert processor_s(process.pid) >= 0.3
        finally:
            process.kill()


def test_a_plot_places_points_on_its_axes() -> None:
    """On logarithmic axes, ten times as much is one step further."""
    drawing = svg([Panel("ms", "n", [Line("ours", ((10, 1), (100, 10), (1000, 100)))])])
    points = drawing.partition('polyline points="')[2].partition('"')[0].split()
    xs = [float(point.partition(",")[0]) for point in points]
    assert round(xs[1] - xs[0], 1) == round(xs[2] - xs[1], 1) > 0
    assert drawing.count("<circle") == 3
