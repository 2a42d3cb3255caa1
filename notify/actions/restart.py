"""Restarting a container such that every try ends in one of three known places: told, over, or owed.

A restart that times out or breaks may still happen, so after every failure the container is looked at: a new
`StartedAt` is a delivery. One that our own restart left stopped is started by the retry; the caller has recorded
`restart_begun` before the first try, so that this also holds after a crash of ours.

A container that was started is looked at once more: its new run has loaded the content, and is remembered as told even
where no pass comes by any more, as at the end of the process.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from models.frozen import frozen
from notify.actions.action import Action, Need, OptionWords, SignalVia, container_name
from notify.actions.keys import Key, only_true
from notify.delivery import (
    READ_TIMEOUT_S,
    Delivered,
    Failed,
    Inspector,
    Outcome,
    RunEnded,
    Task,
    is_another_run,
    preflight,
)
from notify.port import ContainerState, DeliveryError, EngineRefused, NotifyPort

if TYPE_CHECKING:
    from collections.abc import Sequence

ENGINE_STOP_TIMEOUT_S = 10  # what the engine takes where the container sets none


@frozen
class Restart(Action):
    """`docker restart` of each matching container."""

    action: ClassVar[str] = "restart"
    restarts: ClassVar[bool] = True
    option: ClassVar[OptionWords] = OptionWords(
        "--restart",
        ("CONTAINER",),
        "Restart CONTAINER when the target changed. It is an id (10 digits or more), a name, a Compose service "
        "(SERVICE or PROJECT/SERVICE), a Swarm service, or the value of a container's label pygen.target or variable "
        "PYGEN_TARGET; every match is restarted. Repeatable.",
    )

    keys: ClassVar[tuple[Key, ...]] = (Key("restart", "true", "Each container is restarted.", only_true, ""),)

    def __str__(self) -> str:
        return f"restart of {self.whom}"

    @classmethod
    def from_words(cls, words: Sequence[str]) -> Restart:
        """CONTAINER."""
        return cls(container_name(words[0]))

    def deliver(self, port: NotifyPort, task: Task, inspector: Inspector, via: SignalVia) -> Outcome:  # noqa: ARG002
        """Restart the task's container, or finish a restart that was begun before."""
        try:
            state = inspector.inspect()
        except DeliveryError as error:
            return Failed(str(error), acted=False)
        if task.restart_begun and state is not None:
            finished = _finish(port, task, inspector, state)
            if finished is not None:
                return finished
        return preflight(task, state) or _restart(port, task, inspector, _stop_timeout_s(state))

    def needs(self, via: SignalVia) -> frozenset[Need]:  # noqa: ARG002 - no signal is sent
        """Restart, and start where a restart only stopped the container."""
        return frozenset({"restart"})

    def state(self) -> dict[str, object]:
        """With the empty `signal` that every notification of the state file's version 1 has."""
        return {**Action.state(self), "signal": ""}


def _finish(port: NotifyPort, task: Task, inspector: Inspector, state: ContainerState) -> Outcome | None:
    """What an earlier try of ours came to; None where the same run still runs."""
    if is_another_run(task, state):
        return Delivered("a restart begun earlier")
    if state.running:
        return None
    try:
        port.start(task.engine, task.run.container_id, timeout_s=READ_TIMEOUT_S)
    except DeliveryError as error:
        return _after_failure(task, inspector, error, "started again after pygen's restart had stopped it")
    inspector.inspect_again()
    return Delivered("a start, after pygen's restart had stopped it")


def _restart(port: NotifyPort, task: Task, inspector: Inspector, stop_timeout_s: int | None) -> Outcome:
    """Ask for the restart and wait for it, no longer than its stop timeout and a read timeout more."""
    stopping_s = stop_timeout_s if stop_timeout_s is not None and stop_timeout_s >= 0 else ENGINE_STOP_TIMEOUT_S
    timeout_s = stopping_s + READ_TIMEOUT_S
    try:
        port.restart(task.engine, task.run.container_id, stop_timeout_s=stop_timeout_s, timeout_s=timeout_s)
    except DeliveryError as error:
        return _after_failure(task, inspector, error, "restarted")
    inspector.inspect_again()
    return Delivered("a restart")


def _after_failure(task: Task, inspector: Inspector, error: DeliveryError, wanted: str) -> Outcome:
    """Look whether the engine did it all the same."""
    state = inspector.inspect_again()
    message = f"the container could not be {wanted}: {error}"
    if isinstance(state, DeliveryError):
        return Failed(message)
    if state is None:
        return RunEnded("the container is gone")
    if is_another_run(task, state):
        return Delivered("a restart that the engine did not confirm")
    untouched = isinstance(error, EngineRefused) and state.running
    return Failed(message, restart_undone=untouched)


def _stop_timeout_s(state: ContainerState | None) -> int | None:
    """The container's own stop timeout."""
    return None if state is None else state.stop_timeout_s
