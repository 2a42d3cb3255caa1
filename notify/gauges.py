"""Tells the observer how things stand, where they stand otherwise than before."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from notify.actions.action import Action
    from notify.outbox import Outbox
    from notify.store import NotifyObserver


class Gauges:
    """What the observer was told last."""

    def __init__(self, notifications: Sequence[Action], observer: NotifyObserver) -> None:
        self._notifications = notifications
        self._observer = observer
        self._pending: dict[Action, tuple[int, float]] = {}
        self._matches: dict[Action, int] = {}
        self._at_risk: dict[Action, bool] = {}

    def show(self, outbox: Outbox) -> None:
        """Tell what is owed and which restart policies are lost."""
        owed: dict[Action, list[float]] = {notification: [] for notification in self._notifications}
        for notification, record in outbox.pending():
            owed[notification].append(record.since_epoch_s)
        for notification, since in owed.items():
            self._show_pending(notification, len(since), min(since, default=0.0))
        self._show_risks(outbox)

    def show_matches(self, notification: Action, count: int) -> None:
        """Tell how many running containers match."""
        if self._matches.get(notification) != count:
            self._matches[notification] = count
            self._observer.matches(notification, count)

    def _show_pending(self, notification: Action, count: int, oldest_epoch_s: float) -> None:
        if self._pending.get(notification) != (count, oldest_epoch_s):
            self._pending[notification] = (count, oldest_epoch_s)
            self._observer.pending(notification, count, oldest_epoch_s)

    def _show_risks(self, outbox: Outbox) -> None:
        """The metric knows a container by its configured name only, so notifications that share one share the risk."""
        risky = {
            notification.container
            for notification, state in outbox.states.items()
            if any(record.policy_lost for record in state.runs.values())
        }
        for notification in self._notifications:
            at_risk = notification.container in risky
            if self._at_risk.get(notification) != at_risk:
                self._at_risk[notification] = at_risk
                self._observer.policy_at_risk(notification, at_risk=at_risk)
