"""`python -m tests.bench`: measures everything, and writes docs/benchmark.md and docs/benchmark.svg."""

from __future__ import annotations

import argparse
import math
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.command import measure, run, today, write_page
from tests.bench.measuring import CONTENDERS, Benchmark
from tests.bench.plan import QUICK, Plan
from tests.bench.plot import Line, Panel
from tests.bench.report import asked, document

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.bench.changes import Series
    from tests.bench.measuring import Figures

DOCS = Path(__file__).resolve().parents[2] / "docs"


def main(arguments: Sequence[str]) -> int:
    """Measure everything."""
    options = _parser().parse_args(arguments)

    def make(folder: Path, say: Callable[[str], None]) -> Benchmark:
        return Benchmark(_plan(options), folder, say, against=_against(options))

    def write(figures: Figures, arguments: Sequence[str]) -> str:
        told = _shown(arguments)
        command = " ".join(["make bench" if not told else "./dev bench", *told])
        return write_page(options.docs, "benchmark", document(figures, command, date=today()), panels(figures))

    return measure(make, write, asked, arguments)


def _shown(arguments: Sequence[str]) -> list[str]:
    """The command line for the page; where things lie on this machine means nothing to its readers."""
    line = re.sub(r"(--against(?:-release)?[= ])\S+", r"\1PATH", " ".join(arguments))
    return re.sub(r"--docs[= ]\S+", "", line).split()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./dev bench", allow_abbrev=False)
    parser.add_argument("--quick", action="store_true", help="few repetitions: a look, not a measurement")
    parser.add_argument("--idle-s", type=float, help="seconds to idle (300)")
    parser.add_argument("--real", type=_sizes, help="numbers of real containers (10,100,300; - for none)")
    parser.add_argument("--simulated", type=_sizes, help="numbers of simulated ones (1000,10000; - for none)")
    parser.add_argument("--against", type=Path, help="another checkout of this program, measured in turn with this one")
    parser.add_argument("--against-release", type=Path, help="the same of the last release, which may differ by more")
    parser.add_argument("--docs", type=Path, default=DOCS, help="where the page and the plot are written")
    return parser


def _against(options: argparse.Namespace) -> dict[str, Path]:
    given = {"before": options.against, "release": options.against_release}
    return {name: path for name, path in given.items() if path is not None}


def _sizes(text: str) -> tuple[int, ...]:
    return () if text == "-" else tuple(sorted(int(part) for part in text.split(",")))


def _plan(options: argparse.Namespace) -> Plan:
    given = {name: getattr(options, name) for name in ("idle_s", "real", "simulated")}
    return replace(QUICK if options.quick else Plan(), **{k: v for k, v in given.items() if v is not None})


def panels(figures: Figures) -> list[Panel]:
    """Milliseconds, and API calls, against the number of containers."""
    return [
        Panel("milliseconds from start to file", "containers", _lines(figures, lambda each: each.latency_ms("start"))),
        Panel("API calls for a change", "containers", _lines(figures, lambda each: each.calls_per_change())),
    ]


def _lines(figures: Figures, value: Callable[[Series], float]) -> list[Line]:
    lines = [Line(name, tuple(sorted(_points(figures, name, value)))) for name in CONTENDERS]
    return [line for line in lines if line.points]


def _points(figures: Figures, name: str, value: Callable[[Series], float]) -> list[tuple[float, float]]:
    found = [(size, value(series)) for (_, size, contender), series in figures.series.items() if contender == name]
    return [(float(size), y) for size, y in found if math.isfinite(y)]


if __name__ == "__main__":
    run(main)
