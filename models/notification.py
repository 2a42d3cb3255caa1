"""What is to be told, as configured, and what became of it: made by `notify`, shown by metrics and the status page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Notification:
    """A configured notification. What is done, and how it reads in a sentence, is its action's: see `notify.actions`.

    Attributes:
        container: the name as configured, by the rules of `models.matching`; never empty.
        action: what is done to each matching container, in one word: in state files and as the metrics' label.
        restarts: whether a delivery ends the container's run and begins the next one.
        may_cost_policy: whether a delivery may make the engine forget the container's restart policy.
    """

    container: str
    action: ClassVar[str] = ""
    restarts: ClassVar[bool] = False
    may_cost_policy: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class DeliveryResult:
    """One delivery to one run was tried. A container that is found ended or paused is no try.

    Attributes:
        notification: what was delivered.
        ok: whether it was.
        duration_s: how long it took.
    """

    notification: Notification
    ok: bool
    duration_s: float


@dataclass(frozen=True, slots=True)
class NotificationStanding:
    """How things stand with one notification of a job.

    Attributes:
        notification: which.
        matches: how many running containers match.
        pending: how many runs are owed it.
        oldest_epoch_s: when the first undelivered change was made, seconds since the epoch; 0 where nothing is owed.
        policy_at_risk: whether a run of a container of this name lost its restart policy to a `docker kill` of ours.
    """

    notification: Notification
    matches: int = 0
    pending: int = 0
    oldest_epoch_s: float = 0.0
    policy_at_risk: bool = False


@dataclass(frozen=True, slots=True)
class NotifyReport:
    """What is new since the report before.

    Attributes:
        job: whose: the target as configured.
        results: the deliveries that ended.
        standings: of every notification of the job.
    """

    job: str
    results: tuple[DeliveryResult, ...]
    standings: tuple[NotificationStanding, ...]
