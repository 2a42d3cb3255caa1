"""What the benchmark's commands share: a run whose figures are kept whatever ends it, and the page that they make."""

from __future__ import annotations

import signal
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from tests.bench.plot import svg

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.bench.page import Asked
    from tests.bench.plot import Panel

F = TypeVar("F")
F_co = TypeVar("F_co", covariant=True)


class Measurement(Protocol[F_co]):
    """What is run."""

    @property
    def figures(self) -> F_co:
        """What was measured so far."""

    def run(self) -> object:
        """Measure everything."""


def measure(
    make: Callable[[Path, Callable[[str], None]], Measurement[F]],
    write: Callable[[F, Sequence[str]], str],
    asked: Callable[[F], Sequence[Asked]],
    arguments: Sequence[str],
) -> int:
    """Measure, write, and print the page. Absolute times are no reason to fail: the status is 0.

    Args:
        make: what is run, in a folder of its own, which tells how far it is.
        write: writes the page, and gives its text; takes the arguments that it names.
        asked: the rows that have a bound.
        arguments: of the command line.
    """
    begun_s = time.monotonic()

    def say(text: str) -> None:
        sys.stderr.write(f"bench: {time.monotonic() - begun_s:5.0f} s: {text}\n")

    with tempfile.TemporaryDirectory(prefix="pygen-bench-") as folder:
        benchmark = make(Path(folder), say)
        try:
            benchmark.run()
        except BaseException:  # what was measured is not thrown away for what ended the run
            write(benchmark.figures, [*arguments, "(ended early)"])
            raise
    page = write(benchmark.figures, arguments)
    missed = [row.what for row in asked(benchmark.figures) if not row.met]
    say("everything asked for is met" if not missed else "not met: " + "; ".join(missed))
    sys.stdout.write(page)
    return 0


def today() -> str:
    """The date of a page."""
    return f"{datetime.now(UTC):%Y-%m-%d}"


def write_page(docs: Path, name: str, page: str, panels: Sequence[Panel]) -> str:
    """Write a page and its plot; the page's text."""
    docs.mkdir(parents=True, exist_ok=True)
    (docs / f"{name}.md").write_text(page)
    (docs / f"{name}.svg").write_text(svg(panels))
    return page


def run(main: Callable[[Sequence[str]], int]) -> None:
    """Run the program. SIGTERM ends it as Ctrl-C does: the engine and all that it runs are ended."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main(sys.argv[1:]))
