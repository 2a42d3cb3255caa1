"""The README's pictures: they can be taken anew, and their charts are drawn to scale."""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING

import pytest

from tests.seeing import drawing
from tests.seeing.dashboard import Panel
from tests.seeing.drawing import Line
from tests.seeing.pictures import STATUS_HEIGHT_PX, STATUS_WIDTH_PX, WIDTH_PX, take
from tests.support.process import ROOT

if TYPE_CHECKING:
    from pathlib import Path


def _panel(*, stacked: bool = False, unit: str = "short", texts: dict[str, str] | None = None) -> Panel:
    steps = ((float("-inf"), "green"), (1.0, "orange"), (120.0, "red"))
    return Panel("timeseries", "A <title>", unit, (), 0, 0, 8, 8, stacked, steps, texts or {})


def _size(png: bytes) -> tuple[int, int]:
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def _heights(html: str) -> list[list[float]]:
    """The y of each point of each line, from the first line to the last."""
    lines = re.findall(r'<polyline [^>]*points="([^"]*)"', html)
    return [[float(point.partition(",")[2]) for point in points.split()] for points in reversed(lines)]


def test_both_pictures_can_be_taken_anew(tmp_path: Path) -> None:
    """From a real program, Prometheus and browser, in a short show."""
    take(tmp_path, rounds=3, rest=lambda _: None)
    assert _size((tmp_path / "status.png").read_bytes()) == (STATUS_WIDTH_PX, STATUS_HEIGHT_PX)
    width, height = _size((tmp_path / "dashboard.png").read_bytes())
    assert (width, height > 1000) == (WIDTH_PX, True)


@pytest.mark.parametrize("name", ["status.png", "dashboard.png"])
def test_the_pictures_are_there(name: str) -> None:
    """As the last `./dev pictures` took them."""
    assert _size((ROOT / "docs" / name).read_bytes())[0] in {STATUS_WIDTH_PX, WIDTH_PX}


def test_a_chart_is_drawn_to_scale() -> None:
    """Twice the value is twice as high; the largest reaches the top."""
    lines = [Line("a", ((0.0, 0.0), (5.0, 2.0), (10.0, 4.0)))]
    ((zero, half, full),) = _heights(drawing.chart(_panel(), lines, start_s=0, end_s=10))
    assert zero - half == pytest.approx(half - full)
    assert zero > half > full


def test_stacked_lines_are_on_top_of_each_other() -> None:
    """The second begins where the first one ends, at the moments that both have."""
    lines = [Line("a", ((0.0, 1.0), (10.0, 1.0))), Line("b", ((0.0, 1.0), (10.0, 3.0)))]
    first, second = _heights(drawing.chart(_panel(stacked=True), lines, start_s=0, end_s=10))
    ((bottom,),) = _heights(drawing.chart(_panel(), [Line("zero", ((0.0, 0.0),))], start_s=0, end_s=10))
    assert len(set(first)) == 1
    height = second[0] - second[1]
    assert height == pytest.approx(2 * (first[0] - second[0]))
    assert bottom > first[0]


def test_texts_are_shown_as_texts() -> None:
    """Names from metrics are no markup."""
    html = drawing.chart(_panel(), [Line("<b>", ((0.0, 1.0),))], start_s=0, end_s=10)
    assert "&lt;b&gt;" in html
    assert "A &lt;title&gt;" in html
    assert "<b>" not in html


@pytest.mark.parametrize(("value", "colour"), [(0.0, "green"), (1.0, "orange"), (119.0, "orange"), (120.0, "red")])
def test_a_number_has_the_colour_of_its_step(value: float, colour: str) -> None:
    """The highest step that it reaches."""
    assert drawing._STAT_COLOURS[colour] in drawing.stat(_panel(), value, "")


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [(0.0123, "s", "12.3 ms"), (90.0, "s", "90 s"), (3 * 2**20, "bytes", "3 MiB"), (1.5, "reqps", "1.5/s")],
)
def test_numbers_have_units(value: float, unit: str, text: str) -> None:
    """Those that the dashboard uses; what is no number is a dash."""
    assert drawing.shown(value, unit) == text
    assert drawing.shown(float("nan"), unit) == "-"


def test_a_word_takes_the_place_of_a_number() -> None:
    """Where the panel maps it."""
    assert ">up<" in drawing.stat(_panel(texts={"1": "up"}), 1.0, "")


def test_legends_are_filled_in() -> None:
    """From labels; a label that a series does not have is left out, a path is named by its end."""
    assert (
        drawing.legend("{{target}} {{cause}} {{none}}", {"target": "/etc/a.conf", "cause": "drift"}) == "a.conf drift"
    )
