"""The dashboard drawn without Grafana: the same panels, queries, places and colours, as a page with SVG charts.

Pure: values in, text out.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tests.seeing.dashboard import Panel

COLUMN_PX, ROW_PX, GAP_PX = 60, 34, 8
COLUMNS = 24
_COLOURS = (
    "#1f77b4",
    "#d95f02",
    "#2a9d4a",
    "#c2306b",
    "#7b5bb5",
    "#8c6d1f",
    "#0e8f9c",
    "#6b7280",
    "#b3372f",
    "#4c6ef5",
)
_STAT_COLOURS = {"green": "#14692f", "orange": "#7a4b00", "red": "#a3151a"}
_LEFT_PX, _TOP_PX, _BOTTOM_PX, _LEGEND_LINE_PX = 46, 34, 18, 14
_LEGEND_MAX = 4

_STYLE = """
body { margin: 0; padding: 12px; background: #f0f2f5; font: 12px system-ui, sans-serif; color: #1c2430; }
h1 { font-size: 18px; margin: 0 0 10px; }
main { position: relative; }
section { position: absolute; background: #fff; border: 1px solid #d5dae1; border-radius: 4px; overflow: hidden; }
h2 { font-size: 12px; margin: 8px 10px 0; font-weight: 600; }
.stat { font-size: 30px; text-align: center; margin: 12px 0 0; font-weight: 600; }
"""


@dataclass(frozen=True)
class Line:
    """One series of a chart.

    Attributes:
        legend: what it is called.
        points: (seconds since the epoch, value), in order.
    """

    legend: str
    points: tuple[tuple[float, float], ...]


def legend(text: str, labels: Mapping[str, str]) -> str:
    """A legend with its `{{label}}`s filled in; a path by its last part."""
    filled = re.sub(r"\{\{(\w+)\}\}", lambda match: labels.get(match[1], "").rpartition("/")[2], text)
    return " ".join(filled.split())


def shown(value: float, unit: str) -> str:
    """A number in a unit of Grafana's, short."""
    if not math.isfinite(value):
        return "-"
    if unit == "s" and value < 1:
        return f"{value * 1000:.3g} ms"
    if unit == "s":
        return f"{value:.0f} s"
    if unit == "bytes":
        return f"{value / 2**20:.0f} MiB"
    return f"{value:.3g}" + ("/s" if unit == "reqps" else "")


def page(title: str, sections: Iterable[str], rows: int) -> str:
    """A whole page of panels."""
    width, height = COLUMNS * COLUMN_PX, rows * ROW_PX
    return (
        f"<!doctype html><meta charset=utf-8><title>{escape(title)}</title><style>{_STYLE}</style>"
        f'<h1>{escape(title)}</h1><main style="width:{width}px;height:{height}px">{"".join(sections)}</main>'
    )


def stat(panel: Panel, value: float, name: str) -> str:
    """A panel with one number, in its colour; or its name, where the panel is about that."""
    colour = next(colour for bound, colour in reversed(panel.steps) if value >= bound or bound == -math.inf)
    text = name or panel.texts.get(f"{value:g}") or shown(value, panel.unit)
    return _section(panel, f'<p class="stat" style="color:{_STAT_COLOURS[colour]}">{escape(text)}</p>')


def chart(panel: Panel, lines: Sequence[Line], *, start_s: float, end_s: float) -> str:
    """A panel with lines over time; the legend names the largest ones."""
    drawn = _stacked(lines) if panel.stacked else list(lines)
    top = max((value for line in drawn for _, value in line.points), default=0.0) or 1.0
    width, height = panel.width * COLUMN_PX - GAP_PX, panel.height * ROW_PX - GAP_PX
    named = sorted(range(len(lines)), key=lambda at: -max((v for _, v in lines[at].points), default=0.0))[:_LEGEND_MAX]
    bottom = height - _BOTTOM_PX - _LEGEND_LINE_PX * ((len(named) + 1) // 2)

    def place(moment_s: float, value: float) -> str:
        x = _LEFT_PX + (moment_s - start_s) / (end_s - start_s) * (width - _LEFT_PX - 10)
        return f"{x:.1f},{bottom - value / top * (bottom - _TOP_PX):.1f}"

    parts = [_axis(top, panel.unit, bottom, width)]
    for number in reversed(range(len(drawn))):
        points = " ".join(place(*point) for point in drawn[number].points)
        colour = _COLOURS[number % len(_COLOURS)]
        parts.append(f'<polyline fill="none" stroke="{colour}" stroke-width="1.5" points="{points}"/>')
    parts += [_legend(lines[at].legend, at, row, bottom, width) for row, at in enumerate(named)]
    body = f'<svg width="{width}" height="{height}" style="position:absolute;left:0;top:0">{"".join(parts)}</svg>'
    return _section(panel, body)


def _stacked(lines: Sequence[Line]) -> list[Line]:
    sums: dict[float, float] = {}
    drawn = []
    for line in lines:
        for moment_s, value in line.points:
            sums[moment_s] = sums.get(moment_s, 0.0) + value
        drawn.append(Line(line.legend, tuple((moment_s, sums[moment_s]) for moment_s, _ in line.points)))
    return drawn


def _axis(top: float, unit: str, bottom: float, width: float) -> str:
    marks = []
    for part in (0.0, 0.5, 1.0):
        y = bottom - part * (bottom - _TOP_PX)
        marks.append(f'<line x1="{_LEFT_PX}" x2="{width - 10}" y1="{y}" y2="{y}" stroke="#e3e7ec"/>')
        marks.append(
            f'<text x="{_LEFT_PX - 6}" y="{y + 4}" font-size="10" text-anchor="end" fill="#55606e">'
            f"{escape(shown(part * top, unit))}</text>"
        )
    return "".join(marks)


def _legend(text: str, number: int, row: int, bottom: float, width: float) -> str:
    x = 14 + (row % 2) * (width - 14) / 2
    y = bottom + _BOTTOM_PX + _LEGEND_LINE_PX * (row // 2)
    colour = _COLOURS[number % len(_COLOURS)]
    return (
        f'<rect x="{x:.0f}" y="{y - 8:.0f}" width="10" height="3" fill="{colour}"/>'
        f'<text x="{x + 15:.0f}" y="{y - 3:.0f}" font-size="10.5" fill="#1c2430">{escape(text)}</text>'
    )


def _section(panel: Panel, body: str) -> str:
    place = (
        f"left:{panel.x * COLUMN_PX}px;top:{panel.y * ROW_PX}px;"
        f"width:{panel.width * COLUMN_PX - GAP_PX}px;height:{panel.height * ROW_PX - GAP_PX}px"
    )
    return f'<section style="{place}"><h2>{escape(panel.title)}</h2>{body}</section>'
