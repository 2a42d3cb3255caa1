"""Inspecting a container directly before something is done to it, and what may be done then."""

from __future__ import annotations

from typing import TYPE_CHECKING

from notify.outcome import Held, Reading, RunEnded, Task
from notify.port import ContainerState, DeliveryError, NotifyPort

if TYPE_CHECKING:
    from collections.abc import Callable

READ_TIMEOUT_S = 10.0


class Inspector:
    """Inspects one task's container and remembers each reading, for what it says about the order of things."""

    def __init__(self, port: NotifyPort, task: Task, clock: Callable[[], float]) -> None:
        self._port = port
        self._task = task
        self._clock = clock
        self.readings: list[Reading] = []

    def inspect(self) -> ContainerState | None:
        """Inspect the container now; None where it is gone. DeliveryError passes through."""
        begun_at_s = self._clock()
        state = self._port.inspect(self._task.engine, self._task.run.container_id, timeout_s=READ_TIMEOUT_S)
        self.readings.append(Reading(begun_at_s, state))
        return state

    def inspect_again(self) -> ContainerState | DeliveryError | None:
        """Inspect after something went wrong: another error is an answer here."""
        try:
            return self.inspect()
        except DeliveryError as error:
            return error


def is_another_run(task: Task, state: ContainerState) -> bool:
    """Whether the container was started anew since the debt was made."""
    return state.started_at != task.run.started_at


def preflight(task: Task, state: ContainerState | None) -> RunEnded | Held | None:
    """Why nothing may be sent to the task's run now; None where it may be."""
    if state is None:
        return RunEnded("the container is gone")
    if is_another_run(task, state):
        return RunEnded("the container was started anew")
    if not state.running:
        return RunEnded("the container has stopped")
    if state.restarting:
        return RunEnded("the container is being restarted by its policy")
    return Held("the container is paused") if state.paused else None
