"""When each job is due, whatever the reason: a new state, an arrived render, a retry, the resync. One queue of names.

A job that failed waits for its retry: changes that it can't write do not hurry it. Where only a part of its target
failed, they are written at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.backoff import delay_s
from models.work_queue import WorkQueue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class JobQueue:
    """The names of the jobs that are to be reconciled, now or later. Moments are on one clock, in seconds."""

    def __init__(self, *, chance: Callable[[], float], resync_s: float) -> None:
        """Begin empty.

        Args:
            chance: random numbers in [0, 1), for the delays of retries.
            resync_s: each target is compared at least so often, seconds.
        """
        self._resync_s = resync_s
        self._partial: set[str] = set()
        self._queue: WorkQueue[str] = WorkQueue(lambda failures: delay_s(failures, chance()))

    def state_changed(self, name: str, now_s: float) -> None:
        """There is a new state to render."""
        if name in self._partial or not self._queue.failures(name):
            self._queue.add(name, now_s)

    def add_at(self, name: str, at_s: float) -> None:
        """There is something to do at a moment, whatever failed before."""
        self._queue.add_at(name, at_s)

    def begin_anew(self, name: str, now_s: float) -> None:
        """Somebody asked for it: it is due now, and what failed before does not count."""
        self._queue.forget(name)
        self._queue.add(name, now_s)

    def remove(self, name: str) -> None:
        """The job is gone; nothing is to be done for it, whatever failed before."""
        self._partial.discard(name)
        self._queue.remove(name)
        self._queue.forget(name)

    def take(self, now_s: float) -> Iterator[str]:
        """Each job that is due, the longest due first; call `ended` for each."""
        while (name := self._queue.get(now_s)) is not None:
            try:
                yield name
            finally:
                self._queue.done(name)

    def ended(self, name: str, now_s: float, *, failed: bool | None, is_partial: bool = False) -> None:
        """A pass over a target has ended.

        Args:
            name: the job's.
            now_s: when.
            failed: whether it is tried again with backoff; None where the pass waits for a render, and makes the job
                due when that arrives.
            is_partial: whether what failed is a part of the target alone: what changes is still written at once.
        """
        if failed is not None:
            (self._partial.add if is_partial else self._partial.discard)(name)
        self._queue.add_after(name, now_s, self._resync_s)
        if failed:
            self._queue.add_rate_limited(name, now_s)
        elif failed is not None:
            self._queue.forget(name)

    def next_due(self) -> float | None:
        """When `take` gives something, possibly past; None: not before something is added."""
        return self._queue.next_due()
