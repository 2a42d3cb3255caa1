"""Patience between failures: the delays of `models.backoff`, with a memory of how often it failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.backoff import delay_s

if TYPE_CHECKING:
    from collections.abc import Callable


class Backoff:
    """Counts failures in a row."""

    def __init__(self, chance: Callable[[], float]) -> None:
        """Take a source of random numbers in [0, 1)."""
        self._chance = chance
        self._failures = 0

    def next_delay_s(self) -> float:
        """Count a failure, and say how many seconds to wait after it."""
        self._failures += 1
        return delay_s(self._failures, self._chance())

    def reset(self) -> None:
        """Begin anew after a success."""
        self._failures = 0
