"""What `/healthz` and `/readyz` answer: two questions about the loop, answered from another thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reconciler.informer.informer import Informer
    from reconciler.loop.heartbeat import Heartbeat
    from reconciler.loop.job import Job

# A snapshot that two resyncs did not confirm is old; an engine that is slow to answer gets a little longer.
STALE_RESYNCS = 2
PATIENCE_S = 10.0


class Readiness:
    """Asks the loop's parts, which change under its eyes: each answer is of the moment."""

    def __init__(
        self,
        informer: Informer,
        jobs: Sequence[Job],
        heartbeat: Heartbeat,
        *,
        resync_s: float,
        clock: Callable[[], float],
    ) -> None:
        """Take what is asked.

        Args:
            informer: whether there is a snapshot, and how old it is.
            jobs: whether their templates parse.
            heartbeat: whether the loop moves.
            resync_s: seconds between two lists.
            clock: monotonic, seconds.
        """
        self._informer = informer
        self._jobs = jobs
        self._heartbeat = heartbeat
        self._stale_s = STALE_RESYNCS * resync_s + PATIENCE_S
        self._clock = clock

    def healthy(self) -> tuple[bool, str]:
        """Tell whether the loop moves, and a reason in one line."""
        if self._heartbeat.alive():
            return True, "ok: the loop moves"
        return False, f"the loop has not moved for {self._heartbeat.still_s():.0f} s"

    def ready(self) -> tuple[bool, str]:
        """Tell whether a complete snapshot is there and fresh, every template parses, and every job had its first pass.

        The reason is one line.
        """
        if self._informer.snapshot is None:
            return False, "the engine's state was not read yet"
        old_s = self._clock() - (self._informer.fresh_at_s or 0.0)
        if old_s > self._stale_s:
            return False, f"the engine's state is {old_s:.0f} s old"
        broken = [job.name for job in self._jobs if not job.desired.parses]
        if broken:
            return False, f"the template for {', '.join(broken)} can't be loaded"
        waiting = [job.name for job in self._jobs if not job.was_reconciled]
        if waiting:
            return False, f"the first content of {', '.join(waiting)} is still being made"
        return True, "ok: the state is complete and fresh"
