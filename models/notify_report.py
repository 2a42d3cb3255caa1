"""What became of a job's notifications, as one value: made by `notify`, shown by the metrics and the status page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from models.notification import Notification


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
