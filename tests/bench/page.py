"""What the benchmark's pages are made of: tables, numbers, and what is asked for beside what is."""

from __future__ import annotations

import math
import os
import platform
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Asked:
    """One row of the table of what is asked for.

    Attributes:
        what: the figure in words.
        bound: what it may be.
        found: what it is.
        met: whether it is within the bound.
        gap: why it is not, where that is known.
    """

    what: str
    bound: str
    found: str
    met: bool
    gap: str = ""


def at_most(what: str, value: float, bound: float, unit: str = "", digits: int = 2) -> Asked:
    """A figure that may be so much and no more.

    Args:
        what: the figure in words.
        value: what it is.
        bound: what it may be.
        unit: of both, with a space before it.
        digits: behind the point.
    """
    return Asked(what, f"at most {bound:g}{unit}", f"{number(value, digits)}{unit}", value <= bound)


def asked_table(asked: Sequence[Asked]) -> list[str]:
    """The rows of what is asked for, with their head."""
    rows = [(row.what, row.bound, row.found, "yes" if row.met else _no(row.gap)) for row in asked]
    return ["## What is asked for", "", *table(("figure", "asked", "found", "met"), rows), ""]


def _no(gap: str) -> str:
    return f"**no**: {gap}" if gap else "**no**"


def machine() -> str:
    """Where it was measured, in a few words."""
    return f"{os.cpu_count()} processors, Python {platform.python_version()}, {platform.system()}"


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A table's lines in Markdown."""
    return [_row(heads), _row(["---"] * len(heads)), *map(_row, rows)]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def number(value: float, digits: int = 2) -> str:
    """A figure for people: `never` where it is endless, no more digits than it is worth."""
    if not math.isfinite(value):
        return "never"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.{digits}f}"
