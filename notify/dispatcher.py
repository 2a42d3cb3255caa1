"""Deliveries from their beginning to their report: recorded first, then run by workers, taken by the loop's thread."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from notify.delivery import Failed, Inspector, Report, Task
from notify.outbox import UNKNOWN
from notify.schedule import Attempt, DebtKey

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Collection, Iterable, Iterator

    from models.notification import Notification
    from models.run import Run
    from notify.acknowledging import Acknowledger
    from notify.actions.action import Action, SignalVia
    from notify.outbox import Outbox
    from notify.port import NotifyPort
    from notify.schedule import Schedule


def _ignore(_: Exception) -> None:
    """Count nothing."""


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
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


class Dispatcher:
    """One job's deliveries. All methods but `_work` belong to the loop's thread."""

    def __init__(
        self,
        outbox: Outbox,
        schedule: Schedule,
        acknowledger: Acknowledger,
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
        self._port = port
        self._via: SignalVia = via
        self._runtime = runtime
        self._reports: deque[Report] = deque()  # workers append, which is atomic
        self._attempts = 0

    def take_reports(self) -> bool:
        """Take what workers have left; whether there was anything."""
        any_taken = bool(self._reports)
        while self._reports:
            self._acknowledger.take(self._reports.popleft(), self._runtime.clock())
        return any_taken

    def begin(self, keys: Iterable[DebtKey], now_s: float) -> list[Attempt]:
        """Note deliveries in the outbox; it has to be saved before they are launched."""
        return [self._begin(notification, run, now_s) for notification, run in keys]

    def launch(self, attempts: Iterable[Attempt]) -> None:
        """Give deliveries to workers, one for each."""
        for attempt in attempts:
            try:
                self._runtime.spawn(partial(self._work, attempt.attempt_id, attempt.notification, attempt.task))
            except RuntimeError as error:  # no thread can be started
                self._runtime.unexpected(error)
                self._reports.append(Report(attempt.attempt_id, Failed(str(error), acted=False), (), 0.0))

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
                trouble="" if plan is None else plan.trouble,
                under_way=under_way,
                due_at_s=due_at_s,
            )

    def _begin(self, notification: Action, run: Run, now_s: float) -> Attempt:
        record = self._outbox.states[notification].runs[run]
        self._attempts += 1
        task = Task(
            run, record.engine, record.restart_begun, record.policy_lost, target=self._target, cause=self._outbox.cause
        )
        attempt = Attempt(self._attempts, notification, task, record.name, record.acked_digest, now_s)
        self._schedule.under_way[attempt.place] = attempt
        record.acked_digest = UNKNOWN
        record.restart_begun = notification.restarts
        return attempt

    def _work(self, attempt_id: int, action: Action, task: Task) -> None:
        """What a worker runs."""
        self._reports.append(deliver(self._port, attempt_id, action, task, via=self._via, runtime=self._runtime))
        self._runtime.wake()


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
