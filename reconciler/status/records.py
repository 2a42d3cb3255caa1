"""What is remembered for the status page: stand-ins for the observers, which pass on everything to the metrics.

The methods of one record are called by one thread, the loop's or the informer's. Remembered are plain facts: the values
that the page shows are made of them, and their module is imported, when somebody looks.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

from models.run import SECOND_NS

if TYPE_CHECKING:
    from collections.abc import Callable

    from metrics.engine_metrics import EngineMetrics
    from models.event import EngineEvent
    from models.notification import Notification, NotifyReport
    from models.pass_report import ReconcileReport, RenderReport

EVENTS_KEPT = 50

RenderFacts = tuple[float, bool, float, int]
"""When it ended (seconds since the epoch), whether well, after how many seconds, with how many undefined names."""


class JobRecord:
    """What a job did: takes its reports."""

    def __init__(self, wall_clock: Callable[[], float]) -> None:
        """Take a clock that counts seconds since the epoch."""
        self.last_render: RenderFacts | None = None
        self.last_pass_epoch_s = 0.0
        self.renders = 0
        self.changes = 0
        self._wall_clock = wall_clock

    def rendered(self, report: RenderReport) -> None:
        """A render, or a load that failed, ended."""
        self.renders += 1
        self.last_render = (self._wall_clock(), report.ok, report.duration_s, report.undefined_names)

    def publish(self, report: ReconcileReport) -> None:
        """A pass over the target is over."""
        self.changes += report.difference is not None
        if report.duration_s is not None:
            self.last_pass_epoch_s = report.at_epoch_s


class Tally:
    """What became of one notification."""

    def __init__(self) -> None:
        self.matches = 0
        self.delivered = 0
        self.failed = 0
        self.last_delivered_epoch_s = 0.0
        self.last_failed_epoch_s = 0.0
        self.policy_at_risk = False


class NotifyRecord:
    """What became of a job's notifications: takes its notifier's reports."""

    def __init__(self, wall_clock: Callable[[], float]) -> None:
        """Take a clock that counts seconds since the epoch."""
        self._wall_clock = wall_clock
        self._tallies: dict[Notification, Tally] = {}

    def tally(self, notification: Notification) -> Tally:
        """What is known of one notification."""
        return self._tallies.setdefault(notification, Tally())

    def publish(self, report: NotifyReport) -> None:
        """Deliveries ended, or things stand differently; of what is owed the page asks the notifier itself."""
        for result in report.results:
            tally = self.tally(result.notification)
            if result.ok:
                tally.delivered += 1
                tally.last_delivered_epoch_s = self._wall_clock()
            else:
                tally.failed += 1
                tally.last_failed_epoch_s = self._wall_clock()
        for standing in report.standings:
            tally = self.tally(standing.notification)
            tally.matches, tally.policy_at_risk = standing.matches, standing.policy_at_risk


class EngineRecord:
    """What an informer hears of its engine: observes it in its thread, and is read by the loop's."""

    def __init__(self, engine: str, metrics: EngineMetrics, wall_clock: Callable[[], float]) -> None:
        """Take who counts.

        Args:
            engine: its name.
            metrics: told of everything.
            wall_clock: seconds since the epoch.
        """
        self._engine = engine
        self.stream_is_up = False
        self.stream_since_epoch_s = 0.0
        self.stream_ends = 0
        self.stream_last_end = ""
        self._events: deque[tuple[EngineEvent, float]] = deque(maxlen=EVENTS_KEPT)
        self._lock = threading.Lock()
        self._metrics = metrics
        self._wall_clock = wall_clock

    def events(self) -> list[tuple[EngineEvent, float]]:
        """The last events with their moments, seconds since the epoch, the newest first."""
        with self._lock:
            return list(self._events)

    def heard(self, event: EngineEvent) -> None:
        """An event arrived; the informer counts it."""
        at_epoch_s = event.time_ns / SECOND_NS if event.time_ns else self._wall_clock()
        with self._lock:
            self._events.appendleft((event, at_epoch_s))

    def stream_up(self, *, up: bool) -> None:
        """The stream opened or ended."""
        if up != self.stream_is_up or not self.stream_since_epoch_s:
            self.stream_is_up, self.stream_since_epoch_s = up, self._wall_clock()
        self._metrics.stream_up(self._engine, up=up)

    def stream_restarted(self, reason: str) -> None:
        """The stream ended, or could not be opened."""
        self.stream_ends += 1
        self.stream_last_end = reason
        self._metrics.stream_restarted(reason)
