"""One event of an engine. It says that something may have changed, never what is true now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class EngineEvent:
    """An event as the engine's `/events` stream gives it.

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
