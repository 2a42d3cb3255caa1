"""Notifications as configured, and the reports on them, which `notify` makes and metrics and status page show."""

from __future__ import annotations

from dataclasses import field
from typing import ClassVar

from models.frozen import frozen


@frozen
class Notification:
    """A configured notification. Its subclasses in `notify.actions` say what is done, and how that reads in a sentence.

    Attributes:
        container: the name as configured, by the rules of `models.matching`; '' where no name is given.
        match: the expression that chooses containers; '' where none does. Where both are given both count.
        action: what is done to each matching container, in one word: in state files and as the metrics' label.
        restarts: whether a delivery ends the container's run and begins the next one.
        may_cost_policy: whether a delivery may make the engine forget the container's restart policy.
        of_child: whether it is for the child, which pygen itself has started.
    """

    container: str
    match: str = field(default="", kw_only=True)
    action: ClassVar[str] = ""
    restarts: ClassVar[bool] = False
    may_cost_policy: ClassVar[bool] = False
    of_child: ClassVar[bool] = False

    @property
    def is_rolling(self) -> bool:
        """Whether its containers are told a few at a time."""
        return False

    @property
    def whom(self) -> str:
        """The containers that are told, as in a sentence and as a metric's label; '' where it needs none."""
        if not self.match:
            return self.container
        return f"{self.container or 'containers'} where {self.match}"


@frozen
class DeliveryResult:
    """One attempt to deliver to one run. Finding a container ended or paused is not an attempt.

    Attributes:
        notification: what was delivered.
        ok: whether that worked.
        duration_s: how long it took.
    """

    notification: Notification
    ok: bool
    duration_s: float


@frozen
class NotificationStanding:
    """The state of one notification of a job.

    Attributes:
        notification: which.
        matches: how many running containers match.
        pending: how many runs it is still to be delivered to.
        oldest_epoch_s: when the oldest pending change was made, seconds since the epoch; 0 where nothing is pending.
        is_stopped: whether it is rolling, and a container that was told is not well.
        policy_at_risk: whether our `docker kill` made the engine forget the restart policy of a matching container.
    """

    notification: Notification
    matches: int = 0
    pending: int = 0
    oldest_epoch_s: float = 0.0
    policy_at_risk: bool = False
    is_stopped: bool = False


@frozen
class NotifyReport:
    """What is new since the previous report.

    Attributes:
        job: the job's target as configured.
        results: the deliveries that ended.
        standings: of every notification of the job.
    """

    job: str
    results: tuple[DeliveryResult, ...]
    standings: tuple[NotificationStanding, ...]
