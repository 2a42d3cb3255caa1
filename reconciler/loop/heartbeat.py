"""The heartbeat: shows that the loop moves, whatever the engine and the templates do to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

# Longer than any single step may take: one request's read timeout, or one render, with room for a slow machine.
STILL_S_MAX = 45.0


class Heartbeat:
    """Written by the loop's thread after every step, read by the one that answers `/healthz`."""

    def __init__(self, clock: Callable[[], float], *, still_s_max: float = STILL_S_MAX) -> None:
        """Start alive.

        Args:
            clock: monotonic, seconds.
            still_s_max: how long the loop may stand still, seconds.
        """
        self._clock = clock
        self._still_s_max = still_s_max
        self._beat_at_s = clock()

    def beat(self) -> None:
        """Note that a step is done."""
        self._beat_at_s = self._clock()

    def still_s(self) -> float:
        """Say how long ago the last step was done, seconds."""
        return self._clock() - self._beat_at_s

    def alive(self) -> bool:
        """Tell whether the loop moves."""
        return self.still_s() <= self._still_s_max
