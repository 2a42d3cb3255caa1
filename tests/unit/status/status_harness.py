"""A job, a loop's record and a board over a made-up engine: what the status page would show of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics.instruments import Metrics
from reconciler.status.gathering import Gathering, WatchedEngine, WatchedJob
from reconciler.status.records import EngineRecord, JobRecord, NotifyRecord
from tests.unit.informer.informer_harness import InformerHarness
from tests.unit.loop.job_harness import JobHarness, RecordingJobObserver

if TYPE_CHECKING:
    from collections.abc import Callable

    from models.notification import NotifyReport
    from models.pass_report import ReconcileReport, RenderReport
    from notify.actions.action import Action
    from reconciler.status.values import JobStatus, NotificationStatus, Status


class ForwardingJobObserver(RecordingJobObserver):
    """Hands on to the records what a job and its notifier count."""

    def __init__(self, wall_clock: Callable[[], float]) -> None:
        super().__init__()
        self.job = JobRecord(wall_clock)
        self.notified = NotifyRecord(wall_clock)

    def rendered(self, report: RenderReport) -> None:
        self.job.rendered(report)

    def reconciled(self, report: ReconcileReport) -> None:
        super().reconciled(report)
        self.job.publish(report)

    def publish(self, report: NotifyReport) -> None:
        self.notified.publish(report)


class StatusHarness:
    """A job with what gathers its status. Its wall clock is the informer's monotonic one."""

    def __init__(self, *notifications: Action) -> None:
        self.metrics = Metrics(version="1.2.3", targets=["/made/up.conf"], notifications=notifications)
        self.upstream = InformerHarness()
        self.recording = ForwardingJobObserver(self.upstream.clock)
        self.job_harness = JobHarness(*notifications, upstream=self.upstream, observer=self.recording)
        self.engine = EngineRecord("unix:///made/up.sock", self.metrics.engine, self.upstream.clock)
        watched = WatchedJob(
            self.job_harness.job,
            name="names",
            template="names.j2",
            notifications=notifications,
            record=self.recording.job,
            notified=self.recording.notified,
            clock=self.upstream.clock,
        )
        self.gathering = Gathering(
            [WatchedEngine(self.upstream.published, self.engine, clock=self.upstream.clock)],
            lambda: [watched],
            version="1.2.3",
            started_epoch_s=900.0,
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
