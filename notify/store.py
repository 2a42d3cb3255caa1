"""Who is told of counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from notify.actions.action import Action

AttemptResult = Literal["success", "error"]


class NotifyObserver(Protocol):
    """Counts. Called by the loop's thread only, and only where something is different from before."""

    def attempt(self, notification: Action, result: AttemptResult, duration_s: float) -> None:
        """One delivery to one run was tried; a container found ended or paused is no try."""

    def pending(self, notification: Action, count: int, oldest_epoch_s: float) -> None:
        """How many runs are owed, and when the first undelivered change was made (0 when nothing is owed)."""

    def matches(self, notification: Action, count: int) -> None:
        """How many running containers match."""

    def policy_at_risk(self, notification: Action, *, at_risk: bool) -> None:
        """Whether a run that is told under this container's name lost its restart policy to a `docker kill`."""
