"""The loop: takes what woke it up, brings the store up to date, and reconciles every job.

It never ends by itself. An engine that is away, a template that fails, a disk that is full: each is told, counted and
tried again, and what is known stays.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Protocol

from notify.notifier import flush
from reconciler.loop.job import Job, View
from reconciler.loop.work_queue import (
    EventArrived,
    ReloadAsked,
    StopAsked,
    StreamEnded,
    StreamOpened,
    Wakeup,
    WorkQueue,
)

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Mapping, Sequence

    from models.change import Change
    from models.event import EngineEvent
    from reconciler.backoff import Backoff
    from reconciler.informer.informer import Informer
    from reconciler.loop.heartbeat import Heartbeat
    from reconciler.loop.pacing import Pacing

# How often edited templates, and the files that they look at, are noticed.
TEMPLATE_POLL_S = 1.0
# After a stop was asked for: so long for what is owed, and the rest stays in the state file.
FLUSH_S = 4.0


class LoopObserver(Protocol):
    """What is counted of the loop."""

    def stream_up(self, *, up: bool) -> None:
        """Say whether the subscription to events stands."""

    def stream_restarted(self, reason: str) -> None:
        """Count a subscription that ended."""

    def containers(self, counts: Mapping[str, int]) -> None:
        """Say how many containers there are by state."""

    def heard(self, event: EngineEvent) -> None:
        """Take note of an event."""

    def passed(self) -> None:
        """Take note that a pass is over, and everything at rest."""


class Renewable(Protocol):
    """What the loop asks of a watch."""

    def renew(self) -> None:
        """Subscribe anew."""


class Reconciler:
    """The loop over one engine and many jobs."""

    def __init__(
        self,
        informer: Informer,
        watcher: Renewable,
        jobs: Sequence[Job],
        *,
        queue: WorkQueue,
        clock: Callable[[], float],
        pacing: Pacing,
        unforeseen: Backoff,
        heartbeat: Heartbeat,
        resync_s: float,
        observer: LoopObserver,
        log: logging.Logger,
    ) -> None:
        """Hand in the parts.

        Args:
            informer: the state.
            watcher: renewed when its stream can't be believed.
            jobs: what is kept true.
            queue: what wakes the loop up.
            clock: monotonic, seconds.
            pacing: rests under a storm.
            unforeseen: between passes that failed for a reason that nobody foresaw.
            heartbeat: shows that the loop moves.
            resync_s: the target is compared at least so often, seconds.
            observer: counts.
            log: where what is nobody else's is told.
        """
        self.informer = informer
        self.jobs = jobs
        self._watcher = watcher
        self._queue = queue
        self._clock = clock
        self._pacing = pacing
        self._unforeseen = unforeseen
        self._heartbeat = heartbeat
        self._resync_s = resync_s
        self._observer = observer
        self._log = log
        self._stopping = False
        self._seen_revision = 0
        self._changes: list[Change] = []
        self._drift_due_s = clock() + resync_s
        self._templates_due_s = clock() + TEMPLATE_POLL_S

    def run(self, *, came_by: Callable[[], None] = lambda: None) -> bool:
        """Loop until a stop is asked for, then send what is owed.

        Args:
            came_by: called once the stop has been noticed, and no request can hold it up any more.

        Returns:
            Whether nothing is owed any more.
        """
        while not self._stopping:
            wakeups = self._queue.take(self._next_due(), not_before_s=self._pacing.rest_until_s)
            self._pacing.begin()
            try:
                self.run_once(wakeups)
            except Exception as error:  # noqa: BLE001 - whatever a pass meets, the program goes on
                self._survive(error)
            self._pacing.end()
        came_by()
        return self.flush(self._clock() + FLUSH_S)

    def run_once(self, wakeups: Sequence[Wakeup]) -> None:
        """Make one pass: wake-ups, templates, state, jobs, deliveries.

        Args:
            wakeups: what was waiting; may be empty.
        """
        self._heartbeat.beat()
        for wakeup in wakeups:
            self._take(wakeup)
        self._refresh_templates()
        if not self._stopping:
            self.informer.sync()
        if self.informer.suspects_stream():
            self._log.warning("the event stream is open but silent about changes; subscribing anew")
            self._watcher.renew()
        self._reconcile()
        self._observer.passed()
        self._heartbeat.beat()

    def moved(self) -> None:
        """Take note of an answer: the loop lives, and what is due to be told need not wait for the other answers."""
        self._heartbeat.beat()
        if self.informer.snapshot is not None:
            for job in self.jobs:
                job.notifier.advance(self._clock())

    def flush(self, deadline_s: float) -> bool:
        """Send everything that is owed, now, side by side.

        Args:
            deadline_s: on the monotonic clock.

        Returns:
            Whether nothing is owed any more.
        """
        notifiers = [job.notifier for job in self.jobs]
        return flush(notifiers, deadline_s, clock=self._clock, wait=self._queue.take)

    def _take(self, wakeup: Wakeup) -> None:
        match wakeup:
            case EventArrived(event):
                self._observer.heard(event)
                self.informer.on_event(event)
            case StreamOpened():
                self._observer.stream_up(up=True)
                self.informer.on_stream_opened()
            case StreamEnded(reason):
                self._observer.stream_up(up=False)
                self._observer.stream_restarted(reason)
                self.informer.on_stream_ended()
            case ReloadAsked():
                self._reload()
            case StopAsked():
                self._stopping = True
            case _:
                pass

    def _survive(self, error: Exception) -> None:
        self._log.error(
            "a pass failed for a reason that nobody foresaw (%s); it is made again. Please report this, with --debug",
            type(error).__name__,
            exc_info=error,
        )
        self._pacing.rest(self._unforeseen.next_delay_s())
        self._drift_due_s = self._clock()

    def _reload(self) -> None:
        self._log.info("loading the templates anew, as asked by SIGHUP")
        self.informer.on_reload()
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
        snapshot, listed = self.informer.snapshot, self.informer.listed
        if snapshot is None or listed is None:
            return
        now_s = self._clock()
        changed = self.informer.revision != self._seen_revision
        drift = now_s >= self._drift_due_s
        if drift:
            self._drift_due_s = now_s + self._resync_s
        view = View(
            snapshot=snapshot,
            revision=self.informer.revision,
            store=self.informer.store,
            listed=listed,
            changes=self.informer.take_changes() if changed else (),
        )
        if changed:
            self._observer.containers(Counter(cached.container.status for cached in self.informer.store))
        self._seen_revision = self.informer.revision
        for job in self.jobs:
            due_s = job.next_due()
            if changed or drift or (due_s is not None and due_s <= self._clock()):
                job.reconcile(view)
            self._deliver(job)

    def _deliver(self, job: Job) -> None:
        moment = self.informer.latest
        if moment is not None and moment.engine_ns_max is not None:
            job.notifier.engine_clock(self.informer.engine, moment.begun_at_s, moment.engine_ns_max)
        job.notifier.advance(self._clock())

    def _next_due(self) -> float:
        due = [self.informer.next_due(), self._templates_due_s]
        if self.informer.snapshot is not None:
            due.append(self._drift_due_s)
            due.extend(s for job in self.jobs for s in (job.next_due(), job.notifier.next_due()) if s is not None)
        return min(due)
