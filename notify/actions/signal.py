"""Sending a signal without harm to the container's restart policy: `--signal-via auto|exec|kill`.

`docker kill` makes the engine forget a restart policy where the container sets no other StopSignal (moby#41302), and
marks the container as stopped by hand, which `unless-stopped` heeds. `kill` run inside the container by exec does
neither. It cannot send KILL and STOP, which PID 1 of a namespace ignores from inside, and must not be tried where PID 1
is not the container's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from models.frozen import frozen
from models.signals import parse_signal, same_signal
from notify.actions.action import Action, Need, OptionWords, SignalVia, container_name
from notify.actions.keys import Key, text
from notify.delivery import READ_TIMEOUT_S, Delivered, Failed, Inspector, Outcome, Task, inspect_first, preflight
from notify.port import ContainerState, DeliveryError, EngineRefused, NotifyPort

if TYPE_CHECKING:
    from collections.abc import Sequence

_OWN_PID_MODES = frozenset({"", "private"})  # Podman spells it out
_NO_POLICIES = frozenset({"", "no"})
NEVER_BY_EXEC = ("SIGKILL", "SIGSTOP")  # what PID 1 ignores when it comes from inside
_FORBIDDEN = frozenset({403, 405})
_FIRST_REAL_TIME = 34  # as the engine counts: names like RTMIN+3 are not known to every `kill`


@frozen
class Signal(Action):
    """A signal to the first process of each matching container.

    Attributes:
        signal: canonical name such as `SIGHUP`, see `models.signals`.
    """

    signal: str
    action: ClassVar[str] = "signal"
    may_cost_policy: ClassVar[bool] = True
    option: ClassVar[OptionWords] = OptionWords(
        "--signal",
        ("CONTAINER", "SIGNAL"),
        "Send SIGNAL (HUP, SIGHUP, 1) to CONTAINER when the target changed; matched as by --restart. Repeatable. In "
        "the environment PYGEN_SIGNAL='nginx HUP,haproxy USR2'.",
    )

    keys: ClassVar[tuple[Key, ...]] = (
        Key(
            "signal",
            "text",
            "The first process of each container gets this signal (HUP, SIGHUP, 1).",
            lambda value: parse_signal(_words(value)),
            "signal",
        ),
    )

    def __str__(self) -> str:
        return f"signal {self._short} to {self.whom}"

    @classmethod
    def from_words(cls, words: Sequence[str]) -> Signal:
        """CONTAINER and SIGNAL."""
        if len(words) != 2:  # noqa: PLR2004 - a container and a signal
            raise ValueError(f"{' '.join(words)!r} is not CONTAINER SIGNAL: write both, such as 'nginx HUP'")
        return cls(container_name(words[0]), parse_signal(words[1]))

    def deliver(self, port: NotifyPort, task: Task, inspector: Inspector, via: SignalVia) -> Outcome:
        """Signal the task's run, in the way that spares its restart policy where there is one."""
        state = inspect_first(task, inspector)
        if not isinstance(state, ContainerState):
            return state
        return _Sending(port, task, inspector, self.signal).send(state, via)

    def needs(self, via: SignalVia) -> frozenset[Need]:
        """Kill, unless only exec is allowed; exec, unless it is not allowed or could not send this signal."""
        needs: set[Need] = set()
        if via != "exec":
            needs.add("kill")
        if via != "kill" and self.signal not in NEVER_BY_EXEC:
            needs.add("exec")
        return frozenset(needs)

    def refusal(self, via: SignalVia) -> str:
        """Inside a container nothing can stop or kill PID 1."""
        if via != "exec" or self.signal not in NEVER_BY_EXEC:
            return ""
        return f"exec can't send {self._short} to {self.whom}: give auto or kill"

    @property
    def _short(self) -> str:
        return self.signal.removeprefix("SIG")


def _words(value: object) -> str:
    """A number is as good as a name."""
    return str(value) if type(value) is int else text(value)


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


class _Sending:
    """One delivery of a signal to a container that can be told now."""

    def __init__(self, port: NotifyPort, task: Task, inspector: Inspector, signal: str) -> None:
        self._port = port
        self._task = task
        self._inspector = inspector
        self._signal = signal
        self._short = signal.removeprefix("SIG")

    def send(self, state: ContainerState, via: SignalVia) -> Outcome:
        """Choose the way and go it."""
        harmful = kill_cancels_policy(state, self._signal)
        if via == "kill" or (via == "auto" and (not harmful or self._task.policy_lost)):
            return self._by_kill(advice=_advice(state, self._signal) if harmful else "")
        no_exec = "" if exec_can_signal(state, self._signal) else "exec can't send it to this container"
        if not no_exec:
            told = self._by_exec()
            if not isinstance(told, str):
                return told
            no_exec = told
        if via == "exec":
            return Failed(
                f"{self._short} could not be sent by exec ({no_exec}), and --signal-via exec allows no other way"
            )
        return self._by_kill(advice=f"{_advice(state, self._signal)} (no exec: {no_exec})")

    def _by_exec(self) -> Outcome | str:
        """Run `kill` inside; a text where that is not possible in this container, saying why."""
        engine, container_id = self._task.engine, self._task.run.container_id
        reasons: list[str] = []
        for command, user in _commands(self._signal):
            try:
                ended = self._port.execute(engine, container_id, command, user=user, timeout_s=READ_TIMEOUT_S)
            except DeliveryError as error:
                if isinstance(error, EngineRefused) and error.status in _FORBIDDEN:
                    return f"the engine forbids exec: {error}"
                return self._after_failure(error, policy_lost=False)
            if ended.status == 0:
                return Delivered(f"exec as {'user ' + user if user else 'its own user'}")
            reasons.append(f"`{command[0]}`{' as user ' + user if user else ''} ended with {ended.status}")
        return ", ".join(reasons)

    def _by_kill(self, *, advice: str) -> Outcome:
        """`docker kill`; with advice where it costs the restart policy."""
        engine, container_id = self._task.engine, self._task.run.container_id
        try:
            self._port.kill(engine, container_id, self._signal, timeout_s=READ_TIMEOUT_S)
        except DeliveryError as error:
            lost = bool(advice) and not isinstance(error, EngineRefused)
            return self._after_failure(error, policy_lost=lost)
        return Delivered("docker kill", policy_lost=bool(advice), advice=advice)

    def _after_failure(self, error: DeliveryError, *, policy_lost: bool) -> Outcome:
        """A refusal because the run has just ended, or was paused, is no failure."""
        if isinstance(error, EngineRefused) and error.is_about_state:
            state = self._inspector.inspect_again()
            blocked = None if isinstance(state, DeliveryError) else preflight(self._task, state)
            if blocked is not None:
                return blocked
        return Failed(f"{self._short} could not be sent: {error}", policy_lost=policy_lost)


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


def _advice(state: ContainerState, signal: str) -> str:
    """What to change so that the container comes back after its next crash."""
    short = signal.removeprefix("SIG")
    cost = f"its restart policy '{state.restart_policy}' is cancelled for this run"
    if state.restart_policy == "unless-stopped":
        return f"{cost}: use the policy 'always' and set stop_signal to a signal other than {short}"
    return f"{cost}: set stop_signal on the container to a signal other than {short}"
