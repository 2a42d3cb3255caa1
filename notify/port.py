"""The small port that notifications need from Docker; the reconciler's backend fills it and raises these errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from models.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Sequence


class DeliveryError(Exception):
    """The engine did not do what a delivery asked of it. The message says what, where, and what to do."""


class EngineTimeout(DeliveryError):  # noqa: N818 - a timeout, as the standard library spells it
    """No answer in time: whether the engine did it is unknown."""


class EngineRefused(DeliveryError):  # noqa: N818
    """The engine answered with an error status.

    Attributes:
        status: the HTTP status: 403, 404, 409, 500, ...
    """

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status

    @property
    def is_about_state(self) -> bool:
        """Whether the container's state is the reason: it is gone (404), or stopped or paused (409)."""
        return self.status in {404, 409}


class EngineUnavailable(DeliveryError):  # noqa: N818
    """The engine could not be reached, or the connection broke before an answer."""


class WouldEnd(DeliveryError):  # noqa: N818
    """A process does not listen for the signal, or not yet, and would be ended by it: nothing was sent."""


@frozen
class ContainerState:
    """What a delivery must know of a container, read by an inspect directly before it acts.

    Attributes:
        running, restarting, paused: as in `State`.
        started_at: `State.StartedAt` as the engine wrote it.
        stop_signal: `Config.StopSignal`, '' where it is not set.
        restart_policy: `HostConfig.RestartPolicy.Name`; '' and 'no' are no policy.
        pid_mode: `HostConfig.PidMode`; '' is the container's own, else `host` or `container:ID`.
        stop_timeout_s: `Config.StopTimeout` in seconds, None where it is not set (the engine then takes 10).
        addresses: of its own, on its networks by their names, IPv4 first in each; none on another's network stack.
        health: `State.Health.Status`: `starting`, `healthy`, `unhealthy`; '' or `none` without a health check.
        engine_ns_max: upper bound of the engine's clock when the inspect was begun, ns since the epoch, or None.
    """

    running: bool
    restarting: bool
    paused: bool
    started_at: str
    stop_signal: str = ""
    restart_policy: str = ""
    pid_mode: str = ""
    stop_timeout_s: int | None = None
    addresses: tuple[str, ...] = ()
    health: str = ""
    engine_ns_max: int | None = None


@frozen
class Executed:
    """A command that ended.

    Attributes:
        status: its exit status.
        output: the end of what it printed, standard output and standard error as they came: see `notify.output`.
    """

    status: int
    output: bytes = b""


class NotifyPort(Protocol):
    """What a delivery may do. Safe to be called from several threads at once; every method may raise DeliveryError.

    `engine` is the name of the engine that owns the container (see `models.container`).
    """

    def inspect(self, engine: str, container_id: str, *, timeout_s: float) -> ContainerState | None:
        """Read the container's state; None where it is gone."""

    def kill(self, engine: str, container_id: str, signal: str, *, timeout_s: float) -> None:
        """`POST /containers/{id}/kill?signal=`; the signal by its canonical name, see `models.signals`."""

    def restart(self, engine: str, container_id: str, *, stop_timeout_s: int | None, timeout_s: float) -> None:
        """`POST /containers/{id}/restart`, `t=` only where a stop timeout is given."""

    def start(self, engine: str, container_id: str, *, timeout_s: float) -> None:
        """`POST /containers/{id}/start`; already started (304) is no error."""

    def execute(
        self, engine: str, container_id: str, command: Sequence[str], *, user: str = "", timeout_s: float
    ) -> Executed:
        """Run a command inside and wait for it: exec create, start, inspect.

        Args:
            engine: the engine that owns the container.
            container_id: the full id.
            command: program and arguments.
            user: '' for the container's own user, else such as `0`.
            timeout_s: for the whole of it; EngineTimeout after that, though the command may go on inside.
        """
