"""`--one-shot`: one pass within one budget of time, and a status that says how it went."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.backoff import delay_s
from models.work_queue import WorkQueue
from notify.together import flush
from reconciler.exit_status import ExitStatus
from reconciler.loop.order import WriteOrder
from reconciler.loop.wakeups import StopAsked, Wakeup

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Mapping, Sequence

    from reconciler.inbox import Inbox
    from reconciler.loop.heartbeat import Heartbeat
    from reconciler.loop.job import Job
    from reconciler.loop.order import Waiting
    from reconciler.loop.pass_input import EngineStates, PassInput

BUDGET_S = 30.0
# After a stop was asked for: an answer that is on its way is used, and nothing else is waited for.
STOP_PATIENCE_S = 0.3


class OneShot:
    """The single pass of all jobs; one budget serves for the engines, the writes and the notifications."""

    def __init__(
        self,
        states: EngineStates,
        jobs: Sequence[Job],
        *,
        inbox: Inbox[Wakeup],
        clock: Callable[[], float],
        chance: Callable[[], float],
        heartbeat: Heartbeat,
        log: logging.Logger,
        deadline_s: float,
    ) -> None:
        """Take the parts.

        Args:
            states: what the informers publish; no stream is subscribed to.
            jobs: whose templates are loaded already, each with a name of its own.
            inbox: where a published state, an arrived render and a signal's StopAsked arrive.
            clock: monotonic, seconds.
            chance: random numbers in [0, 1), for the delays of retries.
            heartbeat: shows that the pass moves.
            log: where a failure is told.
            deadline_s: the end of the budget, on the monotonic clock.
        """
        self._states = states
        self._jobs: Mapping[str, Job] = {job.name: job for job in jobs}
        self._order = WriteOrder(self._jobs)
        self._inbox = inbox
        self._clock = clock
        self._heartbeat = heartbeat
        self._log = log
        self._deadline_s = deadline_s
        self._wait_until_s = deadline_s
        self._queue: WorkQueue[str] = WorkQueue(lambda failures: delay_s(failures, chance()))

    def run(self) -> ExitStatus:
        """Read, render, write, tell.

        Returns:
            How it went; of several jobs that failed, how the first one did.
        """
        view = self._view()
        if view is None:
            self._log.error("the engine's state could not be read in time; the target is left as it is")
            return ExitStatus.ENGINE_UNREACHABLE
        statuses: dict[str, ExitStatus] = {}
        told = True
        for stage in self._order.stages():
            self._write(view, stage, statuses)
            written = [self._jobs[name].notifier for name in stage if self._jobs[name].is_usable]
            told = flush(written, self._deadline_s, clock=self._clock, wait=self._inbox.take) and told
        if not told:
            self._log.error("not every container could be notified in time; the rest stays pending")
        failed = (statuses[name] for name in self._jobs if statuses[name] is not ExitStatus.OK)
        return next(failed, ExitStatus.OK if told else ExitStatus.NOTIFICATION_FAILED)

    def _view(self) -> PassInput | None:
        while (view := self._states.take()) is None:
            self._wait(self._wait_until_s)
            if self._clock() >= self._wait_until_s:
                return None
        return view

    def _write(self, view: PassInput, names: Sequence[str], statuses: dict[str, ExitStatus]) -> None:
        """Reconcile jobs until each is in sync, or no time would mend it; their statuses are added to the others'."""
        for name in names:
            self._queue.add(name, self._clock())
        while True:
            now_s = self._clock()
            while (due := self._queue.get(now_s)) is not None:
                status = self._reconcile(self._jobs[due], view, statuses)
                self._queue.done(due)
                if status is not None:
                    statuses[due] = status
            waiting = [name for name in names if name not in statuses]
            if not waiting:
                return
            self._wait(min(self._deadline_s, self._queue.next_due() or self._deadline_s))
            for name in waiting:
                due_s = self._queue.due_at(name)
                if due_s is None:  # it waits for a render, which may have arrived
                    self._queue.add(name, self._clock())
                elif due_s >= self._wait_until_s:
                    self._queue.remove(name)
                    statuses[name] = ExitStatus.WRITE_FAILED

    def _reconcile(self, job: Job, view: PassInput, others: Mapping[str, ExitStatus]) -> ExitStatus | None:
        """One try; None where there is another one."""
        report = job.reconcile(view, self._order.before)
        if job.waiting is not None:
            return self._waits(job, job.waiting, others)
        if report is None:
            return self._not_rendered()
        if report.ok:
            return ExitStatus.OK
        if job.desired.failure is not None:
            return ExitStatus.TEMPLATE_FAILED
        # A pipe gets a reader sooner or later; a file's fault is for people, who wait for the status.
        if job.target.is_file:
            return ExitStatus.WRITE_FAILED
        self._queue.add_rate_limited(job.name, self._clock())
        return None

    def _not_rendered(self) -> ExitStatus | None:
        if self._clock() < self._deadline_s:
            return None
        self._log.error("the template could not be rendered in time; the target is left as it is")
        return ExitStatus.TEMPLATE_FAILED

    def _waits(self, job: Job, waiting: Waiting, others: Mapping[str, ExitStatus]) -> ExitStatus:
        """Give a job up: those before it had their time. It fails as the one that it waits for does."""
        self._log.error("%s is not written: %s; it is left as it is", job.name, waiting)
        failed = others.get(waiting.job, ExitStatus.OK)
        return ExitStatus.NOTIFICATION_FAILED if failed is ExitStatus.OK else failed

    def _wait(self, until_s: float) -> None:
        """Wait for something to arrive. Who asks for an end gets what is on its way: see `SignalThread`."""
        self._heartbeat.beat()
        if any(isinstance(wakeup, StopAsked) for wakeup in self._inbox.take(until_s)):
            self._wait_until_s = min(self._wait_until_s, self._clock() + STOP_PATIENCE_S)
