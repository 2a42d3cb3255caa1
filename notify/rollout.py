"""A rolling notification: so many containers at a time, and the next one when one that was told is well again.

A container that is told takes a place, on disk before anything is sent, and leaves it when an inspect that was begun
later shows it well; so a process that was killed in between goes on with the same care. Whoever has a place may be told
again: the next content may be what heals it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.backoff import doubled_s
from models.frozen import frozen
from models.run import Run
from notify.delivery import READ_TIMEOUT_S, ContainerReading
from notify.port import DeliveryError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from notify.actions.action import Action
    from notify.delivery_log import DeliveryLog
    from notify.outbox import NotificationState, Outbox, Unproven
    from notify.port import ContainerState, NotifyPort
    from notify.schedule import Attempt, Schedule

PAUSE_S = 10.0
"""How long a container without a health check has to run, unless the rules say it."""

_FIRST_CHECK_S, _LONGEST_CHECK_S = 0.5, 10.0
_CHECKS_ALIKE = 5
_NO_CHECK = ("", "none")
_STARTING, _HEALTHY = "starting", "healthy"


@frozen
class CheckReport:
    """What a worker found of a container that was told.

    Attributes:
        notification: of which.
        container_id: the container's.
        reading: what it saw; None where the engine did not answer.
    """

    notification: Action
    container_id: str
    reading: ContainerReading | None


class Rollouts:
    """The rolling notifications of one job. Moments are on the monotonic clock."""

    def __init__(self, outbox: Outbox, schedule: Schedule, delivery_log: DeliveryLog) -> None:
        self._outbox = outbox
        self._schedule = schedule
        self._delivery_log = delivery_log

    def restore(self, now_s: float) -> None:
        """What was told by the process before has to be well from now on; places that nobody counts are dropped."""
        for notification, state in self._outbox.states.items():
            if not notification.is_rolling:
                state.unproven.clear()
            for unproven in state.unproven.values():
                unproven.since_s = unproven.check_at_s = now_s

    def delivered(self, attempt: Attempt, now_s: float) -> None:
        """A container was told: from now on it has to be well."""
        unproven = self._of(attempt)
        if unproven is not None:
            unproven.since_s = unproven.check_at_s = now_s
            unproven.run, unproven.checks = None, 0
            if unproven.trouble:
                self._delivery_log.rollout_goes_on(attempt.notification, unproven.name, "was told, and has to be well")
            unproven.trouble = ""

    def nothing_sent(self, attempt: Attempt) -> None:
        """The delivery changed nothing, so the container gives back the place that it took for it."""
        if not attempt.was_unproven:
            self._outbox.states[attempt.notification].unproven.pop(attempt.task.run.container_id, None)

    def failed(self, attempt: Attempt) -> None:
        """The delivery may have taken effect, and is tried again: the next container waits for that."""
        unproven = self._of(attempt)
        if unproven is not None:
            self._stop(attempt.notification, unproven, "could not be told yet")

    def due(self, now_s: float) -> list[tuple[Action, Unproven]]:
        """The containers to look at now; each is under way until `take`."""
        due = [(n, each) for n, each in self._to_check() if each.check_at_s <= now_s]
        for _, unproven in due:
            unproven.is_checked = True
        return due

    def next_due(self) -> float | None:
        """When a container is to be looked at next; None where none is."""
        return min((unproven.check_at_s for _, unproven in self._to_check()), default=None)

    def take(self, report: CheckReport, now_s: float) -> None:
        """Take what a worker saw."""
        state = self._outbox.states[report.notification]
        unproven = state.unproven.get(report.container_id)
        if unproven is None:
            return
        unproven.is_checked = False
        unproven.checks += 1
        unproven.check_at_s = now_s + doubled_s(_FIRST_CHECK_S, unproven.checks // _CHECKS_ALIKE, _LONGEST_CHECK_S)
        reading = report.reading
        if reading is not None and reading.begun_at_s >= unproven.since_s:
            self._judge(report.notification, state, unproven, reading)

    def _judge(
        self, notification: Action, state: NotificationState, unproven: Unproven, reading: ContainerReading
    ) -> None:
        seen = reading.state
        if seen is None:
            self._leave(notification, state, unproven, "is gone")
            return
        run = Run(unproven.container_id, seen.started_at)
        if unproven.run not in (None, run):
            unproven.since_s = reading.begun_at_s
        unproven.run = run
        if trouble := _trouble(seen):
            self._stop(notification, unproven, trouble)
            return
        well_from_s = unproven.since_s + _pause_s(notification, seen)
        if seen.health == _STARTING:
            return
        if reading.begun_at_s >= well_from_s:
            self._leave(notification, state, unproven, "is well again")
        else:
            unproven.check_at_s = max(unproven.check_at_s, well_from_s)

    def _leave(self, notification: Action, state: NotificationState, unproven: Unproven, why: str) -> None:
        del state.unproven[unproven.container_id]
        if unproven.trouble:
            self._delivery_log.rollout_goes_on(notification, unproven.name, why)

    def _stop(self, notification: Action, unproven: Unproven, trouble: str) -> None:
        if not unproven.trouble:
            self._delivery_log.rollout_stops(notification, unproven.name, trouble)
        unproven.trouble = trouble

    def _to_check(self) -> Iterator[tuple[Action, Unproven]]:
        """Those that were told; while one is still owed something there is nothing to see."""
        for notification, state in self._outbox.states.items():
            for unproven in state.unproven.values():
                place = (notification, unproven.container_id)
                if not (unproven.is_checked or place in self._schedule.under_way or self._schedule.is_owed(place)):
                    yield notification, unproven

    def _of(self, attempt: Attempt) -> Unproven | None:
        return self._outbox.states[attempt.notification].unproven.get(attempt.task.run.container_id)


def check(port: NotifyPort, notification: Action, unproven: Unproven, begun_at_s: float) -> CheckReport:
    """Look at a container that was told; called by a worker, for what may not change meanwhile."""
    try:
        state = port.inspect(unproven.engine, unproven.container_id, timeout_s=READ_TIMEOUT_S)
    except DeliveryError:
        return CheckReport(notification, unproven.container_id, None)
    return CheckReport(notification, unproven.container_id, ContainerReading(begun_at_s, state))


def _trouble(state: ContainerState) -> str:
    """What is wrong with a container, in words; '' where nothing is."""
    if state.restarting:
        return "is being restarted by its policy"
    if not state.running:
        return "does not run"
    if state.paused:
        return "is paused"
    return "" if state.health in (*_NO_CHECK, _STARTING, _HEALTHY) else "is unhealthy"


def _pause_s(notification: Action, state: ContainerState) -> float:
    """A health check says that it is well; where there is none, time does."""
    given_s = notification.rules.pause_s
    if given_s is not None:
        return given_s
    return PAUSE_S if state.health in _NO_CHECK else 0.0
