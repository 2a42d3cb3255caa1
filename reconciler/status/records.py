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
    from collections.abc import Callable, Mapping

    from metrics.engine_metrics import EngineMetrics
    from metrics.loop_metrics import LoopMetrics
    from metrics.notify_metrics import NotifyMetrics
    from models.event import EngineEvent
    from models.notification import Notification, NotifyReport

EVENTS_KEPT = 50

RenderFacts = tuple[float, bool, float, int]
"""When it ended (seconds since the epoch), whether well, after how many seconds, with how many undefined names."""


class JobRecord:
    """What a job does: observes its renders, differences, writes and passes."""

    def __init__(self, metrics: LoopMetrics, wall_clock: Callable[[], float]) -> None:
        """Take who counts.

        Args:
            metrics: told of everything.
            wall_clock: seconds since the epoch.
        """
        self.last_render: RenderFacts | None = None
        self.last_pass_epoch_s = 0.0
        self.renders = 0
        self.changes = 0
        self._metrics = metrics
        self._wall_clock = wall_clock

    def rendered(self, target: str, *, ok: bool, duration_s: float, undefined_names: int = 0, notes: int = 0) -> None:
        """A render, or a load that failed, ended."""
        self.renders += 1
        self.last_render = (self._wall_clock(), ok, duration_s, undefined_names)
        self._metrics.rendered(target, ok=ok, duration_s=duration_s, undefined_names=undefined_names, notes=notes)

    def differed(self, target: str, cause: str, *, added: int, removed: int) -> None:
        """A difference was written."""
        self.changes += 1
        self._metrics.differed(target, cause, added=added, removed=removed)

    def wrote(self, target: str, mode: str, *, ok: bool) -> None:
        """A write ended."""
        self._metrics.wrote(target, mode, ok=ok)

    def reconciled(self, target: str, *, ok: bool, duration_s: float, at_epoch_s: float) -> None:
        """A pass ended."""
        self.last_pass_epoch_s = at_epoch_s
        self._metrics.reconciled(target, ok=ok, duration_s=duration_s, at_epoch_s=at_epoch_s)


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

    def __init__(self, metrics: NotifyMetrics, wall_clock: Callable[[], float]) -> None:
        """Take who counts.

        Args:
            metrics: told of everything.
            wall_clock: seconds since the epoch.
        """
        self._metrics = metrics
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
        self._metrics.publish(report)


class EngineRecord:
    """What an informer hears of its engine: observes it in its thread, and is read by the loop's."""

    def __init__(self, metrics: EngineMetrics, wall_clock: Callable[[], float]) -> None:
        """Take who counts.

        Args:
            metrics: told of everything.
            wall_clock: seconds since the epoch.
        """
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
        self._metrics.stream_up(up=up)

    def stream_restarted(self, reason: str) -> None:
        """The stream ended, or could not be opened."""
        self.stream_ends += 1
        self.stream_last_end = reason
        self._metrics.stream_restarted(reason)


class LoopRecord:
    """What the loop does: observes it."""

    def __init__(self, metrics: LoopMetrics) -> None:
        """Take who counts."""
        self.containers_by_state: Mapping[str, int] = {}
        self.after_pass: Callable[[], None] = _nothing
        self._metrics = metrics

    def containers(self, counts: Mapping[str, int]) -> None:
        """So many containers by state."""
        self.containers_by_state = dict(counts)
        self._metrics.containers(counts)

    def pass_failed(self, target: str) -> None:
        """A pass over a target failed for a reason that nobody foresaw."""
        self._metrics.pass_failed(target)

    def passed(self) -> None:
        """A pass is over."""
        self.after_pass()


def _nothing() -> None:
    """Nobody wants to know."""
