"""The loop: takes what woke it up, takes the latest states of the engines, and reconciles every job that is due.

The loop never ends by itself, and never waits for an engine: that is what informers do. A template that fails, a disk
that is full, a fault of ours in one job: each is told, counted and tried again, and costs the other jobs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from models.pass_report import PassReport, ReconcileReport
from notify.together import advance, flush
from reconciler.backoff import Backoff
from reconciler.loop.job_queue import JobQueue
from reconciler.loop.order import WriteOrder
from reconciler.loop.pass_input import containers_by_state
from reconciler.loop.wakeups import ReloadAsked, StopAsked, Wakeup
from reconciler.loop.write_hold import WriteHold

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Mapping, Sequence

    from reconciler.duty_cycle import DutyCycle
    from reconciler.inbox import Inbox
    from reconciler.loop.heartbeat import Heartbeat
    from reconciler.loop.job import Job
    from reconciler.loop.pass_input import EngineStates, PassInput
    from reconciler.unexpected import UnexpectedErrors

# How often edited templates, and the files that they look at, are noticed.
TEMPLATE_POLL_S = 1.0
# After a stop was asked for: so long for what is owed, and the rest stays in the state file.
FLUSH_S = 4.0

_WHOLE_PASS = ""  # beside the names of jobs, none of which is empty


class Relistable(Protocol):
    """What the loop asks of an informer's thread."""

    def relist(self) -> None:
        """List as soon as possible."""


class Reconciler:
    """The loop over the states of engines, and many jobs.

    Attributes:
        states: what the informers published.
        jobs: what is kept in sync, in the order of the configuration.
    """

    def __init__(
        self,
        states: EngineStates,
        informers: Sequence[Relistable],
        jobs: Sequence[Job],
        *,
        inbox: Inbox[Wakeup],
        clock: Callable[[], float],
        wall_clock: Callable[[], float],
        chance: Callable[[], float],
        duty_cycle: DutyCycle,
        unexpected: UnexpectedErrors,
        heartbeat: Heartbeat,
        resync_s: float,
        publish: Callable[[PassReport], object],
        before_pass: Callable[[Sequence[Wakeup]], object],
        after_pass: Callable[[], object],
        log: logging.Logger,
    ) -> None:
        """Take the parts.

        Args:
            states: what the informers published.
            informers: asked to list when the program is reloaded.
            jobs: what is kept in sync, each with a name of its own.
            inbox: what wakes the loop up.
            clock: monotonic, seconds.
            wall_clock: seconds since the epoch, for people.
            chance: random numbers in [0, 1), for the delays of retries.
            duty_cycle: rests under a storm.
            unexpected: told of what failed unexpectedly.
            heartbeat: shows that the loop moves.
            resync_s: each target is compared at least so often, seconds.
            publish: takes what became of each pass.
            before_pass: called with what woke the loop; the jobs may be changed then.
            after_pass: called when everything is at rest.
            log: where what is nobody else's is told.
        """
        self.states = states
        self.jobs = tuple(jobs)
        self._informers = informers
        self._inbox = inbox
        self._clock = clock
        self._wall_clock = wall_clock
        self._duty_cycle = duty_cycle
        self._unexpected = unexpected
        self._heartbeat = heartbeat
        self._publish = publish
        self._before_pass = before_pass
        self._after_pass = after_pass
        self._log = log
        self._by_name: Mapping[str, Job] = {job.name: job for job in jobs}
        self._order = WriteOrder(self._by_name)
        self._queue = JobQueue(chance=chance, resync_s=resync_s)
        self._backoff = Backoff(chance)
        self._unforeseen: dict[str, str] = {}
        self._stopping = False
        self._hold = WriteHold()
        self._seen_revision = 0
        self._templates_due_s = clock() + TEMPLATE_POLL_S

    @property
    def unexpected_failure(self) -> str:
        """What the last pass, or a job's part of it, failed with that nobody foresaw; '' where nothing did."""
        return next(iter(self._unforeseen.values()), "")

    def run(self) -> bool:
        """Loop until a stop is asked for, then send what is owed.

        Returns:
            Whether nothing is owed any more.
        """
        while not self._stopping:
            wakeups = self._inbox.take(self._next_due(), not_before_s=self._duty_cycle.rest_until_s)
            self._duty_cycle.begin()
            try:
                self.run_once(wakeups)
            except Exception as error:  # noqa: BLE001 - whatever a pass meets, the program goes on
                self._pass_failed(error)
            else:
                self._recovered(_WHOLE_PASS)
                self._backoff.reset()
            self._duty_cycle.end()
        return self.flush(self._clock() + FLUSH_S)

    def run_once(self, wakeups: Sequence[Wakeup]) -> None:
        """Make one pass: wake-ups, templates, states, jobs, deliveries.

        Args:
            wakeups: what was waiting; may be empty.
        """
        self._heartbeat.beat()
        for wakeup in wakeups:
            self._take(wakeup)
        self._before_pass(wakeups)
        self._refresh_templates()
        view = self.states.take()
        self._publish(PassReport() if view is None else self._reconcile(view))
        if self._may_deliver() and not self._hold.holds(self._clock(), is_written=self._is_written()):
            self._deliver()
        self._after_pass()
        self._heartbeat.beat()

    def set_jobs(self, jobs: Sequence[Job]) -> None:
        """Keep these in sync from now on; of jobs that are known already nothing changes. Called by `before_pass`.

        Args:
            jobs: in the order of the configuration, each with a name of its own.
        """
        for job in self.jobs:
            if job not in jobs:
                self._queue.remove(job.name)
                self._unforeseen.pop(job.name, None)
        for job in jobs:
            if job not in self.jobs:
                self._queue.begin_anew(job.name, self._clock())
        self.jobs = tuple(jobs)
        self._by_name = {job.name: job for job in jobs}
        self._order = WriteOrder(self._by_name)

    def flush(self, deadline_s: float) -> bool:
        """Send everything that is owed, now, side by side.

        Args:
            deadline_s: on the monotonic clock.

        Returns:
            Whether nothing is owed any more.
        """
        notifiers = [job.notifier for job in self.jobs]
        return flush(notifiers, deadline_s, clock=self._clock, wait=self._inbox.take)

    def _take(self, wakeup: Wakeup) -> None:
        match wakeup:
            case ReloadAsked():
                self._reload()
            case StopAsked():
                self._stopping = True
            case _:
                pass

    def _reload(self) -> None:
        self._log.info("reloading the templates, as requested by SIGHUP")
        for informer in self._informers:
            informer.relist()
        for job in self.jobs:
            job.desired.load()
            self._queue.begin_anew(job.name, self._clock())

    def _refresh_templates(self) -> None:
        now_s = self._clock()
        if now_s < self._templates_due_s:
            return
        self._templates_due_s = now_s + TEMPLATE_POLL_S
        for job in self.jobs:
            job.desired.refresh()

    def _reconcile(self, view: PassInput) -> PassReport:
        """Reconcile what is due: the files of a pass are written from one state, before the first notification."""
        is_new, self._seen_revision = view.revision != self._seen_revision, view.revision
        # No file waits for the jobs that a change does not concern.
        for job in sorted(self.jobs, key=lambda job: not job.desired.has_news()):
            job.observe(view)
            due_s = job.desired.next_due()
            if (is_new or due_s is not None) and not job.desired.is_pending and job.passes_by(view):
                continue
            if is_new:
                self._queue.state_changed(job.name, self._clock())
            if due_s is not None:
                self._queue.add_at(job.name, due_s)
        reports = self._process_due(view)
        for _ in self.jobs:  # each time at least one that waited goes on, or none does
            if not (released := self._order.released()):
                break
            for name in released:
                self._queue.add_at(name, self._clock())
            reports += self._process_due(view)
        ended = tuple(report for report in reports if report is not None)
        return PassReport(ended, containers_by_state(view.snapshot) if is_new else None, self._order.waits())

    def _process_due(self, view: PassInput) -> list[ReconcileReport | None]:
        return [self._process(self._by_name[name], view) for name in self._queue.take(self._clock())]

    def _process(self, job: Job, view: PassInput) -> ReconcileReport | None:
        """Reconcile one job."""
        try:
            report = job.reconcile(view, self._order.before)
        except Exception as error:  # noqa: BLE001 - whatever one job meets, the others go on
            self._unexpected.handle("loop", error)
            report = self._failed(job.name, job, error)
        else:
            self._recovered(job.name)
        failed = None if report is None else job.write_failure is not None or report.duration_s is None
        self._queue.ended(job.name, self._clock(), failed=failed, is_partial=job.is_partial)
        return report

    def _may_deliver(self) -> bool:
        """Whether to serve debts: those of before the start wait for the first pass, unless an engine is in trouble."""
        return self.states.are_known() or any(state.trouble for state in self.states.latest())

    def _is_written(self) -> bool:
        """Whether no job's file waits for a render of the last state; a job alone has nobody to wait for."""
        return len(self.jobs) == 1 or not any(job.desired.is_awaited(self._seen_revision) for job in self.jobs)

    def _deliver(self) -> None:
        """Serve what all jobs owe, what is the same for several of them once."""
        moments = [(state.engine, state.clock) for state in self.states.latest()]
        for job in self.jobs:
            for engine, moment in moments:
                if moment is not None and moment.engine_ns_max is not None:
                    job.notifier.engine_clock(engine, moment.begun_at_s, moment.engine_ns_max)
        advance([job.notifier for job in self.jobs], self._clock())

    def _pass_failed(self, error: Exception) -> None:
        self._publish(PassReport(tuple(self._failed(_WHOLE_PASS, job, error) for job in self.jobs)))
        self._unexpected.handle("loop", error)
        self._duty_cycle.rest(self._backoff.next_delay_s())
        for job in self.jobs:
            self._queue.add_at(job.name, self._clock())

    def _failed(self, part: str, job: Job, error: Exception) -> ReconcileReport:
        self._unforeseen[part] = type(error).__name__
        return ReconcileReport(job.name, ok=False, at_epoch_s=self._wall_clock(), duration_s=None)

    def _recovered(self, part: str) -> None:
        if self._unforeseen.pop(part, ""):
            self._log.info("a pass succeeded again")

    def _next_due(self) -> float:
        due: list[float | None] = [self._templates_due_s]
        if self._may_deliver():
            held_s = self._hold.not_before_s(self._clock())
            due += [max(due_s, held_s) for job in self.jobs if (due_s := job.notifier.next_due()) is not None]
        if self.states.are_known():
            due += [self._queue.next_due(), *(job.desired.next_due() for job in self.jobs)]
            due.append(self._clock() if self._order.has_released() else None)
        return min(due_s for due_s in due if due_s is not None)
