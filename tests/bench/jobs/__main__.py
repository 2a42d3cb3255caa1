"""`python -m tests.bench.jobs`: measures many jobs, and writes docs/benchmark-jobs.md and docs/benchmark-jobs.svg."""

from __future__ import annotations

import argparse
import re
import signal
import sys
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.jobs.measuring import JobsBenchmark
from tests.bench.jobs.plan import QUICK, JobsPlan
from tests.bench.jobs.report import asked, document, panels
from tests.bench.plot import svg
from tests.bench.template import TIERS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.bench.jobs.measuring import JobsFigures

DOCS = Path(__file__).resolve().parents[3] / "docs"


def main(arguments: Sequence[str]) -> int:
    """Measure, write, and print the page. Absolute times are no reason to fail: the status is 0."""
    options = _parser().parse_args(arguments)
    begun_s = time.monotonic()

    def say(text: str) -> None:
        sys.stderr.write(f"bench: {time.monotonic() - begun_s:5.0f} s: {text}\n")

    with tempfile.TemporaryDirectory(prefix="pygen-bench-") as folder:
        benchmark = JobsBenchmark(_plan(options), Path(folder), say)
        try:
            benchmark.run()
        except BaseException:  # what was measured is not thrown away for what ended the run
            _write(benchmark.figures, options.docs, [*arguments, "(ended early)"])
            raise
    page = _write(benchmark.figures, options.docs, arguments)
    missed = [row.what for row in asked(benchmark.figures) if not row.met]
    say("everything asked for is met" if not missed else "not met: " + "; ".join(missed))
    sys.stdout.write(page)
    return 0


def _write(figures: JobsFigures, docs: Path, arguments: Sequence[str]) -> str:
    # Where things lie on this machine means nothing to the page's readers.
    told = re.sub(r"--docs[= ]\S+", "", " ".join(arguments)).split()
    command = " ".join(["./dev bench jobs", *told])
    page = document(figures, command, date=f"{datetime.now(UTC):%Y-%m-%d}")
    docs.mkdir(parents=True, exist_ok=True)
    (docs / "benchmark-jobs.md").write_text(page)
    (docs / "benchmark-jobs.svg").write_text(svg(panels(figures)))
    return page


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
    # SIGTERM ends it as Ctrl-C does: the engine and all that it runs are ended.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main(sys.argv[1:]))
