"""A duty cycle: under a storm of changes a thread rests as long as it worked, so that a core is at most half busy.

A single change is never held up: the rest after the work before it is long over. In a storm the events that arrive
during a rest are answered by one piece of work together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

# A little more than one, because what other threads do during the rest is not measured in full.
REST_RATIO = 1.2
# A single pass over ten thousand containers may take longer than anybody wants to wait for the next.
REST_S_MAX = 1.0
# Work that begins so soon after a rest is part of a storm: what others did meanwhile, because of it, counts as well.
_SOON_S = 0.05


class DutyCycle:
    """Measures work by the processor time that the process used meanwhile: what follows from it has other threads."""

    def __init__(self, clock: Callable[[], float], processor_time: Callable[[], float]) -> None:
        """Begin rested.

        Args:
            clock: monotonic, seconds.
            processor_time: of the whole process, seconds.
        """
        self._clock = clock
        self._processor_time = processor_time
        self._begun_s = 0.0
        self._ended_s = 0.0
        self.rest_until_s = 0.0

    def begin(self) -> None:
        """Start to measure."""
        is_storm = self._clock() < self.rest_until_s + _SOON_S
        self._begun_s = self._ended_s if is_storm else self._processor_time()

    def end(self) -> None:
        """Set how long to rest."""
        self._ended_s = self._processor_time()
        worked_s = self._ended_s - self._begun_s
        self.rest_until_s = max(self.rest_until_s, self._clock() + min(worked_s * REST_RATIO, REST_S_MAX))

    def is_resting(self) -> bool:
        """Whether the rest is not over yet; from any thread."""
        return self._clock() < self.rest_until_s

    def rest(self, duration_s: float) -> None:
        """Rest at least so long, in seconds."""
        self.rest_until_s = self._clock() + duration_s
