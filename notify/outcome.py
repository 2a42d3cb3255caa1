"""How a delivery ended, as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from models.run import Run
    from notify.port import ContainerState


@dataclass(frozen=True, slots=True)
class Task:
    """One delivery for a worker: everything it must know, nothing that may change meanwhile.

    Attributes:
        run: whom it is owed to.
        engine: the engine that owns the container.
        restart_begun: whether an earlier try to restart this very run was begun and its end is unknown.
        policy_lost: whether this run's restart policy is known to be cancelled already by a `docker kill` of ours.
    """

    run: Run
    engine: str
    restart_begun: bool = False
    policy_lost: bool = False


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class RunEnded:
    """The run is over: nobody is left to be told. `why` is for the log."""

    why: str


@dataclass(frozen=True, slots=True)
class Held:
    """Nothing was sent, the debt stays; `why` is for the log, such as `it is paused`."""

    why: str


@dataclass(frozen=True, slots=True)
class Failed:
    """The engine did not do it, or did not say so.

    Attributes:
        message: what, where, what to do.
        acted: whether something was asked of the engine that may have taken effect.
        restart_undone: a restart was refused and the same run still runs: it was not stopped by us.
        policy_lost: a `docker kill` that cancels the restart policy may have taken effect.
    """

    message: str
    acted: bool = True
    restart_undone: bool = False
    policy_lost: bool = False


Outcome = Delivered | RunEnded | Held | Failed


@dataclass(frozen=True, slots=True)
class Reading:
    """One inspect made by a delivery.

    Attributes:
        begun_at_s: our monotonic clock just before it was sent.
        state: what it showed; None where the container is gone.
    """

    begun_at_s: float
    state: ContainerState | None


@dataclass(frozen=True, slots=True)
class Report:
    """What a worker hands back.

    Attributes:
        attempt_id: which delivery it was.
        outcome: how it ended.
        readings: every inspect it made, in order.
        duration_s: how long it took.
    """

    attempt_id: int
    outcome: Outcome
    readings: tuple[Reading, ...]
    duration_s: float
