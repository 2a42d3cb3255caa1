"""A clock that only moves when a test tells it to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class FakeClock:
    """Monotonic seconds, and a wall clock that goes along with them."""

    now_s: float = 1000.0

    def __call__(self) -> float:
        return self.now_s

    def wall(self) -> float:
        """Seconds since the epoch."""
        return self.now_s + 1_700_000_000.0

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.now_s += seconds

    def tick(self) -> None:
        """Time passes between any two things that happen."""
        self.now_s += 0.000_001
