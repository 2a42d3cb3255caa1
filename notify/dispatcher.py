"""Deliveries from their beginning to their report: recorded first, then run by workers, taken by the loop's thread."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from models.frozen import frozen
from notify.delivery import Failed, Inspector, Report, Task
from notify.outbox import UNKNOWN, Unproven
from notify.rollout import CheckReport, check
from notify.schedule import Attempt, DebtKey

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from models.notification import Notification
    from models.run import Run
    from notify.acknowledging import Acknowledger
    from notify.actions.action import Action, SignalVia
    from notify.outbox import Outbox
    from notify.port import NotifyPort
    from notify.rollout import Rollouts
    from notify.schedule import Schedule
    from notify.throttle import Place


Effect = tuple[object, "Run", str, "SignalVia", int]
"""What a delivery does, to which run of which engine, and in which way and by which port."""


def _ignore(_: Exception) -> None:
    """Count nothing."""


@frozen
class Runtime:
    """What the notifications of a program take from the world around them.

    Attributes:
        clock: monotonic seconds; also called by workers.
        wall_clock: seconds since the epoch, for what people read only.
        chance: random numbers in [0, 1).
        spawn: runs a function in a thread of its own that does not keep the process alive.
        wake: called by workers: a report waits. Must be safe from any thread.
        log: takes what people read.
        unexpected: told of a fault of ours in a delivery; called by workers.
    """

    clock: Callable[[], float]
    wall_clock: Callable[[], float]
    chance: Callable[[], float]
    spawn: Callable[[Callable[[], None]], None]
    wake: Callable[[], None]
    log: logging.Logger
    unexpected: Callable[[Exception], object] = _ignore


@frozen
class PendingDebt:
    """One debt, for the status page.

    Attributes:
        notification: what is owed.
        run: to whom.
        name: the container's name.
        since_epoch_s: when the first change that it was not told of was made, wall clock.
        tries: failed in a row.
        trouble: why the last try failed, empty where there was none.
        under_way: whether a delivery is being made now.
        due_at_s: when the next try is due on the monotonic clock; None while it waits for its batch.
    """

    notification: Notification
    run: Run
    name: str
    since_epoch_s: float
    tries: int
    trouble: str
    under_way: bool
    due_at_s: float | None


@frozen
class Begun:
    """A delivery that is recorded, and not made yet.

    Attributes:
        dispatcher: its job's.
        attempt: the delivery.
    """

    dispatcher: Dispatcher
    attempt: Attempt

    @property
    def effect(self) -> Effect | None:
        """See `Dispatcher.effect`."""
        task = self.attempt.task
        return self.dispatcher.effect(self.attempt.notification, task.run, task.engine)


class Dispatcher:
    """One job's deliveries. All methods but `_work` belong to the loop's thread."""

    def __init__(
        self,
        outbox: Outbox,
        schedule: Schedule,
        acknowledger: Acknowledger,
        rollouts: Rollouts,
        *,
        target: str,
        port: NotifyPort,
        via: SignalVia,
        runtime: Runtime,
    ) -> None:
        self._outbox = outbox
        self._target = target
        self._schedule = schedule
        self._acknowledger = acknowledger
        self._rollouts = rollouts
        self._port = port
        self._via: SignalVia = via
        self._runtime = runtime
        self._reports: deque[Report | CheckReport] = deque()  # workers append, which is atomic
        self._attempts = 0

    def take_reports(self) -> bool:
        """Take what workers have left; whether there was anything."""
        any_taken = bool(self._reports)
        while self._reports:
            report = self._reports.popleft()
            if isinstance(report, CheckReport):
                self._rollouts.take(report, self._runtime.clock())
            else:
                self._acknowledger.take(report, self._runtime.clock())
        return any_taken

    def begin(self, keys: Iterable[DebtKey], now_s: float) -> list[Begun]:
        """Note deliveries in the outbox; it has to be saved before they are launched."""
        return [Begun(self, self._begin(notification, run, now_s)) for notification, run in keys]

    def effect(self, action: Action, run: Run, engine: str) -> Effect | None:
        """What a delivery does to whom; equal ones of several jobs need to be made once. None where each is another."""
        effect = action.effect()
        return None if effect is None else (effect, run, engine, self._via, id(self._port))

    def make(self, begun: Sequence[Begun]) -> None:
        """Have a worker make a delivery for all of these, the first of which is ours."""
        try:
            self._runtime.spawn(partial(self._work, begun))
        except RuntimeError as error:  # no thread can be started
            self._runtime.unexpected(error)
            for each in begun:
                each.dispatcher.leave(Report(each.attempt.attempt_id, Failed(str(error), acted=False), (), 0.0))

    def leave(self, report: Report | CheckReport) -> None:
        """Leave a report for the loop; from any thread."""
        self._reports.append(report)

    def check(self, now_s: float) -> None:
        """Have workers look at the containers of rollouts that are due for it."""
        for notification, unproven in self._rollouts.due(now_s):
            try:
                self._runtime.spawn(partial(self._look, notification, unproven))
            except RuntimeError as error:
                self._runtime.unexpected(error)
                self._reports.append(CheckReport(notification, unproven.container_id, None))

    def doubt(self, since_epoch_s: float, concerned: Collection[Action], *, forced: bool) -> None:
        """The file changes during the deliveries that are under way: their runs may have loaded either content.

        Args:
            since_epoch_s: when it changed.
            concerned: the notifications that react to it; to the others either content is as good.
            forced: whether anything may have been loaded before.
        """
        for attempt in self._schedule.under_way.values():
            if attempt.notification in concerned:
                attempt.changed_since_epoch_s = attempt.changed_since_epoch_s or since_epoch_s
            attempt.acked_before = UNKNOWN if forced else attempt.acked_before

    def pending(self) -> Iterator[PendingDebt]:
        """Everything that is owed now."""
        for notification, record in self._outbox.pending():
            place = (notification, record.run.container_id)
            plan = self._schedule.plan(notification, record.run)
            attempt = self._schedule.under_way.get(place)
            under_way = attempt is not None and attempt.task.run == record.run
            due_at_s = None if plan is None else self._schedule.due_at(place)
            if due_at_s is None and attempt is not None and plan is not None and not plan.batched:
                due_at_s = attempt.begun_at_s
            yield PendingDebt(
                notification=notification,
                run=record.run,
                name=record.name,
                since_epoch_s=record.since_epoch_s,
                tries=0 if plan is None else plan.tries,
                trouble=self._trouble(place) if plan is None or not plan.trouble else plan.trouble,
                under_way=under_way,
                due_at_s=due_at_s,
            )

    def _trouble(self, place: Place) -> str:
        """Why a debt that is due is not served; '' where it is."""
        if not self._schedule.awaits_turn(place):
            return ""
        unproven = self._outbox.states[place[0]].unproven.values()
        ill = [f"{each.name} {each.trouble}" for each in unproven if each.trouble]
        return f"waits: {ill[0]}" if ill else "waits for its turn"

    def _begin(self, notification: Action, run: Run, now_s: float) -> Attempt:
        record = self._outbox.states[notification].runs[run]
        self._attempts += 1
        task = Task(
            run, record.engine, record.restart_begun, record.policy_lost, target=self._target, cause=self._outbox.cause
        )
        attempt = Attempt(self._attempts, notification, task, record.name, record.acked_digest, now_s)
        if notification.is_rolling:
            unproven = self._outbox.states[notification].unproven
            attempt.was_unproven = run.container_id in unproven
            unproven.setdefault(run.container_id, Unproven(run.container_id, record.engine, record.name))
        self._schedule.under_way[attempt.place] = attempt
        record.acked_digest = UNKNOWN
        record.restart_begun = notification.restarts
        return attempt

    def _work(self, begun: Sequence[Begun]) -> None:
        """What a worker runs: one delivery, and a report for each that it was made for."""
        first = begun[0].attempt
        task = replace(
            first.task,
            restart_begun=any(each.attempt.task.restart_begun for each in begun),
            policy_lost=any(each.attempt.task.policy_lost for each in begun),
        )
        report = deliver(self._port, first.attempt_id, first.notification, task, via=self._via, runtime=self._runtime)
        self.leave(report)
        for each in begun[1:]:
            each.dispatcher.leave(replace(report, attempt_id=each.attempt.attempt_id, shared_with=self._target))
        self._runtime.wake()

    def _look(self, notification: Action, unproven: Unproven) -> None:
        """What a worker runs for a container of a rollout."""
        try:
            report = check(self._port, notification, unproven, self._runtime.clock())
        except Exception as error:  # noqa: BLE001 - the loop must hear of every end
            self._runtime.unexpected(error)
            report = CheckReport(notification, unproven.container_id, None)
        self._reports.append(report)
        self._runtime.wake()


def launch(begun: Iterable[Begun]) -> None:
    """Give deliveries to workers, one for each effect."""
    alike: dict[Effect | int, list[Begun]] = {}
    for each in tuple(begun):
        alike.setdefault(id(each) if each.effect is None else each.effect, []).append(each)
    for group in alike.values():
        group[0].dispatcher.make(group)


def deliver(
    port: NotifyPort, attempt_id: int, action: Action, task: Task, *, via: SignalVia, runtime: Runtime
) -> Report:
    """Tell one run. Never raises: the loop must hear of every end.

    Args:
        port: the engine.
        attempt_id: goes into the report.
        action: what to deliver.
        task: to whom.
        via: how signals are sent.
        runtime: for the clock, and for a fault of ours: its traceback is logged at debug level.

    Returns:
        The outcome and every reading made on the way.
    """
    inspector = Inspector(port, task, runtime.clock)
    begun_at_s = runtime.clock()
    try:
        outcome = action.deliver(port, task, inspector, via)
    except Exception as error:
        runtime.log.debug("a delivery failed unexpectedly", exc_info=True)
        runtime.unexpected(error)
        outcome = Failed(f"unexpected {type(error).__name__}")
    return Report(attempt_id, outcome, tuple(inspector.readings), runtime.clock() - begun_at_s)
