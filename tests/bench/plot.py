"""A plot on two logarithmic axes, as SVG: readable on light and dark pages, without any library."""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_WIDTH, _HEIGHT = 420, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 62, 14, 34, 44
COLOURS = ("#2f81f7", "#8b949e", "#d9534f", "#3fb950")


@dataclass(frozen=True, slots=True)
class Line:
    """A named row of (x, y) points in order of x."""

    name: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Panel:
    """One pair of axes.

    Attributes:
        title: above it.
        x_name: below the horizontal axis.
        lines: at most four.
        logarithmic: both axes; else both begin at zero.
    """

    title: str
    x_name: str
    lines: Sequence[Line]
    logarithmic: bool = True


def svg(panels: Sequence[Panel]) -> str:
    """The panels side by side, each with its legend."""
    width, height = _WIDTH * len(panels), _HEIGHT + 26
    size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="12">',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
    ]
    for number, panel in enumerate(panels):
        parts += [f'<g transform="translate({number * _WIDTH} 0)">', *_panel(panel), *_legend(panel.lines), "</g>"]
    return "\n".join([*parts, "</svg>", ""])


def _panel(panel: Panel) -> list[str]:
    scale_x = _Scale([x for line in panel.lines for x, _ in line.points], _LEFT, _WIDTH - _RIGHT, panel.logarithmic)
    scale_y = _Scale([y for line in panel.lines for _, y in line.points], _HEIGHT - _BOTTOM, _TOP, panel.logarithmic)
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    parts = [_text(middle, 20, panel.title, "middle", "bold"), _text(middle, _HEIGHT - 8, panel.x_name, "middle")]
    for value in scale_x.ticks:
        x = scale_x.at(value)
        parts += [_rule(x, _TOP, x, _HEIGHT - _BOTTOM), _text(x, _HEIGHT - _BOTTOM + 16, _label(value), "middle")]
    for value in scale_y.ticks:
        y = scale_y.at(value)
        parts += [_rule(_LEFT, y, _WIDTH - _RIGHT, y), _text(_LEFT - 6, y + 4, _label(value), "end")]
    for line, colour in zip(panel.lines, COLOURS, strict=False):
        points = [(scale_x.at(x), scale_y.at(y)) for x, y in line.points]
        parts.append(_polyline(points, colour))
        if len(points) < 20:
            parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in points]
    return parts


class _Scale:
    """From values to places on an axis."""

    def __init__(self, values: Sequence[float], begin: float, end: float, logarithmic: bool) -> None:  # noqa: FBT001
        self._logarithmic = logarithmic
        self._begin, self._end = begin, end
        if logarithmic:
            powers = [math.log10(value) for value in values if value > 0] or [0.0]
            low = math.floor(min(powers))
            high = max(math.ceil(max(powers)), low + 1)
            self._low, self._high = float(low), float(high)
            self.ticks = [10.0**power for power in range(low, high + 1)]
        else:
            step = _step(max([*values, 1e-9]))
            count = math.ceil(max([*values, 1e-9]) / step)
            self._low, self._high = 0.0, step * count
            self.ticks = [step * number for number in range(count + 1)]

    def at(self, value: float) -> float:
        placed = math.log10(max(value, 10.0**self._low)) if self._logarithmic else value
        return self._begin + (placed - self._low) / (self._high - self._low) * (self._end - self._begin)


def _step(largest: float) -> float:
    """A round step that cuts an axis into two to five parts."""
    power = 10.0 ** math.floor(math.log10(largest))
    return next(power * part for part in (0.2, 0.5, 1.0, 2.0) if largest / (power * part) <= 5)


def _label(value: float) -> str:
    return f"{value:,.0f}" if value >= 1 or value == 0 else f"{value:g}"


def _rule(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="#d0d7de"/>'


def _text(x: float, y: float, text: str, anchor: str, weight: str = "normal") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-weight="{weight}" fill="#24292f">'
        f"{escape(text)}</text>"
    )


def _polyline(points: Sequence[tuple[float, float]], colour: str) -> str:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'


def _legend(lines: Sequence[Line]) -> list[str]:
    parts, x = [], float(_LEFT)
    for line, colour in zip(lines, COLOURS, strict=False):
        parts.append(f'<rect x="{x:.0f}" y="{_HEIGHT + 6}" width="12" height="12" fill="{colour}"/>')
        parts.append(_text(x + 18, _HEIGHT + 16, line.name, "start"))
        x += 40 + 7.5 * len(line.name)
    return parts
