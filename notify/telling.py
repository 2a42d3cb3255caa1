"""Sending a signal without harm to the container's restart policy: `--signal-via auto|exec|kill`.

`docker kill` makes the engine forget a restart policy where the container sets no other StopSignal (moby#41302), and
marks the container as stopped by hand, which `unless-stopped` heeds. `kill` run inside the container by exec does
neither. It cannot send KILL and STOP, which PID 1 of a namespace ignores from inside, and must not be tried where PID 1
is not the container's own.
"""

from __future__ import annotations

from typing import Literal

from models.signals import same_signal
from notify.looking import READ_TIMEOUT_S, Looker, obstacle
from notify.outcome import Delivered, Failed, Outcome, Task
from notify.port import ContainerState, DeliveryError, EngineRefused, NotifyPort

SignalVia = Literal["auto", "exec", "kill"]

_OWN_PID_MODES = frozenset({"", "private"})  # Podman spells it out
_NO_POLICIES = frozenset({"", "no"})
NEVER_BY_EXEC = ("SIGKILL", "SIGSTOP")  # what PID 1 ignores when it comes from inside
_FORBIDDEN = frozenset({403, 405})
_RUN_IS_OVER = frozenset({404, 409})
_FIRST_REAL_TIME = 34  # as the engine counts: names like RTMIN+3 are not known to every `kill`


def deliver_signal(port: NotifyPort, task: Task, looker: Looker, via: SignalVia) -> Outcome:
    """Signal the task's run.

    Args:
        port: the engine.
        task: what is owed.
        looker: inspects.
        via: `auto` avoids `docker kill` where it would cancel the restart policy, `exec` always, `kill` never.

    Returns:
        How it ended. Failures of the first look are `Failed(acted=False)`: nothing was asked for then.
    """
    try:
        state = looker.look()
    except DeliveryError as error:
        return Failed(str(error), acted=False)
    blocked = obstacle(task, state)
    if blocked is not None or state is None:
        return blocked or Failed("the container cannot be read", acted=False)
    return _send(port, task, looker, state, via)


def kill_cancels_policy(state: ContainerState, signal: str) -> bool:
    """Whether `docker kill` with this signal would make the engine forget the container's restart policy."""
    if state.restart_policy in _NO_POLICIES:
        return False
    if state.restart_policy == "unless-stopped":
        return True
    return not state.stop_signal or same_signal(state.stop_signal, signal)


def exec_can_signal(state: ContainerState, signal: str) -> bool:
    """Whether `kill` inside the container may be tried at all."""
    return state.pid_mode in _OWN_PID_MODES and signal not in NEVER_BY_EXEC


def _send(port: NotifyPort, task: Task, looker: Looker, state: ContainerState, via: SignalVia) -> Outcome:
    """Choose the way and go it."""
    harmful = kill_cancels_policy(state, task.signal)
    if via == "kill" or (via == "auto" and (not harmful or task.policy_lost)):
        return _by_kill(port, task, looker, advice=_advice(state, task.signal) if harmful else "")
    obstacle_to_exec = "it is never sent that way" if not exec_can_signal(state, task.signal) else ""
    if not obstacle_to_exec:
        told = _by_exec(port, task, looker)
        if not isinstance(told, str):
            return told
        obstacle_to_exec = told
    if via == "exec":
        short = task.signal.removeprefix("SIG")
        return Failed(
            f"{short} could not be sent by exec ({obstacle_to_exec}), and --signal-via exec allows no other way"
        )
    advice = f"{_advice(state, task.signal)} (no exec: {obstacle_to_exec})"
    return _by_kill(port, task, looker, advice=advice)


def _by_exec(port: NotifyPort, task: Task, looker: Looker) -> Outcome | str:
    """Run `kill` inside; a text where that is not possible in this container, saying why."""
    reasons: list[str] = []
    for command, user in _commands(task.signal):
        try:
            status = port.execute(task.engine, task.run.container_id, command, user=user, timeout_s=READ_TIMEOUT_S)
        except DeliveryError as error:
            if isinstance(error, EngineRefused) and error.status in _FORBIDDEN:
                return f"the engine forbids exec: {error}"
            return _after_failure(task, looker, error, policy_lost=False)
        if status == 0:
            return Delivered(f"exec as {'user ' + user if user else 'its own user'}")
        reasons.append(f"`{command[0]}`{' as user ' + user if user else ''} ended with {status}")
    return ", ".join(reasons)


def _commands(signal: str) -> tuple[tuple[tuple[str, ...], str], ...]:
    """What is run inside, in this order, each with its user ('' is the container's own)."""
    option = f"-{_exec_name(signal)}"
    direct: tuple[str, ...] = ("kill", option, "1")
    shell: tuple[str, ...] = ("sh", "-c", f"kill {option} 1")
    return ((direct, ""), (shell, ""), (direct, "0"), (shell, "0"))


def _exec_name(signal: str) -> str:
    """The signal as every `kill` reads it: without SIG, real-time ones by number."""
    name = signal.removeprefix("SIG")
    if not name.startswith("RTMIN"):
        return name
    return str(_FIRST_REAL_TIME + int(name.removeprefix("RTMIN") or 0))


def _by_kill(port: NotifyPort, task: Task, looker: Looker, *, advice: str) -> Outcome:
    """`docker kill`; with advice where it costs the restart policy."""
    try:
        port.kill(task.engine, task.run.container_id, task.signal, timeout_s=READ_TIMEOUT_S)
    except DeliveryError as error:
        lost = bool(advice) and not isinstance(error, EngineRefused)
        return _after_failure(task, looker, error, policy_lost=lost)
    return Delivered("docker kill", policy_lost=bool(advice), advice=advice)


def _after_failure(task: Task, looker: Looker, error: DeliveryError, *, policy_lost: bool) -> Outcome:
    """A refusal because the run has just ended, or was paused, is no failure."""
    if isinstance(error, EngineRefused) and error.status in _RUN_IS_OVER:
        state = looker.look_again()
        blocked = None if isinstance(state, DeliveryError) else obstacle(task, state)
        if blocked is not None:
            return blocked
    short = task.signal.removeprefix("SIG")
    return Failed(f"{short} could not be sent: {error}", policy_lost=policy_lost)


def _advice(state: ContainerState, signal: str) -> str:
    """What to change so that the container comes back after its next crash."""
    short = signal.removeprefix("SIG")
    cost = f"its restart policy '{state.restart_policy}' is cancelled for this run"
    if state.restart_policy == "unless-stopped":
        return f"{cost}: use the policy 'always' and set stop_signal to a signal other than {short}"
    return f"{cost}: set stop_signal on the container to a signal other than {short}"
