"""`--one-shot`: one pass within one budget of time, and a status that says how it went."""

from __future__ import annotations

from typing import TYPE_CHECKING

from notify.notifier import flush
from reconciler.exit_status import ExitStatus
from reconciler.loop.wakeups import StopAsked, Wakeup

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable

    from reconciler.inbox import Inbox
    from reconciler.loop.heartbeat import Heartbeat
    from reconciler.loop.job import Job
    from reconciler.loop.pass_input import EngineStates, PassInput

BUDGET_S = 30.0
# After a stop was asked for: an answer that is on its way is used, and nothing else is waited for.
STOP_PATIENCE_S = 0.3


class OneShot:
    """The single pass of one job; one budget serves for the engine, the write and the notifications."""

    def __init__(
        self,
        states: EngineStates,
        job: Job,
        *,
        inbox: Inbox[Wakeup],
        clock: Callable[[], float],
        heartbeat: Heartbeat,
        log: logging.Logger,
        deadline_s: float,
    ) -> None:
        """Take the parts.

        Args:
            states: what the informers publish; no stream is subscribed to.
            job: whose template is loaded already.
            inbox: where a published state and a signal's StopAsked arrive.
            clock: monotonic, seconds.
            heartbeat: shows that the pass moves.
            log: where a failure is told.
            deadline_s: the end of the budget, on the monotonic clock.
        """
        self._states = states
        self._job = job
        self._inbox = inbox
        self._clock = clock
        self._heartbeat = heartbeat
        self._log = log
        self._deadline_s = deadline_s
        self._wait_until_s = deadline_s

    def run(self) -> ExitStatus:
        """Read, render, write, tell."""
        view = self._view()
        if view is None:
            self._log.error("the engine's state could not be read in time; the target is left as it is")
            return ExitStatus.ENGINE_UNREACHABLE
        written = self._write(view)
        if written is not ExitStatus.OK:
            return written
        if not flush([self._job.notifier], self._deadline_s, clock=self._clock, wait=self._inbox.take):
            self._log.error("not everybody could be told in time; what is left stays owed")
            return ExitStatus.NOTIFICATION_FAILED
        return ExitStatus.OK

    def _view(self) -> PassInput | None:
        while (view := self._states.take()) is None:
            if not self._wait(self._wait_until_s):
                return None
        return view

    def _write(self, view: PassInput) -> ExitStatus:
        while not self._job.reconcile(view):
            if self._job.desired.is_pending:
                if not self._wait_for_render():
                    self._log.error("the template could not be rendered in time; the target is left as it is")
                    return ExitStatus.TEMPLATE_FAILED
                continue
            retry_at_s = self._job.next_due()
            if self._job.desired.failure is not None:
                return ExitStatus.TEMPLATE_FAILED
            # A pipe gets a reader sooner or later; a file's fault is for people, who wait for the status.
            if self._job.target.is_file or retry_at_s is None or not self._wait_until(retry_at_s):
                return ExitStatus.WRITE_FAILED
        return ExitStatus.OK

    def _wait_until(self, moment_s: float) -> bool:
        """Wait for a moment, and tell whether there is time for another try."""
        while moment_s < self._wait_until_s:
            if self._clock() >= moment_s:
                return True
            self._wait(moment_s)
        return False

    def _wait_for_render(self) -> bool:
        """Wait for something to arrive, and tell whether there is time left."""
        self._heartbeat.beat()
        # Whoever asks for an end meanwhile gets the pass, too: the signals' thread sees to it that it ends in time.
        self._inbox.take(self._deadline_s)
        return self._clock() < self._deadline_s

    def _wait(self, until_s: float) -> bool:
        """Wait for news, and tell whether there is time left."""
        self._heartbeat.beat()
        if any(isinstance(wakeup, StopAsked) for wakeup in self._inbox.take(until_s)):
            self._wait_until_s = min(self._wait_until_s, self._clock() + STOP_PATIENCE_S)
        return self._clock() < self._wait_until_s
