"""The small form of the benchmark of many jobs: what is counted, never how long it took."""

from __future__ import annotations

import urllib.request
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.bench.bench_engine import SimulatedBenchEngine
from tests.bench.changes import KINDS
from tests.bench.jobs.__main__ import main
from tests.bench.jobs.contender import Counts, PygenJobs
from tests.bench.jobs.measuring import Change, JobsFigures, JobsSeries, measure_block, measure_naive
from tests.bench.jobs.report import asked, document
from tests.bench.jobs.told import Told

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.bench.changes import Kind

_CONTAINERS = 60
_JOBS = 5
_ONE = Counts(inspects=1, renders=1, writes=1, told=1)


@pytest.fixture
def told() -> Iterator[Told]:
    """Who is told."""
    with closing(Told()) as told:
        yield told


@pytest.fixture
def bench_engine() -> Iterator[SimulatedBenchEngine]:
    """A simulated engine with a few containers."""
    with SimulatedBenchEngine(_CONTAINERS) as bench_engine:
        yield bench_engine


@pytest.mark.parametrize("jobs", [None, 1, _JOBS])
def test_a_change_that_concerns_one_job_is_one_of_each(
    bench_engine: SimulatedBenchEngine, tmp_path: Path, told: Told, jobs: int | None
) -> None:
    """One inspect, one render, one write and one notification, whatever the number of jobs."""
    series = JobsSeries()
    with closing(PygenJobs(bench_engine.socket_path, tmp_path / "pygen", jobs, told)) as contender:
        measure_block(bench_engine, contender, series, rounds=3, idle_s=0)
    assert [change.kind for change in series.changes] == ["start", "stop", "start", "crash"] * 3
    assert series.missed() == 0
    assert {change.counts for change in series.changes} == {_ONE}


def test_docker_gens_way_reads_everything_for_each_config(bench_engine: SimulatedBenchEngine, tmp_path: Path) -> None:
    """What the program is compared with does what is said of it: one file changes, and all is read for each."""
    series = JobsSeries()
    measure_naive(bench_engine, tmp_path / "naive", _JOBS, _CONTAINERS, series)
    (change,) = series.changes
    assert change.latency_ms is not None
    running = _CONTAINERS + 1
    assert change.counts == Counts(inspects=_JOBS * (running + 1), renders=_JOBS, writes=1, told=0)


def test_whoever_is_told_counts(told: Told) -> None:
    """Each request is one notification."""
    for _ in range(3):
        with urllib.request.urlopen(urllib.request.Request(told.address, method="POST")) as answer:
            assert answer.status == 204
    assert told.count == 3


def _series(latency_ms: float | None, processor_ms: float, resident_mib: float, counts: Counts = _ONE) -> JobsSeries:
    changes = [Change(kind, latency_ms, processor_ms, counts) for kind in KINDS]
    return JobsSeries(changes, first_files_ms=[400], resident_mib=[resident_mib], idle_share=0.001)


def _figures() -> JobsFigures:
    return JobsFigures({
        ("real", 300, "command line", 1): _series(10, 8, 50),
        ("real", 300, "pygen", 1): _series(10, 8, 50),
        ("real", 300, "pygen", 50): _series(11, 9, 54.9),
        ("real", 300, "naive", 1): _series(900, 600, 40, replace(_ONE, inspects=301, told=0)),
    })  # fmt: skip


def test_the_page_shows_what_was_measured_beside_what_is_asked() -> None:
    """Each figure that has a bound is a row with it, and all are met where they are."""
    rows = asked(_figures())
    assert all(row.met for row in rows)
    assert [row.found for row in rows if row.what.startswith("inspects for a start, 50 jobs")] == ["1.00"]
    assert [row.found for row in rows if row.what.startswith("memory for a further job")] == ["0.10 MiB"]
    page = document(_figures(), "./dev bench jobs", date="2026-01-01")
    assert all(f"| {row.what} | {row.bound} | {row.found} | yes |" in page for row in rows)
    assert "| 300 real | naive | 1 | 900 |" in page


def test_what_another_job_costs_is_told_as_not_met() -> None:
    """More than one of each, a change that never came, or a job that makes others wait is no good figure."""
    figures = _figures()
    many = _series(20, 8, 54.9)
    many.changes[-1] = Change("crash", None, 8, replace(_ONE, renders=50))
    figures.series["real", 300, "pygen", 50] = many
    missed = {row.what.partition(",")[0]: row.found for row in asked(figures) if not row.met}
    assert missed == {
        "renders for a crash": "50.00",
        "changes that never came": "1 of 3",
        "start-to-file with 50 jobs": "2.00 x",
        "stop-to-file with 50 jobs": "2.00 x",
        "crash-to-file with 50 jobs": "never x",
    }


def test_a_run_writes_its_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All ways are measured in turn, and stand on the page with the command that made it."""
    arguments = ["--quick", "--simulated", "30", "--jobs", "1,3", "--rounds", "1", "--idle-s", "0", "--docs"]
    assert main([*arguments, str(tmp_path)]) == 0
    page = (tmp_path / "benchmark-jobs.md").read_text()
    assert capsys.readouterr().out == page
    assert "Made by `./dev bench jobs --quick --simulated 30 --jobs 1,3 --rounds 1 --idle-s 0`" in page
    for way, jobs in (("command line", 1), ("pygen", 1), ("pygen", 3), ("naive", 1)):
        assert page.count(f"| 30 simulated | {way} | {jobs} |") == 2
    assert (tmp_path / "benchmark-jobs.svg").read_text().startswith("<svg")


def test_kinds_are_told_apart() -> None:
    """A median and a mean are of the kind that is asked for."""
    kinds: tuple[Kind, ...] = ("start", "start", "crash")
    series = JobsSeries([
        Change(kind, float(at), 1, replace(_ONE, inspects=at)) for at, kind in enumerate(kinds)
    ])  # fmt: skip
    assert (series.latency_ms("start"), series.latency_ms("crash")) == (0.5, 2)
    assert (series.count("inspects", "start"), series.count("inspects")) == (0.5, 1)
