"""Guesses at what a misspelt name was meant to be."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def did_you_mean(name: str, known: Iterable[str], *, prefix: str) -> str:
    """A half sentence such as ` (did you mean --resync?)`, or '' where nothing is near.

    Args:
        name: what is written.
        known: the names that there are.
        prefix: what all of them begin with: it makes nothing alike.
    """
    import difflib  # late: only a mistake needs it

    ends = [one.removeprefix(prefix) for one in known]
    near = difflib.get_close_matches(name.removeprefix(prefix), ends, n=1, cutoff=0.6)
    return f" (did you mean {prefix}{near[0]}?)" if near else ""
