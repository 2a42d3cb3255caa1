"""When each debt is served: with its batch, after a failure by backoff, and never two at once for one container.

The work queue holds for each place (a notification and a container) the moment at which it is to be looked at: the
end of its batch, or its next try. Which run is owed then, the plan says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from models.backoff import delay_s
from models.run import Run
from models.work_queue import WorkQueue
from notify.actions.action import Action
from notify.interval import Batch, Interval
from notify.throttle import Place, RestartLoopThrottle

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from notify.delivery import Task
    from notify.outbox import Outbox

DebtKey = tuple[Action, Run]

_AT_ONCE_S = 0.0  # on the monotonic clock: it has passed


@dataclass(slots=True)
class Plan:
    """How one debt is served.

    Attributes:
        run: to whom it is owed.
        batched: whether it waits for its batch.
        tries: failed in a row since the last success, for people.
        trouble: why the last try did not tell it, empty where none did.
        held: whether the last try found the container paused.
    """

    run: Run
    batched: bool = True
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
        was_unproven: whether the container had its place in a rollout already.
    """

    attempt_id: int
    notification: Action
    task: Task
    name: str
    acked_before: str
    begun_at_s: float
    changed_since_epoch_s: float = 0.0
    was_unproven: bool = False

    @property
    def place(self) -> Place:
        """What it occupies."""
        return self.notification, self.task.run.container_id


class Schedule:
    """All plans and deliveries under way of one job. Moments are arguments, on the monotonic clock."""

    def __init__(self, interval: Interval, chance: Callable[[], float], outbox: Outbox) -> None:
        self._interval = interval
        self._outbox = outbox
        self._batches: dict[Interval, Batch] = {}
        self._queue: WorkQueue[Place] = WorkQueue(lambda failures: delay_s(failures, chance()))
        self._plans: dict[Place, Plan] = {}
        self._turn_awaited: dict[Place, None] = {}
        self.throttle = RestartLoopThrottle()
        self.under_way: dict[Place, Attempt] = {}

    def plan(self, notification: Action, run: Run) -> Plan | None:
        """The plan of a debt; None where it has ended."""
        plan = self._plans.get((notification, run.container_id))
        return plan if plan is not None and plan.run == run else None

    def is_owed(self, place: Place) -> bool:
        """Whether there is a debt."""
        return place in self._plans

    def awaits_turn(self, place: Place) -> bool:
        """Whether it is due, and waits for others of a rollout."""
        return place in self._turn_awaited

    def due_at(self, place: Place) -> float | None:
        """When the place is served next; None while it waits for its batch, or for a delivery under way."""
        plan = self._plans.get(place)
        return None if plan is None or plan.batched else self._queue.due_at(place)

    def file_changed(self, at_s: float, concerned: Collection[Action]) -> None:
        """The file took a new content: batches move, and every debt joins its own, without memory of failures.

        Args:
            at_s: when.
            concerned: the notifications that react to it; what others are owed goes on as it did.
        """
        for interval in {self._interval_of(notification) for notification in concerned}:
            batch = self._batches.get(interval) if self._any_batched(interval) else None
            self._batches[interval] = Batch.opened(interval, at_s) if batch is None else batch.changed(interval, at_s)
        for place, plan in self._plans.items():
            batch = self._batches.get(self._interval_of(place[0]))
            if batch is not None and (plan.batched or place[0] in concerned):
                plan.batched, plan.held = True, False
                self._turn_awaited.pop(place, None)
                self._queue.remove(place)
                self._queue.add_at(place, batch.due_at_s)

    def owe(self, debts: Collection[DebtKey], now_s: float) -> None:
        """Plan every debt that has no plan yet, with the open batch or a new one; drop plans without a debt."""
        wanted: dict[Place, Run] = {}
        for notification, run in debts:  # at most one for each place; should there be two, the longest known first
            wanted.setdefault((notification, run.container_id), run)
        for place in [place for place, plan in self._plans.items() if wanted.get(place) != plan.run]:
            del self._plans[place]
            self._turn_awaited.pop(place, None)
            self._queue.remove(place)
        for place, run in wanted.items():
            if place not in self._plans:
                self._queue.add_at(place, self._open_batch(place[0], now_s).due_at_s)
                self._plans[place] = Plan(run)

    def release(self, now_s: float) -> None:
        """Close each batch that is due: its debts are served from now on."""
        self._close([interval for interval, batch in self._batches.items() if now_s >= batch.due_at_s])

    def release_now(self, now_s: float) -> None:
        """Close every batch without waiting for its time."""
        for place, plan in self._plans.items():
            if plan.batched:
                self._queue.add(place, now_s)
        self._close(list(self._batches))

    def expedite(self, now_s: float) -> None:
        """Everything is due now; what is under way is waited for."""
        self.release_now(now_s)
        for place in self._plans:
            self._queue.forget(place)
            if place not in self.under_way:
                self._queue.add(place, now_s)

    def due(self, now_s: float, *, heed_throttle: bool = True) -> list[DebtKey]:
        """Take the debts to serve now, the longest due first; each is under way until `ended`."""
        for waiting in [each for each in self._turn_awaited if self._has_turn(each)]:
            del self._turn_awaited[waiting]
            self._queue.add(waiting, now_s)
        taken: list[DebtKey] = []
        while (place := self._queue.get(now_s)) is not None:
            not_before_s = self.throttle.not_before_s(place) if heed_throttle else now_s
            if not_before_s > now_s:
                self._queue.done(place)
                self._queue.add_at(place, not_before_s)
            elif not self._has_turn(place, taken):
                self._queue.done(place)
                self._turn_awaited[place] = None
            else:
                taken.append((place[0], self._plans[place].run))
        return taken

    def take(self, place: Place) -> DebtKey | None:
        """Take a debt before its time, as `due` does; None where its place is under way or nothing is owed."""
        plan = self._plans.get(place)
        if plan is None or place in self.under_way:
            return None
        plan.batched = False
        self._turn_awaited.pop(place, None)
        self._queue.take(place)
        return place[0], plan.run

    def next_due(self) -> float | None:
        """When something is to be done next; None where there is nothing, or only deliveries under way."""
        if any(self._has_turn(place) for place in self._turn_awaited):
            return _AT_ONCE_S
        return self._queue.next_due()

    def ended(self, attempt_id: int) -> Attempt:
        """Take a delivery off those under way. What comes next for its debt, `failed` or `succeeded` says."""
        place = next(place for place, attempt in self.under_way.items() if attempt.attempt_id == attempt_id)
        self._queue.done(place)
        return self.under_way.pop(place)

    def failed(self, attempt: Attempt, now_s: float, *, trouble: str, held: bool) -> Plan | None:
        """Plan the next try after one that failed or was held; None where the debt has ended meanwhile."""
        plan = self.plan(attempt.notification, attempt.task.run)
        if plan is None:
            return None
        plan.tries, plan.held, plan.trouble = (plan.tries if held else plan.tries + 1), held, trouble
        if not plan.batched:  # else a new file came meanwhile: it waits for the batch
            self._queue.add_rate_limited(attempt.place, now_s)
        return plan

    def succeeded(self, attempt: Attempt, now_s: float) -> None:
        """A try was through: should the debt go on, because of a newer content, it has no failures."""
        plan = self.plan(attempt.notification, attempt.task.run)
        if plan is not None:
            plan.tries, plan.trouble, plan.held = 0, "", False
            self._queue.forget(attempt.place)
            if attempt.place not in self._queue:
                self._queue.add(attempt.place, now_s)

    def unpaused(self, container_ids: Collection[str], now_s: float) -> None:
        """Containers are not paused: what was held for them is due."""
        for place, plan in self._plans.items():
            if plan.held and place[1] in container_ids:
                plan.held = False
                self._queue.add(place, now_s)

    def _has_turn(self, place: Place, taken: Collection[DebtKey] = ()) -> bool:
        """Whether a rollout admits the container, beside those whose places are taken just now."""
        notification, container_id = place
        if notification.rules.max_parallel is None:
            return True
        busy = {run.container_id for each, run in taken if each == notification}
        busy.update(self._outbox.states[notification].unproven)
        return container_id in busy or len(busy) < notification.rules.max_parallel

    def _interval_of(self, notification: Action) -> Interval:
        return notification.rules.interval or self._interval

    def _open_batch(self, notification: Action, now_s: float) -> Batch:
        """The batch that a new debt joins; one whose time passed while nothing waited in it is not open."""
        interval = self._interval_of(notification)
        batch = self._batches.get(interval)
        if batch is None or (now_s >= batch.due_at_s and not self._any_batched(interval)):
            batch = self._batches[interval] = Batch.opened(interval, now_s)
        return batch

    def _any_batched(self, interval: Interval) -> bool:
        return any(plan.batched and self._interval_of(place[0]) == interval for place, plan in self._plans.items())

    def _close(self, intervals: Collection[Interval]) -> None:
        for place, plan in self._plans.items():
            if self._interval_of(place[0]) in intervals:
                plan.batched = False
        for interval in intervals:
            del self._batches[interval]
