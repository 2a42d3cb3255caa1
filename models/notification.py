"""What is to be told, as configured: an action for everything that a name matches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Notification:
    """A configured notification. What is done, and how it reads in a sentence, is its action's: see `notify.actions`.

    Attributes:
        container: the name as configured, by the rules of `models.matching`; '' where it needs none.
        action: what is done to each matching container, in one word: in state files and as the metrics' label.
        restarts: whether a delivery ends the container's run and begins the next one.
        may_cost_policy: whether a delivery may make the engine forget the container's restart policy.
    """

    container: str
    action: ClassVar[str] = ""
    restarts: ClassVar[bool] = False
    may_cost_policy: ClassVar[bool] = False
