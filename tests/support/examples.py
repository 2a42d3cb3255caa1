"""How many examples a property is tried on: all of them, or the few of `./dev unit`."""

from __future__ import annotations

import os

_IS_BRIEF = os.environ.get("PYGEN_EXAMPLES") == "brief"


def examples(count: int) -> int:
    """A fifth of the examples, and at least five, where `PYGEN_EXAMPLES=brief` asks for few."""
    return max(5, count // 5) if _IS_BRIEF else count
