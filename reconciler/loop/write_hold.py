"""Notifications wait a moment for the files of the same change: readers that look at several find all of them new."""

from __future__ import annotations

import math

HOLD_S = 0.25
"""Most renders take a few milliseconds. For a template that takes longer, nobody else's reader waits."""


class WriteHold:
    """Says whether notifications wait. However often the state changes, they do so once until all files are written."""

    def __init__(self, hold_s: float = HOLD_S) -> None:
        self._hold_s = hold_s
        self._until_s: float | None = None

    def holds(self, now_s: float, *, is_written: bool) -> bool:
        """Tell whether to wait on.

        Args:
            now_s: on the monotonic clock.
            is_written: whether no render of the last state is on its way.
        """
        if is_written:
            self._until_s = None
            return False
        if self._until_s is None:
            self._until_s = now_s + self._hold_s
        return now_s < self._until_s

    def not_before_s(self, now_s: float) -> float:
        """When the wait ends; long ago where there is none."""
        return -math.inf if self._until_s is None or now_s >= self._until_s else self._until_s
