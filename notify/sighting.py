"""What readings of the engine say about containers that a notification matches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from models.run import Run


@dataclass(frozen=True, slots=True)
class Sighting:
    """One matching container as a snapshot shows it.

    Attributes:
        container_id: the full id.
        name: the name as people know it.
        engine: the name of the engine that owns it.
        run: its current run; None where it is known not to run (stopped, or restarting).
        read_at_s: our monotonic clock just before the request that showed this was sent.
        paused: whether that reading showed it paused.
    """

    container_id: str
    name: str
    engine: str
    run: Run | None
    read_at_s: float
    paused: bool = False


@dataclass(frozen=True, slots=True)
class CompleteList:
    """The last complete list of containers: who is missing in it did not exist when it was begun, or later.

    Attributes:
        begun_at_s: our monotonic clock just before it was asked for; with several engines the earliest.
        container_ids: the full id of each container in it, stopped ones included, exactly as listed then.
    """

    begun_at_s: float
    container_ids: Collection[str]
