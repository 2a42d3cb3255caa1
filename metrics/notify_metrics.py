"""What notifications count. The methods are those that `notify` calls on its observer.

Two configured signals for one container have the same labels: their counts are added up, and the older date is shown.
"""

from __future__ import annotations

import threading
from itertools import product
from typing import TYPE_CHECKING

from prometheus_client import Counter, Gauge, Histogram

from metrics.known import RESULTS
from metrics.labelling import from_zero, labelled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from prometheus_client import CollectorRegistry

    from models.notification import Notification

DELIVERY_BOUNDS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_LABELS = ("action", "container")


class NotifyMetrics:
    """Instruments of notifications.

    Args:
        notifications: all that are configured, for whichever job.
        registry: where they are shown.
    """

    def __init__(self, notifications: Sequence[Notification], registry: CollectorRegistry) -> None:
        known = sorted({(each.action, each.container) for each in notifications})
        self._attempts = from_zero(
            Counter(
                "pygen_notifications_total",
                "Attempts to notify one run of a container",
                (*_LABELS, "result"),
                registry=registry,
            ),
            ((*labels, result) for labels, result in product(known, RESULTS)),
        )
        self._attempt_s = Histogram(
            "pygen_notification_duration_seconds",
            "How long an attempt to notify took",
            buckets=DELIVERY_BOUNDS_S,
            registry=registry,
        )
        self._pending = from_zero(
            Gauge("pygen_notifications_pending", "Runs that are owed a notification", _LABELS, registry=registry), known
        )
        self._oldest = from_zero(
            Gauge(
                "pygen_notification_oldest_pending_timestamp_seconds",
                "When the first change happened that is not delivered yet, 0 when nothing is owed",
                _LABELS,
                registry=registry,
            ),
            known,
        )
        self._matches = from_zero(
            Gauge("pygen_notification_matches", "Containers that match", _LABELS, registry=registry), known
        )
        self._at_risk = from_zero(
            Gauge(
                "pygen_restart_policy_at_risk",
                "1 where a signal had to be sent in a way that makes the engine forget the restart policy",
                ("container",),
                registry=registry,
            ),
            sorted({(each.container,) for each in notifications if each.action == "signal"}),
        )
        self._lock = threading.Lock()
        self._now: dict[Gauge, dict[Notification, float]] = {}

    def attempt(self, notification: Notification, result: str, duration_s: float) -> None:
        """One run was tried to be notified.

        Raises:
            ValueError: a result that is neither `success` nor `error`.
        """
        if result not in RESULTS:
            raise ValueError(f"{result!r} is no result")
        labelled(self._attempts, notification.action, notification.container, result).inc()
        self._attempt_s.observe(duration_s)

    def pending(self, notification: Notification, count: int, oldest_epoch_s: float) -> None:
        """How many runs are owed it now, and since when the first of them (seconds since the epoch, 0 for nothing)."""
        self._combine(self._pending, notification, count, sum)
        self._combine(self._oldest, notification, oldest_epoch_s, _earliest)

    def matches(self, notification: Notification, count: int) -> None:
        """How many containers match it now."""
        self._combine(self._matches, notification, count, max)

    def policy_at_risk(self, notification: Notification, *, at_risk: bool) -> None:
        """Whether its container may lose its restart policy by it."""
        with self._lock:
            now = self._now.setdefault(self._at_risk, {})
            now[notification] = float(at_risk)
            value = max(value for each, value in now.items() if each.container == notification.container)
            labelled(self._at_risk, notification.container).set(value)

    def _combine(
        self, gauge: Gauge, notification: Notification, value: float, rule: Callable[[Iterable[float]], float]
    ) -> None:
        labels = (notification.action, notification.container)
        with self._lock:
            now = self._now.setdefault(gauge, {})
            now[notification] = value
            labelled(gauge, *labels).set(
                rule([v for each, v in now.items() if (each.action, each.container) == labels])
            )


def _earliest(dates: Iterable[float]) -> float:
    return min((date for date in dates if date), default=0.0)
