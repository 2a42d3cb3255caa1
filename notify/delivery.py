"""One delivery: what a worker must know, what it may do now (`preflight`), and how it ended, as values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from models.frozen import frozen
from notify.port import ContainerState, DeliveryError

if TYPE_CHECKING:
    from collections.abc import Callable

    from models.run import Run
    from models.write import Cause
    from notify.port import NotifyPort

READ_TIMEOUT_S = 10.0


@frozen
class Task:
    """One delivery for a worker: everything it must know, nothing that may change meanwhile.

    Attributes:
        run: whom it is owed to.
        engine: the engine that owns the container.
        restart_begun: whether an earlier try to restart this very run was begun and its end is unknown.
        policy_lost: whether this run's restart policy is known to be cancelled already by a `docker kill` of ours.
        target: the file that changed, as configured.
        cause: why it was written last; '' where that is not known.
    """

    run: Run
    engine: str
    restart_begun: bool = False
    policy_lost: bool = False
    target: str = ""
    cause: Cause | Literal[""] = ""


@frozen
class Delivered:
    """The run was told.

    Attributes:
        how: for the log: `exec`, `docker kill`, `restart`, ...
        policy_lost: whether the container's restart policy was cancelled by it.
        advice: what to do about that, empty if nothing.
    """

    how: str
    policy_lost: bool = False
    advice: str = ""


@frozen
class RunEnded:
    """The run is over, and so is its debt. `why` is for the log."""

    why: str


@frozen
class Held:
    """Nothing was sent, the debt stays; `why` is for the log, such as `it is paused`."""

    why: str


@frozen
class Failed:
    """The engine did not do it, or did not say so.

    Attributes:
        message: what, where, what to do.
        output: the last lines that a command of the user's printed. For the log alone: it may hold anything, and the
            status page is for everybody who reaches the port.
        acted: whether something was asked of the engine that may have taken effect.
        restart_undone: a restart was refused and the same run still runs: it was not stopped by us.
        policy_lost: a `docker kill` that cancels the restart policy may have taken effect.
    """

    message: str
    output: str = ""
    acted: bool = True
    restart_undone: bool = False
    policy_lost: bool = False


Outcome = Delivered | RunEnded | Held | Failed

_GONE = RunEnded("the container is gone")


@frozen
class ContainerReading:
    """One inspect made by a delivery.

    Attributes:
        begun_at_s: our monotonic clock just before it was sent.
        state: what it showed; None where the container is gone.
    """

    begun_at_s: float
    state: ContainerState | None


@frozen
class Report:
    """What a worker leaves for the loop.

    Attributes:
        attempt_id: which delivery it was.
        outcome: how it ended.
        readings: every inspect it made, in order.
        duration_s: how long it took.
        shared_with: the job whose delivery it was, where it was made for several; '' for the job's own.
    """

    attempt_id: int
    outcome: Outcome
    readings: tuple[ContainerReading, ...]
    duration_s: float
    shared_with: str = ""


class Inspector:
    """Inspects one task's container and remembers each reading, for what it says about the order of things."""

    def __init__(self, port: NotifyPort, task: Task, clock: Callable[[], float]) -> None:
        self._port = port
        self._task = task
        self._clock = clock
        self.readings: list[ContainerReading] = []

    def inspect(self) -> ContainerState | None:
        """Inspect the container now; None where it is gone. DeliveryError passes through."""
        begun_at_s = self._clock()
        state = self._port.inspect(self._task.engine, self._task.run.container_id, timeout_s=READ_TIMEOUT_S)
        self.readings.append(ContainerReading(begun_at_s, state))
        return state

    def inspect_again(self) -> ContainerState | DeliveryError | None:
        """Inspect after something went wrong: another error is an answer here."""
        try:
            return self.inspect()
        except DeliveryError as error:
            return error


def is_another_run(task: Task, state: ContainerState) -> bool:
    """Whether the container was started again since the debt was made."""
    return state.started_at != task.run.started_at


def preflight(task: Task, state: ContainerState | None) -> RunEnded | Held | None:
    """Why nothing may be sent to the task's run now; None where it may be."""
    if state is None:
        return _GONE
    if is_another_run(task, state):
        return RunEnded("the container was started again")
    if not state.running:
        return RunEnded("the container has stopped")
    if state.restarting:
        return RunEnded("the container is being restarted by its policy")
    return Held("the container is paused") if state.paused else None


def inspect_first(task: Task, inspector: Inspector) -> ContainerState | RunEnded | Held | Failed:
    """The container's state where something may be sent to the task's run now; otherwise how the delivery ends."""
    try:
        state = inspector.inspect()
    except DeliveryError as error:
        return Failed(str(error), acted=False)
    if state is None:
        return _GONE
    return preflight(task, state) or state
