"""`--interval`: when a batch of changes is told. Pure arithmetic; the clock's readings are arguments."""

from __future__ import annotations

import math

from models.frozen import frozen


@frozen
class Interval:
    """The first and the last moment of a batch.

    Attributes:
        min_s: seconds from a change to its notification; each further change before that starts them anew.
        max_s: seconds after the first change of the batch that are never passed.
    """

    min_s: float = 0.5
    max_s: float = 2.0

    def __post_init__(self) -> None:
        """Refuse what is no interval; ValueError with words for people."""
        if not (math.isfinite(self.min_s) and math.isfinite(self.max_s)):
            raise ValueError(f"an interval's bounds are numbers of seconds, not {self.min_s:g} and {self.max_s:g}")
        if self.min_s < 0:
            raise ValueError(f"an interval cannot be negative: {self.min_s:g}")
        if self.min_s > self.max_s:
            raise ValueError(f"MIN ({self.min_s:g} s) of an interval is over its MAX ({self.max_s:g} s)")


@frozen
class Batch:
    """Changes that are told together.

    Attributes:
        first_at_s: when the first of them was made, on the monotonic clock.
        due_at_s: when they are told.
    """

    first_at_s: float
    due_at_s: float

    @classmethod
    def opened(cls, interval: Interval, at_s: float) -> Batch:
        """A new batch, for a change made now."""
        return cls(first_at_s=at_s, due_at_s=at_s + interval.min_s)

    def changed(self, interval: Interval, at_s: float) -> Batch:
        """The same batch after a further change.

        A batch that is due already stays due: it only waits for the loop to come by, and takes the change along.
        """
        if at_s >= self.due_at_s:
            return self
        return Batch(self.first_at_s, min(at_s + interval.min_s, self.first_at_s + interval.max_s))
