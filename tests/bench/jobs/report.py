"""The tables of docs/benchmark-jobs.md: every figure that is asked for beside what it is."""

from __future__ import annotations

import math
from statistics import median
from typing import TYPE_CHECKING

from tests.bench.changes import KINDS
from tests.bench.page import Asked, asked_table, at_most, machine, number, table
from tests.bench.plot import Line, Panel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.bench.jobs.measuring import JobsFigures, JobsSeries, Way

_WAYS = (
    "One program keeps 1, 10 or 50 files, each made by a job of its own that sees the containers of one of 50 tiers "
    "(`include`) and notifies a server, at once. Whatever the number of jobs, each of them sees as much, and a change "
    "concerns one of them: the first, one in the middle and the last in turn. `command line` is one job without a "
    "configuration file. `naive` is docker-gen's way: for every event each config lists and inspects everything, "
    "renders and compares; it makes a single start. All of it is measured in one run, the contenders in turn. The code "
    "is in `tests/bench/jobs/`."
)
_TERMS = (
    "Latencies are medians from the engine's own time of the event (`timeNano`) to the written file; a change that "
    "never came counts as endless. Counts are means for a change, of all jobs together, the inspects being all that "
    "was asked of the engine about a container until half a second after the change. Processor time is the median for "
    "a change, until the program is quiet again, with what it does each second in any case. It and resident memory are "
    "those of the program's processes together; a page that two of them share counts twice. Memory is read once a "
    "second render process, if the first files needed one, has ended."
)
_PLOT = "![Milliseconds and inspects for a start against the number of jobs](benchmark-jobs.svg)"

_SECOND_LOOK = "a network's `connect` may come after the look at the start; one job alone has the second look, too"
_SLOWER = 1.2
"""A start may take so many times as long beside 49 other jobs: a pass over them is to hide in what one change takes."""
_COSTLIER = 2.0
"""Processor time, likewise: what is done for 49 others (is it due, is it concerned) is less than one change."""
_A_JOB_MIB = 0.25
"""Memory for a further job: two Jinja environments, its template, and its parts in the program."""
_IDLE_PERCENT = 0.5
"""Of a core, with nothing to do: 50 jobs look after 50 templates each second, where one may take 0.3 %."""
_A_FILE = 1.1
"""A job in a configuration file over the command line's: no more than what two runs differ by."""


def document(figures: JobsFigures, command: str, *, date: str) -> str:
    """The whole page."""
    head = ["# Benchmark of many jobs", "", f"Made by `{command}` on {date}: {machine()}. {_WAYS}", "", _TERMS, ""]
    return "\n".join([*head, _PLOT, "", *asked_table(asked(figures)), *_changes(figures), *_standing(figures)]) + "\n"


def asked(figures: JobsFigures) -> list[Asked]:
    """Every figure that has a bound."""
    found: list[Asked] = []
    for (bench_engine, count, way, jobs), series in figures.series.items():
        if way != "pygen" or not series.changes:
            continue
        where = f"{count:,} {bench_engine} containers"
        found += _of_counts(series, f"{jobs} jobs, {where}" if jobs > 1 else f"1 job, {where}")
        alone = figures.series.get((bench_engine, count, "pygen", 1))
        if jobs > 1 and alone is not None:
            found += _of_many(series, alone, jobs, where)
        on_the_command_line = figures.series.get((bench_engine, count, "command line", 1))
        if jobs == 1 and on_the_command_line is not None:
            found += _of_a_file(series, on_the_command_line, where)
    return found


def _of_counts(series: JobsSeries, where: str) -> Iterator[Asked]:
    for kind in KINDS:
        for what, words in (
            ("inspects", "inspects"),
            ("renders", "renders"),
            ("writes", "writes"),
            ("told", "notified"),
        ):
            mean = series.count(what, kind)
            gap = _SECOND_LOOK if what == "inspects" and kind == "start" and 1 < mean <= 2 else ""
            yield Asked(f"{words} for a {kind}, {where}", "1", f"{mean:.2f}", math.isclose(mean, 1), gap)
    missed = series.missed()
    yield Asked(f"changes that never came, {where}", "0", f"{missed} of {len(series.changes)}", missed == 0)


def _of_many(series: JobsSeries, alone: JobsSeries, jobs: int, where: str) -> Iterator[Asked]:
    for kind in KINDS:
        ours, one = series.latency_ms(kind), alone.latency_ms(kind)
        what = f"{kind}-to-file with {jobs} jobs, {where}, over that with 1 job ({number(ours)} over {number(one)} ms)"
        yield at_most(what, ours / one, _SLOWER, " x")
    ours, one = series.processor_ms(), alone.processor_ms()
    what = f"processor time with {jobs} jobs, {where}, over that with 1 job ({number(ours)} over {number(one)} ms)"
    yield at_most(what, ours / one, _COSTLIER, " x")
    yield at_most(f"memory for a further job, {jobs} jobs, {where}", a_job_mib(series, alone, jobs), _A_JOB_MIB, " MiB")
    if series.idle_share is not None:
        yield at_most(
            f"idle with {jobs} jobs, {where}: share of one core", series.idle_share * 100, _IDLE_PERCENT, " %"
        )


def _of_a_file(series: JobsSeries, bare: JobsSeries, where: str) -> Iterator[Asked]:
    pairs = (
        ("start-to-file", series.latency_ms("start"), bare.latency_ms("start"), "ms"),
        ("processor time for a change", series.processor_ms(), bare.processor_ms(), "ms"),
        ("resident memory", median(series.resident_mib), median(bare.resident_mib), "MiB"),
        ("process start to the first file", median(series.first_files_ms), median(bare.first_files_ms), "ms"),
    )
    for what, ours, theirs, unit in pairs:
        shown = (
            f"{what}, {where}, 1 job in a file over the command line's ({number(ours)} over {number(theirs)} {unit})"
        )
        yield at_most(shown, ours / theirs, _A_FILE, " x")


def a_job_mib(series: JobsSeries, alone: JobsSeries, jobs: int) -> float:
    """Memory that each further job takes, beside what one takes."""
    return (median(series.resident_mib) - median(alone.resident_mib)) / (jobs - 1)


def _changes(figures: JobsFigures) -> list[str]:
    heads = (
        "containers", "way", "jobs", "start, ms", "stop, ms", "crash, ms", "missed", "inspects", "renders", "writes",
        "notified", "processor, ms",
    )  # fmt: skip
    rows = []
    for (bench_engine, count, way, jobs), series in figures.series.items():
        if series.changes:
            latencies = [number(series.latency_ms(kind)) if series.tried(kind) else "-" for kind in KINDS]
            missed = f"{series.missed()} of {len(series.changes)}"
            counts = [number(series.count(what)) for what in ("inspects", "renders", "writes", "told")]
            cells = (f"{count:,} {bench_engine}", way, str(jobs), *latencies, missed, *counts)
            rows.append((*cells, number(series.processor_ms())))
    return ["## For a change that concerns one job", "", *table(heads, rows), ""]


def _standing(figures: JobsFigures) -> list[str]:
    heads = (
        "containers",
        "way",
        "jobs",
        "all first files, ms",
        "resident, MiB",
        "MiB for a further job",
        "idle, % of a core",
    )
    rows = []
    for (bench_engine, count, way, jobs), series in figures.series.items():
        if series.resident_mib:
            alone = figures.series.get((bench_engine, count, way, 1))
            more = "-" if jobs == 1 or alone is None else f"{a_job_mib(series, alone, jobs):.3f}"
            idle = "-" if series.idle_share is None else f"{series.idle_share * 100:.3f}"
            cells = f"{median(series.first_files_ms):,.0f}", f"{median(series.resident_mib):.1f}", more, idle
            rows.append((f"{count:,} {bench_engine}", way, str(jobs), *cells))
    return ["## Beside the changes", "", *table(heads, rows)]


def panels(figures: JobsFigures) -> list[Panel]:
    """Milliseconds, and inspects, against the number of jobs."""
    return [
        Panel("milliseconds from start to file", "jobs", _lines(figures, lambda each: each.latency_ms("start"))),
        Panel("inspects for a start", "jobs", _lines(figures, lambda each: each.count("inspects", "start"))),
    ]


def _lines(figures: JobsFigures, value: Callable[[JobsSeries], float]) -> list[Line]:
    points: dict[tuple[str, Way], list[tuple[float, float]]] = {}
    for (bench_engine, _, way, jobs), series in figures.series.items():
        if way != "command line" and series.changes and math.isfinite(y := value(series)):
            points.setdefault((bench_engine, way), []).append((float(jobs), y))
    return [Line(f"{way}, {bench_engine}", tuple(sorted(found))) for (bench_engine, way), found in points.items()]
