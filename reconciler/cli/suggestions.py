"""Guesses at what a misspelt name was meant to be."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A half sentence such as ` (did you mean --resync?)`, or '' where nothing is near."""
    import difflib  # late: only a mistake needs it

    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f" (did you mean {near[0]}?)" if near else ""
