"""The tests' clock: it moves only when a test, or the code under test by sleeping, moves it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class FakeClock:
    """Monotonic seconds, a wall clock that keeps step with them, and sleeping that takes no time.

    Attributes:
        now_s: what the clock shows.
        slept_s: how long each sleep was, in order.
    """

    now_s: float = 1000.0
    slept_s: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now_s

    def wall(self) -> float:
        """Seconds since the epoch."""
        return self.now_s + 1_700_000_000.0

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.now_s += seconds

    def sleep(self, duration_s: float) -> None:
        """Return at once; only the clock has moved."""
        self.slept_s.append(duration_s)
        self.now_s += duration_s

    def tick(self) -> None:
        """Let the least time pass: no two events of a test happen at the same moment."""
        self.now_s += 0.000_001
