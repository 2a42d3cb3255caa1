"""What `/healthz` and `/readyz` answer: two questions about the loop, answered from another thread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reconciler.informer.state import EngineState
    from reconciler.loop.heartbeat import Heartbeat
    from reconciler.loop.job import Job
    from reconciler.loop.pass_input import EngineStates

# A snapshot that two resyncs did not confirm is old; an engine that is slow to answer gets a little longer.
STALE_RESYNCS = 2
PATIENCE_S = 10.0


class Loop(Protocol):
    """What is asked of the loop."""

    @property
    def states(self) -> EngineStates:
        """The engines' states."""

    @property
    def jobs(self) -> Sequence[Job]:
        """All jobs."""

    @property
    def unexpected_failure(self) -> str:
        """What the last pass failed with that nobody foresaw; '' where it did not."""


class Readiness:
    """Asks the loop's parts, which change under its eyes: each answer is of the moment."""

    def __init__(
        self,
        loop: Loop,
        heartbeat: Heartbeat,
        *,
        resync_s: float,
        clock: Callable[[], float],
    ) -> None:
        """Take what is asked.

        Args:
            loop: the states that it sees, its jobs, and whether its passes succeed.
            heartbeat: whether it moves.
            resync_s: seconds between two lists.
            clock: monotonic, seconds.
        """
        self._loop = loop
        self._heartbeat = heartbeat
        self._stale_s = STALE_RESYNCS * resync_s + PATIENCE_S
        self._clock = clock

    def healthy(self) -> tuple[bool, str]:
        """Tell whether the loop moves, and a reason in one line."""
        if self._heartbeat.alive():
            return True, "ok: the loop is running"
        return False, f"the loop has been stuck for {self._heartbeat.still_s():.0f} s"

    def ready(self) -> tuple[bool, str]:
        """Tell whether a complete snapshot is there and fresh, every template parses, and every job had its first pass.

        The reason is one line.
        """
        reason = self._unread(self._loop.states.latest()) or self._broken()
        return (False, reason) if reason else (True, "ok: the state is complete and fresh")

    def _unread(self, states: Sequence[EngineState]) -> str:
        if any(state.snapshot is None for state in states):
            return "the engine's state has not been read yet"
        old_s = max(self._clock() - (state.fresh_at_s or 0.0) for state in states)
        return f"the engine's state is {old_s:.0f} s old" if old_s > self._stale_s else ""

    def _broken(self) -> str:
        broken = [job.name for job in self._loop.jobs if not job.desired.parses]
        if broken:
            return f"the template for {', '.join(broken)} can't be loaded"
        if self._loop.unexpected_failure:
            return f"a pass failed unexpectedly ({self._loop.unexpected_failure})"
        missing = [job for job in self._loop.jobs if not job.was_reconciled]
        rendered = [job.name for job in missing if job.waiting is None]
        if rendered:
            return f"the first content of {', '.join(rendered)} is still being rendered"
        return next((f"{job.name} is not written yet: {job.waiting}" for job in missing), "")
