"""`python -m tests.bench.jobs`: measures many jobs, and writes docs/benchmark-jobs.md and docs/benchmark-jobs.svg."""

from __future__ import annotations

import argparse
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.command import measure, run, today, write_page
from tests.bench.jobs.measuring import JobsBenchmark
from tests.bench.jobs.plan import QUICK, JobsPlan
from tests.bench.jobs.report import asked, document, panels
from tests.bench.template import TIERS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.bench.jobs.measuring import JobsFigures

DOCS = Path(__file__).resolve().parents[3] / "docs"


def main(arguments: Sequence[str]) -> int:
    """Measure many jobs."""
    options = _parser().parse_args(arguments)

    def make(folder: Path, say: Callable[[str], None]) -> JobsBenchmark:
        return JobsBenchmark(_plan(options), folder, say)

    def write(figures: JobsFigures, arguments: Sequence[str]) -> str:
        # Where things lie on this machine means nothing to the page's readers.
        told = re.sub(r"--docs[= ]\S+", "", " ".join(arguments)).split()
        page = document(figures, " ".join(["./dev bench jobs", *told]), date=today())
        return write_page(options.docs, "benchmark-jobs", page, panels(figures))

    return measure(make, write, asked, arguments)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./dev bench jobs", allow_abbrev=False)
    parser.add_argument("--quick", action="store_true", help="few repetitions: a look, not a measurement")
    parser.add_argument("--real", type=int, help="how many real containers (300; 0 for none)")
    parser.add_argument("--simulated", type=int, help="how many simulated ones (1000; 0 for none)")
    parser.add_argument("--jobs", type=_numbers, help="numbers of jobs (1,10,50)")
    parser.add_argument("--naive", type=_numbers, help="the same for the naive way (1,10,50; - for none)")
    parser.add_argument("--blocks", type=int, help="how often the contenders take turns")
    parser.add_argument("--rounds", type=int, help="of start, stop, start and crash in each turn")
    parser.add_argument("--idle-s", type=float, help="seconds to idle")
    parser.add_argument("--docs", type=Path, default=DOCS, help="where the page and the plot are written")
    return parser


def _numbers(text: str) -> tuple[int, ...]:
    found = () if text == "-" else tuple(sorted(int(part) for part in text.split(",")))
    if any(not 1 <= number <= TIERS for number in found):
        raise argparse.ArgumentTypeError(f"1 to {TIERS} jobs: each has a tier of its own")
    return found


def _plan(options: argparse.Namespace) -> JobsPlan:
    names = ("real", "simulated", "jobs", "naive", "blocks", "rounds", "idle_s")
    given = {name: getattr(options, name) for name in names}
    return replace(QUICK if options.quick else JobsPlan(), **{k: v for k, v in given.items() if v is not None})


if __name__ == "__main__":
    run(main)
