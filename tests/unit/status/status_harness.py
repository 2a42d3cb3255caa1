"""A job, a loop's record and a board over a made-up engine: what the status page would show of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics.instruments import Metrics
from reconciler.status.gathering import Gathering, WatchedJob
from reconciler.status.records import EngineRecord, JobRecord, LoopRecord, NotifyRecord
from tests.unit.informer.informer_harness import InformerHarness
from tests.unit.loop.job_harness import JobHarness, RecordingJobObserver

if TYPE_CHECKING:
    from collections.abc import Callable

    from models.notification import NotifyReport
    from notify.actions.action import Action
    from reconciler.status.values import JobStatus, NotificationStatus, Status


class ForwardingJobObserver(RecordingJobObserver):
    """Hands on to the records what a job and its notifier count."""

    def __init__(self, metrics: Metrics, wall_clock: Callable[[], float]) -> None:
        super().__init__()
        self.job = JobRecord(metrics.loop, wall_clock)
        self.notified = NotifyRecord(metrics.notify, wall_clock)

    def rendered(self, target: str, *, ok: bool, duration_s: float, undefined_names: int = 0, notes: int = 0) -> None:
        self.job.rendered(target, ok=ok, duration_s=duration_s, undefined_names=undefined_names, notes=notes)

    def differed(self, target: str, cause: str, *, added: int, removed: int) -> None:
        self.job.differed(target, cause, added=added, removed=removed)

    def wrote(self, target: str, mode: str, *, ok: bool) -> None:
        self.job.wrote(target, mode, ok=ok)

    def reconciled(self, target: str, *, ok: bool, duration_s: float, at_epoch_s: float) -> None:
        self.job.reconciled(target, ok=ok, duration_s=duration_s, at_epoch_s=at_epoch_s)

    def publish(self, report: NotifyReport) -> None:
        self.notified.publish(report)


class StatusHarness:
    """A job with what gathers its status. Its wall clock is the informer's monotonic one."""

    def __init__(self, *notifications: Action) -> None:
        self.metrics = Metrics(version="1.2.3", targets=["/made/up.conf"], notifications=notifications)
        self.upstream = InformerHarness()
        self.recording = ForwardingJobObserver(self.metrics, self.upstream.clock)
        self.job_harness = JobHarness(*notifications, upstream=self.upstream, observer=self.recording)
        self.loop = LoopRecord(self.metrics.loop)
        self.engine = EngineRecord(self.metrics.engine, self.upstream.clock)
        watched = WatchedJob(
            self.job_harness.job,
            template="names.j2",
            notifications=notifications,
            record=self.recording.job,
            notified=self.recording.notified,
            clock=self.upstream.clock,
        )
        self.gathering = Gathering(
            self.upstream.published,
            self.engine,
            self.loop,
            [watched],
            version="1.2.3",
            started_epoch_s=900.0,
            clock=self.upstream.clock,
            wall_clock=self.upstream.clock,
        )

    def status(self) -> Status:
        """What would be shown now."""
        return self.gathering.status()

    def job(self) -> JobStatus:
        """The one job's part of it."""
        (job,) = self.status().jobs
        return job

    def notification(self) -> NotificationStatus:
        """The one notification's part of that."""
        (notification,) = self.job().notifications
        return notification

    def deliver(self) -> None:
        """Deliver what is due now."""
        self.job_harness.notifier.advance(self.upstream.clock.now_s)
        self.job_harness.notifier.advance(self.upstream.clock.now_s)
