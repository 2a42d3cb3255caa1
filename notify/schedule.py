"""When each debt is served: with its batch, after a failure by backoff, and never two at once for one container."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from models import backoff
from models.run import Run
from notify.actions.action import Action
from notify.interval import Batch, Interval
from notify.throttle import RestartLoopThrottle

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from notify.outcome import Task

DebtKey = tuple[Action, Run]
Place = tuple[Action, str]  # the notification and the container's id: one delivery at a time


@dataclass(slots=True)
class Plan:
    """When one debt is served next.

    Attributes:
        due_at_s: monotonic clock; None while it waits for its batch.
        failures: in a row since the last success or new file, for the backoff.
        tries: failed in a row since the last success, for people.
        trouble: why the last try did not tell it, empty where none did.
        held: whether the last try found the container paused.
    """

    due_at_s: float | None = None
    failures: int = 0
    tries: int = 0
    trouble: str = ""
    held: bool = False


@dataclass(slots=True)
class Attempt:
    """A delivery under way.

    Attributes:
        attempt_id: counts up.
        notification, task: what is delivered to whom.
        name: the container's name.
        acked_before: what the outbox said that the run knows; it holds again if nothing was sent.
        begun_at_s: monotonic clock.
        changed_since_epoch_s: wall clock of the first replacement during the delivery, 0 if there was none.
    """

    attempt_id: int
    notification: Action
    task: Task
    name: str
    acked_before: str
    begun_at_s: float
    changed_since_epoch_s: float = 0.0

    @property
    def key(self) -> DebtKey:
        """Whose debt it serves."""
        return self.notification, self.task.run

    @property
    def place(self) -> Place:
        """What it occupies."""
        return self.notification, self.task.run.container_id


class Schedule:
    """All plans and deliveries under way of one job. Moments are arguments, on the monotonic clock."""

    def __init__(self, interval: Interval, chance: Callable[[], float]) -> None:
        self._interval = interval
        self._chance = chance
        self._batch: Batch | None = None
        self.throttle = RestartLoopThrottle()
        self.plans: dict[DebtKey, Plan] = {}
        self.under_way: dict[Place, Attempt] = {}

    def file_changed(self, at_s: float) -> None:
        """The file took a new content: the batch moves, and every debt joins it, without memory of failures."""
        batch = self._batch if self._any_waits() else None
        self._batch = Batch.opened(self._interval, at_s) if batch is None else batch.changed(self._interval, at_s)
        for plan in self.plans.values():
            plan.due_at_s, plan.failures = None, 0

    def owe(self, debts: Collection[DebtKey], now_s: float) -> None:
        """Plan every debt that has no plan yet, with the open batch or a new one; drop plans without a debt."""
        for key in set(self.plans).difference(debts):
            del self.plans[key]
        for key in debts:
            if key not in self.plans:
                self._join(key, now_s)

    def release(self, now_s: float) -> None:
        """Close the batch if it is due: its debts are served from now on."""
        if self._batch is not None and now_s >= self._batch.due_at_s:
            self._close(self._batch.due_at_s)

    def release_now(self, now_s: float) -> None:
        """Close the batch without waiting for its time."""
        self._close(now_s)

    def expedite(self, now_s: float) -> None:
        """Everything is due now."""
        self._close(now_s)
        for plan in self.plans.values():
            plan.due_at_s, plan.failures = now_s, 0

    def due(self, now_s: float, *, heed_throttle: bool = True) -> list[DebtKey]:
        """Debts to serve now, at most one for each container and notification, the longest known first."""
        chosen: dict[Place, DebtKey] = {}
        for key in self.plans:
            when = self._when(key, heed_throttle=heed_throttle)
            if when is not None and when <= now_s and _place(key) not in self.under_way:
                chosen.setdefault(_place(key), key)
        return list(chosen.values())

    def next_due(self, *, heed_throttle: bool = True) -> float | None:
        """When something is to be done next; None where there is nothing, or only deliveries under way."""
        moments = [
            self._when(key, heed_throttle=heed_throttle) for key in self.plans if _place(key) not in self.under_way
        ]
        due = [moment for moment in moments if moment is not None]
        if self._batch is not None and self._any_waits():
            due.append(self._batch.due_at_s)
        return min(due, default=None)

    def failed(self, key: DebtKey, now_s: float, *, trouble: str, held: bool) -> Plan | None:
        """Plan the next try after one that told nobody; None where the debt has ended meanwhile."""
        plan = self.plans.get(key)
        if plan is None:
            return None
        plan.failures += 1
        plan.tries, plan.held, plan.trouble = (plan.tries if held else plan.tries + 1), held, trouble
        if plan.due_at_s is not None:  # else a new file came meanwhile: it waits for the batch
            plan.due_at_s = now_s + backoff.delay_s(plan.failures, self._chance())
        return plan

    def succeeded(self, key: DebtKey) -> None:
        """A try was through: should the debt go on, because of a newer content, it has no failures."""
        plan = self.plans.get(key)
        if plan is not None:
            plan.failures, plan.tries, plan.trouble, plan.held = 0, 0, "", False

    def ended(self, attempt_id: int) -> Attempt:
        """Take a delivery off those under way."""
        place = next(place for place, attempt in self.under_way.items() if attempt.attempt_id == attempt_id)
        return self.under_way.pop(place)

    def unpaused(self, container_id: str, now_s: float) -> None:
        """A container is no longer paused: what was held for it is due."""
        for (_, run), plan in self.plans.items():
            if plan.held and run.container_id == container_id and plan.due_at_s is not None:
                plan.held, plan.due_at_s = False, min(plan.due_at_s, now_s)

    def _join(self, key: DebtKey, now_s: float) -> None:
        """Put a new debt into the open batch; one whose time passed while nothing waited in it is not open."""
        batch = self._batch
        if batch is None or (now_s >= batch.due_at_s and not self._any_waits()):
            self._batch = Batch.opened(self._interval, now_s)
        self.plans[key] = Plan()

    def _any_waits(self) -> bool:
        return any(plan.due_at_s is None for plan in self.plans.values())

    def _close(self, due_at_s: float) -> None:
        for plan in self.plans.values():
            if plan.due_at_s is None:
                plan.due_at_s = due_at_s
        self._batch = None

    def _when(self, key: DebtKey, *, heed_throttle: bool) -> float | None:
        due_at_s = self.plans[key].due_at_s
        if due_at_s is None or not heed_throttle:
            return due_at_s
        return max(due_at_s, self.throttle.not_before_s(_place(key)))


def _place(key: DebtKey) -> Place:
    return key[0], key[1].container_id
