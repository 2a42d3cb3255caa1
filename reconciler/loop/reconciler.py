"""The loop: takes what woke it up, takes the latest states of the engines, and reconciles every job.

It never ends by itself, and never waits for an engine: that is what informers do. A template that fails, a disk that is
full: each is told, counted and tried again, and what is known stays.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Protocol

from notify.notifier import flush
from reconciler.loop.wakeups import ReloadAsked, StopAsked, Wakeup

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Mapping, Sequence

    from reconciler.backoff import Backoff
    from reconciler.duty_cycle import DutyCycle
    from reconciler.inbox import Inbox
    from reconciler.loop.heartbeat import Heartbeat
    from reconciler.loop.job import Job
    from reconciler.loop.pass_input import EngineStates
    from reconciler.unexpected import UnexpectedErrors

# How often edited templates, and the files that they look at, are noticed.
TEMPLATE_POLL_S = 1.0
# After a stop was asked for: so long for what is owed, and the rest stays in the state file.
FLUSH_S = 4.0


class LoopObserver(Protocol):
    """What is counted of the loop."""

    def containers(self, counts: Mapping[str, int]) -> None:
        """Say how many containers there are by state."""

    def pass_failed(self, target: str) -> None:
        """Count a pass over a target that failed unexpectedly."""

    def passed(self) -> None:
        """Take note that a pass is over, and everything at rest."""


class Relistable(Protocol):
    """What the loop asks of an informer's thread."""

    def relist(self) -> None:
        """List as soon as possible."""


class Reconciler:
    """The loop over the states of engines, and many jobs."""

    def __init__(
        self,
        states: EngineStates,
        informers: Sequence[Relistable],
        jobs: Sequence[Job],
        *,
        inbox: Inbox[Wakeup],
        clock: Callable[[], float],
        duty_cycle: DutyCycle,
        unexpected: UnexpectedErrors,
        backoff: Backoff,
        heartbeat: Heartbeat,
        resync_s: float,
        observer: LoopObserver,
        log: logging.Logger,
    ) -> None:
        """Take the parts.

        Args:
            states: what the informers published.
            informers: asked to list when the program is reloaded.
            jobs: what is kept in sync.
            inbox: what wakes the loop up.
            clock: monotonic, seconds.
            duty_cycle: rests under a storm.
            unexpected: told of passes that failed unexpectedly.
            backoff: between such passes.
            heartbeat: shows that the loop moves.
            resync_s: the target is compared at least so often, seconds.
            observer: counts.
            log: where what is nobody else's is told.
        """
        self.states = states
        self.jobs = jobs
        self.unexpected_failure = ""
        self._informers = informers
        self._inbox = inbox
        self._clock = clock
        self._duty_cycle = duty_cycle
        self._unexpected = unexpected
        self._backoff = backoff
        self._heartbeat = heartbeat
        self._resync_s = resync_s
        self._observer = observer
        self._log = log
        self._stopping = False
        self._seen_revision = 0
        self._drift_due_s = clock() + resync_s
        self._templates_due_s = clock() + TEMPLATE_POLL_S

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
                self._handle_unexpected(error)
            else:
                self._recovered()
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
        self._refresh_templates()
        self._reconcile()
        self._observer.passed()
        self._heartbeat.beat()

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

    def _handle_unexpected(self, error: Exception) -> None:
        self.unexpected_failure = type(error).__name__
        self._unexpected.handle("loop", error)
        for job in self.jobs:
            self._observer.pass_failed(job.name)
        self._duty_cycle.rest(self._backoff.next_delay_s())
        self._drift_due_s = self._clock()

    def _recovered(self) -> None:
        if self.unexpected_failure:
            self._log.info("a pass succeeded again")
        self.unexpected_failure = ""
        self._backoff.reset()

    def _reload(self) -> None:
        self._log.info("reloading the templates, as requested by SIGHUP")
        for informer in self._informers:
            informer.relist()
        for job in self.jobs:
            job.desired.load()
        self._drift_due_s = self._clock()

    def _refresh_templates(self) -> None:
        now_s = self._clock()
        if now_s < self._templates_due_s:
            return
        self._templates_due_s = now_s + TEMPLATE_POLL_S
        for job in self.jobs:
            job.desired.refresh()

    def _reconcile(self) -> None:
        view = self.states.take()
        if view is None:
            return
        now_s = self._clock()
        changed = view.revision != self._seen_revision
        drift = now_s >= self._drift_due_s
        if changed:
            self._observer.containers(Counter(container.status for container in view.snapshot.all_containers))
        self._seen_revision = view.revision
        if drift:
            self._drift_due_s = now_s + self._resync_s
        for job in self.jobs:
            due_s = job.next_due()
            if changed or drift or (due_s is not None and due_s <= self._clock()):
                job.reconcile(view)
        self._deliver()

    def _deliver(self) -> None:
        moments = [(state.engine, state.clock) for state in self.states.latest()]
        for job in self.jobs:
            for engine, moment in moments:
                if moment is not None and moment.engine_ns_max is not None:
                    job.notifier.engine_clock(engine, moment.begun_at_s, moment.engine_ns_max)
            job.notifier.advance(self._clock())

    def _next_due(self) -> float:
        due = [self._templates_due_s]
        if self.states.are_known():
            due.append(self._drift_due_s)
            due.extend(s for job in self.jobs for s in (job.next_due(), job.notifier.next_due()) if s is not None)
        return min(due)
