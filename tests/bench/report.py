"""The tables of docs/benchmark.md: every figure that is asked for beside what it is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.bench.changes import KINDS
from tests.bench.page import Asked, asked_table, at_most, machine, number, table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.bench.changes import Kind
    from tests.bench.measuring import Figures
    from tests.bench.rendering import Rendering

_NAMES = {
    "pygen": "pygen",
    "before": "the version before",
    "release": "the last release",
    "floor": "floor (c)",
    "naive": "naive (b)",
}


_FEW = 10
_COMPARED = frozenset({10, 300, 10_000})
#: How many times an earlier version's start-to-file, processor time, memory and time to the first file we may take.
#: None is not asked for: the last release had no process of its own for renders.
_BOUNDS: dict[str, tuple[float, float, float | None, float]] = {
    "before": (1.1, 1.1, 1.1, 1.1),
    "release": (1.2, 1.2, None, 1.1),
}
_WAYS = (
    "All of it is measured in one run, the contenders in turn: (a) pygen as shipped, (b) the naive way, docker-py's "
    "`containers.list()` and a render for every event, (c) the floor: an event, one inspect on a kept connection, a "
    "render of the same data from plain dictionaries by plain Jinja2, a plain write. The code is in `tests/bench/`."
)
_TERMS = (
    "Latencies are medians from the engine's own time of the event (`timeNano`) to the written file; a change that "
    "never came counts as endless. API calls are means over starts, stops and crashes, a list by resync for each "
    "block of changes included. Processor time is the median for a change, until the program is quiet again. It and "
    "resident memory are those of the program's processes together; a page that two of them share counts twice."
)
_PLOT = "![Milliseconds and API calls for a change against the number of containers](benchmark.svg)"


def document(figures: Figures, command: str, *, date: str) -> str:
    """The whole page."""
    return (
        "\n".join([*_head(command, date), *asked_table(asked(figures)), *_changes_table(figures), *_tail(figures)])
        + "\n"
    )


# Why a row may not be met, where that is known and was weighed.
_WHY = {
    "imports": "prometheus_client and the ways to notify are among them; the render process starts meanwhile",
    "process start to the first file": "two processes start side by side, on two processors that are the engine's, too",
    "start-to-file": "a change goes from the engine's thread to the render process and back to the loop, about a "
    "millisecond whatever the number of containers; for a stop or a crash the release needs about five times as long",
    "processor time for a change": "the same hand-overs between threads and processes",
}


def _head(command: str, date: str) -> list[str]:
    return ["# Benchmark", "", f"Made by `{command}` on {date}: {machine()}. {_WAYS}", "", _TERMS, "", _PLOT, ""]


def asked(figures: Figures) -> list[Asked]:
    """Every figure that has a bound."""
    return [
        *_asked_of_changes(figures),
        *_asked_of_calls(figures),
        *_asked_of_ten_thousand(figures),
        *_asked_of_the_storm(figures),
        *_asked_of_idling(figures),
        *_asked_of_starts(figures),
        *_asked_of_rendering(figures),
        *_asked_of_earlier_versions(figures),
    ]


def _asked_of_changes(figures: Figures) -> Iterator[Asked]:
    sizes = [size for bench_engine, size, name in figures.series if (bench_engine, name) == ("real", "pygen")]
    if not sizes:
        return
    size = max(sizes)
    pygen, floor, naive = (figures.series["real", size, name] for name in ("pygen", "floor", "naive"))
    for kind in ("start", "crash"):
        ours, least, most = (series.latency_ms(kind) for series in (pygen, floor, naive))
        where = f"{kind}-to-file, {size} real containers"
        yield at_most(f"{where}, over the floor's ({number(ours)} over {number(least)} ms)", ours / least, 2, " x")
        ratio = most / ours
        told = f"{where}: the naive way's {number(most)} ms over ours"
        gap = f"the floor itself is at {number(most / least)} x" if most / least < 25 else ""
        if gap and kind == "crash":
            gap += ": the engine answers no inspect until it has cleaned up after the crash"
        yield Asked(told, "at least 25 x", f"{number(ratio)} x", ratio >= 25, gap)
    start_ms = pygen.latency_ms("start")
    for kind in KINDS[1:]:
        ours = pygen.latency_ms(kind)
        what = f"{kind}-to-file, {size} real containers, over start-to-file"
        yield at_most(f"{what} ({number(ours)} over {number(start_ms)} ms)", ours / start_ms, 2, " x")
    for kind, kinds in zip(KINDS, ("starts", "stops", "crashes"), strict=True):
        found, of = pygen.in_the_file(kind)
        yield Asked(f"{kinds} in the file, {size} real containers", "all", f"{found} of {of}", found == of)


def _asked_of_calls(figures: Figures) -> Iterator[Asked]:
    for (bench_engine, count, name), series in figures.series.items():
        if name == "pygen":
            yield at_most(f"API calls for a change, {count} {bench_engine} containers", series.calls_per_change(), 3)


def _asked_of_ten_thousand(figures: Figures) -> Iterator[Asked]:
    sizes = [size for bench_engine, size, name in figures.series if (bench_engine, name) == ("simulated", "pygen")]
    if not sizes:
        return
    size = max(sizes)
    pygen, floor = (figures.series["simulated", size, name] for name in ("pygen", "floor"))
    ours, least = pygen.latency_ms("start"), floor.latency_ms("start")
    where = f"{size} simulated containers"
    yield at_most(f"start-to-file, {where}, over the floor's ({number(ours)} over {number(least)} ms)", ours / least,
                   2, " x")  # fmt: skip
    ours, least = pygen.processor_ms(), floor.processor_ms()
    yield at_most(f"processor time for a change, {where}, over the floor's ({number(ours)} over {number(least)} ms)",
                   ours / least, 2, " x")  # fmt: skip
    startup = figures.startups["simulated", size, "pygen"]
    # A start with ten containers has a bound of its own; the rest is reading and rendering the others.
    begin_ms = next(
        (s.first_file_ms for (_, count, name), s in figures.startups.items() if (count, name) == (_FEW, "pygen")), 0.0
    )
    reading_ms = startup.first_file_ms - begin_ms
    yield at_most(
        f"the first complete render, {where}, beyond a start with {_FEW}, over a bare loop of inspects "
        f"({number(reading_ms)} over {number(startup.bare_loop_ms)} ms)", reading_ms / startup.bare_loop_ms, 2, " x",
    )  # fmt: skip


def _asked_of_the_storm(figures: Figures) -> Iterator[Asked]:
    storm = figures.storm
    if storm is None:
        return
    what = f"storm of {storm.restarts} restarts in {number(storm.duration_s)} s"
    yield at_most(f"{what}: share of one core", storm.share * 100, 50, " %")
    yield at_most(f"{what}: API calls for a restart", storm.calls_per_restart, 4)
    yield at_most(f"{what}: from the last change to the right file", storm.right_after_ms, 100, " ms")
    rendering = f"{what}: time in its {storm.renders} renders, all by one thread, over the storm's"
    yield Asked(rendering, "less than 1", f"{storm.render_share:.3f}", storm.render_share < 1)
    bounds = f"{what}: {storm.signals} notifications for {storm.writes} writes, outside `--interval`"
    outside = storm.early + storm.late
    yield Asked(bounds, "0", f"{outside}", outside == 0 and storm.signals > 0)


def _asked_of_idling(figures: Figures) -> Iterator[Asked]:
    idle = figures.idle
    if idle is None:
        return
    what = f"idle for {idle.duration_s:g} s"
    yield at_most(f"{what}: share of one core", idle.share * 100, 0.3, " %", 3)
    growth = idle.after.resident_mib - idle.before.resident_mib
    yield at_most(f"{what}: growth of resident memory", growth, 0.5, " MiB")
    for name in ("threads", "descriptors"):
        before, after = getattr(idle.before, name), getattr(idle.after, name)
        yield Asked(f"{what}: {name}", "no growth", f"{before} to {after}", after <= before)


def _asked_of_starts(figures: Figures) -> Iterator[Asked]:
    for (bench_engine, count, name), startup in figures.startups.items():
        if name != "pygen":
            continue
        bound = {10: None, 300: 70, 10_000: 280}.get(count)
        if bound is not None:
            yield at_most(f"resident memory, {count} {bench_engine} containers", startup.resident_mib, bound, " MiB", 1)
        if count == _FEW:
            yield at_most(f"process start to the first file, {count} containers", startup.first_file_ms, 600, " ms", 0)
    if figures.imports_ms is not None:
        yield replace(at_most("imports", figures.imports_ms, 200, " ms", 0), gap=_WHY["imports"])


def _asked_of_earlier_versions(figures: Figures) -> Iterator[Asked]:
    for (bench_engine, count, version), startup in figures.startups.items():
        if version not in _BOUNDS or count not in _COMPARED:
            continue
        latency, processor, memory, first_file = _BOUNDS[version]
        now, then = (figures.series.get((bench_engine, count, name)) for name in ("pygen", version))
        started = figures.startups[bench_engine, count, "pygen"]
        pairs = [("process start to the first file", started.first_file_ms, startup.first_file_ms, first_file, "ms")]
        if memory is not None:
            pairs.append(("resident memory", started.resident_mib, startup.resident_mib, memory, "MiB"))
        if now is not None and then is not None:
            pairs += [
                ("start-to-file", now.latency_ms("start"), then.latency_ms("start"), latency, "ms"),
                ("processor time for a change", now.processor_ms(), then.processor_ms(), processor, "ms"),
            ]
        for what, ours, theirs, bound, unit in pairs:
            compared = f"{what}, {count} {bench_engine} containers, over {_NAMES[version]}"
            row = at_most(f"{compared} ({number(ours)} over {number(theirs)} {unit})", ours / theirs, bound, " x")
            yield replace(row, gap=_WHY.get(what, "")) if version == "release" else row


def _asked_of_rendering(figures: Figures) -> Iterator[Asked]:
    rendering = figures.rendering
    if rendering is None:
        return
    ours, plain = rendering.values_ms, rendering.dictionaries_ms
    what = f"the template of {rendering.containers} containers from case-insensitive values, over plain dictionaries"
    yield at_most(f"{what} ({number(ours)} over {number(plain)} ms)", ours / plain, 2, " x")


def _changes_table(figures: Figures) -> list[str]:
    heads = ("containers", "way", "start, ms", "stop, ms", "crash, ms", "missed", "API calls", "processor, ms")
    rows = []
    for (bench_engine, count, name), series in figures.series.items():
        latencies = [number(_latency(figures, (bench_engine, count, name), kind)) for kind in KINDS]
        missed = f"{series.missed()} of {len(series.samples)}"
        calls, used = number(series.calls_per_change()), number(series.processor_ms())
        rows.append((f"{count:,} {bench_engine}", _NAMES[name], *latencies, missed, calls, used))
    return ["## For a change", "", *table(heads, rows), ""]


def _latency(figures: Figures, key: tuple[str, int, str], kind: Kind) -> float:
    return figures.series[key].latency_ms(kind)


def _tail(figures: Figures) -> list[str]:
    heads = ("containers", "way", "first file, ms", "bare loop of inspects, ms", "resident, MiB")
    rows = [
        (
            f"{count:,} {bench_engine}",
            _NAMES[name],
            f"{s.first_file_ms:.0f}",
            f"{s.bare_loop_ms:.0f}",
            f"{s.resident_mib:.1f}",
        )
        for (bench_engine, count, name), s in figures.startups.items()
    ]
    lines = ["## From nothing", "", *table(heads, rows), ""]
    if (rendering := figures.rendering) is not None:
        lines += ["## A render", "", _render_in_words(rendering)]
    return lines


def _render_in_words(rendering: Rendering) -> str:
    return (
        f"{rendering.containers:,} containers, processor milliseconds: {number(rendering.values_ms)} by pygen, "
        f"{number(rendering.dictionaries_ms)} by pygen's sandbox from plain dictionaries, "
        f"{number(rendering.plain_ms)} by plain Jinja2 from plain dictionaries, without sandbox and limits."
    )
