"""The pictures in the README, of a program at work: `./dev pictures`, or `python -m tests.seeing.pictures [FOLDER]`.

`status.png` is the status page in Chromium. `dashboard.png` shows the panels of the Grafana dashboard, with what a real
Prometheus answers to their queries.
"""

from __future__ import annotations

import math
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.seeing import dashboard, drawing
from tests.seeing.busy_program import BusyProgram, busy_program, watched
from tests.support.browser import Browser
from tests.support.process import ROOT
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.seeing.dashboard import Panel
    from tests.support.monitoring import Prometheus

RATE_INTERVAL = "15s"
STEP_S = 1.0
WIDTH_PX, STATUS_WIDTH_PX, STATUS_HEIGHT_PX = 1464, 1000, 1150
ROUNDS = 40


def take(folder: Path, *, rounds: int = ROUNDS, rest: Callable[[float], None] = time.sleep) -> None:
    """Take both pictures.

    Args:
        folder: for the pictures; `status.png` and `dashboard.png` in it are replaced.
        rounds: how long the program is given something to do.
        rest: called between rounds with 0.4 to 3 seconds.
    """
    with tempfile.TemporaryDirectory(prefix="pygen-pictures-") as name:
        work = Path(name)
        with Browser() as browser, busy_program(work) as program, watched(program.process, work) as server:
            began_s = time.time()
            _run_rounds(program, rounds, rest)
            (folder / "status.png").write_bytes(_status(browser, program))
            html = _drawn(server, began_s, time.time())
            (work / "dashboard.html").write_text(html)
            browser.open((work / "dashboard.html").as_uri())
            (folder / "dashboard.png").write_bytes(browser.whole_screenshot(WIDTH_PX))


def _run_rounds(program: BusyProgram, rounds: int, rest: Callable[[float], None]) -> None:
    for number in range(rounds):
        if number == rounds // 2:
            program.engine.fault("kill", times=3, status=500)
        program.run_round()
        rest(0.4 + 2.6 * abs(math.sin(number / 4)))


def _status(browser: Browser, program: BusyProgram) -> bytes:
    browser.resize(STATUS_WIDTH_PX, STATUS_HEIGHT_PX)
    browser.open(f"http://127.0.0.1:{program.process.metrics_port}/")
    wait_for(lambda: "All targets are in sync" in browser.text(), what=browser.text)
    return browser.screenshot()


def _drawn(server: Prometheus, start_s: float, end_s: float) -> str:
    panels = dashboard.panels()
    sections = [_section(server, panel, start_s, end_s) for panel in panels]
    return drawing.page("pygen", sections, max(panel.y + panel.height for panel in panels))


def _section(server: Prometheus, panel: Panel, start_s: float, end_s: float) -> str:
    if panel.kind == "stat":
        (query,) = panel.queries
        (sample,) = server.query(query.filled(rate_interval=RATE_INTERVAL), at_epoch_s=end_s)
        return drawing.stat(panel, float(sample["value"][1]), drawing.legend(query.legend, sample["metric"]))
    lines = [line for query in panel.queries for line in _lines(server, query, start_s, end_s)]
    return drawing.chart(panel, lines, start_s=start_s, end_s=end_s)


def _lines(server: Prometheus, query: dashboard.Query, start_s: float, end_s: float) -> list[drawing.Line]:
    expression = query.filled(rate_interval=RATE_INTERVAL)
    found = server.query_range(expression, start_epoch_s=start_s, end_epoch_s=end_s, step_s=STEP_S)
    return [
        drawing.Line(
            drawing.legend(query.legend, series["metric"]),
            tuple((float(at), float(value)) for at, value in series["values"] if math.isfinite(float(value))),
        )
        for series in found
    ]


if __name__ == "__main__":
    take(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs")
