"""What notifications count, taken from each job's reports.

Jobs may have the same notification, and one job may have two signals for one container: where the labels are the same,
what is owed is added up, and the older date is shown.
"""

from __future__ import annotations

import threading
from itertools import product
from typing import TYPE_CHECKING

from metrics.client import Counter, Gauge, Histogram
from metrics.labels import RESULTS, from_zero, labelled, without

if TYPE_CHECKING:
    from collections.abc import Sequence

    from metrics.client import CollectorRegistry
    from models.notification import Notification, NotificationStanding, NotifyReport

DELIVERY_BOUNDS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_LABELS = ("action", "container")


class NotifyMetrics:
    """Instruments of notifications.

    Args:
        notifications: all that are configured, for whichever job.
        registry: where they are shown.
    """

    def __init__(self, notifications: Sequence[Notification], registry: CollectorRegistry) -> None:
        self._attempts = Counter(
            "pygen_notifications_total",
            "Attempts to notify one run of a container",
            (*_LABELS, "result"),
            registry=registry,
        )
        self._attempt_s = Histogram(
            "pygen_notification_duration_seconds",
            "How long an attempt to notify took",
            buckets=DELIVERY_BOUNDS_S,
            registry=registry,
        )
        self._pending = Gauge(
            "pygen_notifications_pending", "Container runs with a pending notification", _LABELS, registry=registry
        )
        self._oldest = Gauge(
            "pygen_notification_oldest_pending_timestamp_seconds",
            "When the oldest change happened that is not delivered yet, 0 when nothing is pending",
            _LABELS,
            registry=registry,
        )
        self._matches = Gauge("pygen_notification_matches", "Containers that match", _LABELS, registry=registry)
        self._at_risk = Gauge(
            "pygen_restart_policy_at_risk",
            "1 where a signal had to be sent in a way that makes the engine forget the restart policy",
            ("container",),
            registry=registry,
        )
        self._stopped = from_zero(
            Gauge(
                "pygen_rollout_stopped",
                "1 while containers wait for one that was told and is not healthy again",
                _LABELS,
                registry=registry,
            ),
            sorted({(each.action, each.whom) for each in notifications if each.is_rolling}),
        )
        self._lock = threading.Lock()
        self._known: frozenset[tuple[str, str]] = frozenset()
        self._known_at_risk: frozenset[tuple[str]] = frozenset()
        self._standings: dict[str, tuple[NotificationStanding, ...]] = {}
        self.configure(notifications)

    def configure(self, notifications: Sequence[Notification], gone: Sequence[str] = ()) -> None:
        """Show these, each from zero, and no others.

        Args:
            notifications: all that are configured, for whichever job.
            gone: the targets of jobs that are no more, or are begun anew.
        """
        known = frozenset((each.action, each.whom) for each in notifications)
        at_risk = frozenset((each.whom,) for each in notifications if each.may_cost_policy)
        with self._lock:
            for target in gone:
                self._standings.pop(target, None)
            was, self._known = self._known, known
            was_at_risk, self._known_at_risk = self._known_at_risk, at_risk
            for metric, more in ((self._attempts, (RESULTS,)), *((each, ()) for each in self._gauges())):
                from_zero(metric, [(*labels, *rest) for labels in sorted(known - was) for rest in product(*more)])
                without(metric, [(*labels, *rest) for labels in sorted(was - known) for rest in product(*more)])
            from_zero(self._at_risk, sorted(at_risk - was_at_risk))
            without(self._at_risk, sorted(was_at_risk - at_risk))
            for labels in sorted(known & was) if gone else ():
                self._show(labels)

    def _gauges(self) -> tuple[Gauge, ...]:
        return self._pending, self._oldest, self._matches

    def publish(self, report: NotifyReport) -> None:
        """Count the deliveries of a job that ended, and show how things stand with all jobs together."""
        for result in report.results:
            notification = result.notification
            outcome = "success" if result.ok else "error"
            labelled(self._attempts, notification.action, notification.whom, outcome).inc()
            self._attempt_s.observe(result.duration_s)
        with self._lock:
            self._standings[report.job] = report.standings
            for labels in {(each.notification.action, each.notification.whom) for each in report.standings}:
                self._show(labels)

    def _show(self, labels: tuple[str, str]) -> None:
        """Jobs add up. Within one job two signals for one container have the same labels, and the same matches."""
        matches, of_all_jobs = 0, []
        for standings in self._standings.values():
            own = [each for each in standings if (each.notification.action, each.notification.whom) == labels]
            matches += max((each.matches for each in own), default=0)
            of_all_jobs += own
        labelled(self._pending, *labels).set(sum(each.pending for each in of_all_jobs))
        oldest_epoch_s = min((each.oldest_epoch_s for each in of_all_jobs if each.oldest_epoch_s), default=0.0)
        labelled(self._oldest, *labels).set(oldest_epoch_s)
        labelled(self._matches, *labels).set(matches)
        if any(each.notification.is_rolling for each in of_all_jobs):
            labelled(self._stopped, *labels).set(float(any(each.is_stopped for each in of_all_jobs)))
        if any(each.notification.may_cost_policy for each in of_all_jobs):
            at_risk = (
                each.policy_at_risk
                for standings in self._standings.values()
                for each in standings
                if each.notification.whom == labels[1]
            )
            labelled(self._at_risk, labels[1]).set(float(any(at_risk)))
