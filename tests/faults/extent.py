"""How much of each fault is tried: the brief form, as everybody's tests do, or the full one of `./dev faults`.

`PYGEN_FAULTS=full` or `brief` chooses; read here and nowhere else.
"""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Extent:
    """Counts and lengths. A part is a test of its own, so that none takes for ever and they run side by side.

    Attributes:
        kills: of each part of the random kills.
        kill_parts: how many such parts.
        reloads: SIGHUPs in the storm.
        crash_loop_s: how long a container crashes ten times a second, seconds.
        real_crashes: how often a real container crashes in its loop.
        replacements: of each part under the eyes of a reader without pause.
        replacement_parts: how many such parts.
        hang_s: how long an engine hangs, seconds; None: until that was noticed.
    """

    kills: int
    kill_parts: int
    reloads: int
    crash_loop_s: float
    real_crashes: int
    replacements: int
    replacement_parts: int
    hang_s: float | None


_BRIEF = Extent(
    kills=10,
    kill_parts=2,
    reloads=100,
    crash_loop_s=4.0,
    real_crashes=3,
    replacements=150,
    replacement_parts=1,
    hang_s=None,
)
_FULL = Extent(
    kills=20,
    kill_parts=10,
    reloads=1000,
    crash_loop_s=60.0,
    real_crashes=6,
    replacements=1000,
    replacement_parts=10,
    hang_s=30.0,
)


def chosen() -> Extent:
    """The form that was asked for.

    Raises:
        ValueError: neither of the two.
    """
    asked = os.environ.get("PYGEN_FAULTS") or "brief"
    if asked not in {"brief", "full"}:
        raise ValueError(f"PYGEN_FAULTS is {asked!r}, and can be full or brief")
    return _FULL if asked == "full" else _BRIEF


EXTENT = chosen()
