"""What happened: an engine's event, which is a hint, and a change of its state, which was seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from models.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping


@frozen
class EngineEvent:
    """An event as the engine's `/events` stream gives it. Something may have changed; what is true now it never says.

    Only `Type`, `Action`, `Actor` and `timeNano` are read: API 1.52 dropped `status`, `id` and `from`.

    Attributes:
        kind: `Type`, such as `container` or `network`.
        action: `Action` as sent, such as `start` or `health_status: healthy`.
        actor_id: `Actor.ID`, the id of the container or network.
        attributes: `Actor.Attributes`; for a network's connect and disconnect `container` holds a container's id.
        time_ns: `timeNano`, the engine's clock in nanoseconds since the epoch, 0 where it is missing.
    """

    kind: str
    action: str
    actor_id: str
    attributes: Mapping[str, str]
    time_ns: int

    @property
    def short_action(self) -> str:
        """The action up to its colon: `health_status` of `health_status: healthy`."""
        return self.action.partition(":")[0]


@dataclass(frozen=True, slots=True, order=True)
class Change:
    """Why something is different from before, in words for people: `web-2 started`.

    Attributes:
        subject: the name of the container (or network) as people know it.
        what: what happened to it, in the past tense: `started`, `stopped`, `became healthy`, `was renamed from x`.
    """

    subject: str
    what: str

    def __str__(self) -> str:
        """Read as in a sentence."""
        return f"{self.subject} {self.what}"
