"""What notifications count, taken from each job's reports.

Jobs may have the same notification, and one job may have two signals for one container: where the labels are the same,
what is owed is added up, and the older date is shown.
"""

from __future__ import annotations

import threading
from itertools import product
from typing import TYPE_CHECKING

from metrics.known import RESULTS
from metrics.series import Counter, Gauge, Histogram, Series

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from models.notification import Notification
    from models.notify_report import NotificationStanding, NotifyReport

DELIVERY_BOUNDS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_LABELS = ("action", "container")


class NotifyMetrics:
    """Instruments of notifications.

    Args:
        notifications: all that are configured, for whichever job.
    """

    def __init__(self, notifications: Sequence[Notification]) -> None:
        known = sorted({(each.action, each.container) for each in notifications})
        self._attempts = Counter(
            "pygen_notifications_total",
            "Attempts to notify one run of a container",
            (*_LABELS, "result"),
            ((*labels, result) for labels, result in product(known, RESULTS)),
        )
        self._attempt_s = Histogram(
            "pygen_notification_duration_seconds", "How long an attempt to notify took", DELIVERY_BOUNDS_S
        )
        self._pending = Gauge("pygen_notifications_pending", "Runs that are owed a notification", _LABELS, known)
        self._oldest = Gauge(
            "pygen_notification_oldest_pending_timestamp_seconds",
            "When the first change happened that is not delivered yet, 0 when nothing is owed",
            _LABELS,
            known,
        )
        self._matches = Gauge("pygen_notification_matches", "Containers that match", _LABELS, known)
        self._at_risk = Gauge(
            "pygen_restart_policy_at_risk",
            "1 where a signal had to be sent in a way that makes the engine forget the restart policy",
            ("container",),
            sorted({(each.container,) for each in notifications if each.may_cost_policy}),
        )
        self._lock = threading.Lock()
        self._standings: dict[str, tuple[NotificationStanding, ...]] = {}

    def publish(self, report: NotifyReport) -> None:
        """Count the deliveries of a job that ended, and show how things stand with all jobs together."""
        for result in report.results:
            notification = result.notification
            self._attempts.add(notification.action, notification.container, "success" if result.ok else "error")
            self._attempt_s.observe(result.duration_s)
        with self._lock:
            self._standings[report.job] = report.standings
            for labels in {(each.notification.action, each.notification.container) for each in report.standings}:
                self._show(labels)

    def series(self) -> Iterator[Series]:
        """All of them, for an exposition."""
        yield from (self._attempts, self._attempt_s, self._pending, self._oldest, self._matches, self._at_risk)

    def _show(self, labels: tuple[str, str]) -> None:
        """Jobs add up. Within one job two signals for one container have the same labels, and the same matches."""
        matches, of_all_jobs = 0, []
        for standings in self._standings.values():
            own = [each for each in standings if (each.notification.action, each.notification.container) == labels]
            matches += max((each.matches for each in own), default=0)
            of_all_jobs += own
        self._pending.set(*labels, value=sum(each.pending for each in of_all_jobs))
        oldest_epoch_s = min((each.oldest_epoch_s for each in of_all_jobs if each.oldest_epoch_s), default=0.0)
        self._oldest.set(*labels, value=oldest_epoch_s)
        self._matches.set(*labels, value=matches)
        if any(each.notification.may_cost_policy for each in of_all_jobs):
            at_risk = (
                each.policy_at_risk
                for standings in self._standings.values()
                for each in standings
                if each.notification.container == labels[1]
            )
            self._at_risk.set(labels[1], value=any(at_risk))
