"""`--one-shot`: one pass within one budget of time, and a status that says how it went."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

from notify.notifier import flush
from reconciler.loop.job import Job, View
from reconciler.loop.work_queue import StopAsked, WorkQueue

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable

    from reconciler.informer.informer import Informer
    from reconciler.loop.heartbeat import Heartbeat

BUDGET_S = 30.0


class Status(IntEnum):
    """Exit statuses of the program."""

    OK = 0
    UNEXPECTED = 1
    USAGE = 2
    ENGINE_UNREACHABLE = 11
    TEMPLATE_FAILED = 12
    WRITE_FAILED = 13
    NOTIFICATION_FAILED = 14


class OneShot:
    """The single pass of one job; one budget serves for the engine, the write and the notifications."""

    def __init__(
        self,
        informer: Informer,
        job: Job,
        *,
        queue: WorkQueue,
        clock: Callable[[], float],
        heartbeat: Heartbeat,
        log: logging.Logger,
        deadline_s: float,
    ) -> None:
        """Hand in the parts.

        Args:
            informer: the state; no stream is subscribed to.
            job: whose template is loaded already.
            queue: where a signal's StopAsked arrives.
            clock: monotonic, seconds.
            heartbeat: shows that the pass moves.
            log: where a failure is told.
            deadline_s: the end of the budget, on the monotonic clock.
        """
        self._informer = informer
        self._job = job
        self._queue = queue
        self._clock = clock
        self._heartbeat = heartbeat
        self._log = log
        self._deadline_s = deadline_s

    def run(self) -> Status:
        """Read, render, write, tell."""
        self._informer.on_reload()
        view = self._view()
        if view is None:
            self._log.error("the engine's state could not be read in time; the target is left as it is")
            return Status.ENGINE_UNREACHABLE
        written = self._write(view)
        if written is not Status.OK:
            return written
        if not flush([self._job.notifier], self._deadline_s, clock=self._clock, wait=self._queue.take):
            self._log.error("not everybody could be told in time; what is left stays owed")
            return Status.NOTIFICATION_FAILED
        return Status.OK

    def _view(self) -> View | None:
        informer = self._informer
        while not informer.sync() or informer.snapshot is None or informer.listed is None:
            if not self._wait(informer.next_due()):
                return None
        return View(informer.snapshot, informer.revision, informer.store, informer.listed, informer.take_changes())

    def _write(self, view: View) -> Status:
        while not self._job.reconcile(view):
            if self._job.desired.is_pending:
                if not self._wait_for_render():
                    self._log.error("the template could not be rendered in time; the target is left as it is")
                    return Status.TEMPLATE_FAILED
                continue
            retry_at_s = self._job.next_due()
            if self._job.desired.failure is not None:
                return Status.TEMPLATE_FAILED
            # A pipe gets a reader sooner or later; a file's fault is for people, who wait for the status.
            if self._job.target.is_file or retry_at_s is None or not self._wait(retry_at_s):
                return Status.WRITE_FAILED
        return Status.OK

    def _wait_for_render(self) -> bool:
        """Wait for something to arrive, and tell whether it did in time."""
        self._heartbeat.beat()
        # Whoever asks for an end meanwhile gets the pass, too: the signals' thread sees to it that it ends in time.
        return bool(self._queue.take(self._deadline_s))

    def _wait(self, until_s: float) -> bool:
        """Wait, and tell whether there is time for another try."""
        if until_s >= self._deadline_s:
            return False
        self._heartbeat.beat()
        return not any(isinstance(wakeup, StopAsked) for wakeup in self._queue.take(until_s))
