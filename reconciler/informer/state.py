"""What an informer publishes: the state of one engine as one value that never changes, and the place where it lies.

The informer's thread puts a new value there, and wakes whoever reads it; the reader takes the latest one and never
waits for an engine.
"""

from __future__ import annotations

import math
import threading
from dataclasses import field
from typing import TYPE_CHECKING

from models.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from models.container import Container
    from models.event import Change
    from models.networks import NetworkFacts
    from models.snapshot import Snapshot
    from notify.start_order import CompleteList
    from reconciler.backend.port import RequestTime

PROVES_NOTHING_S = -math.inf
"""The moment of a reading that is none: it follows from an event, and no request showed it."""


@frozen
class Reading:
    """A container as it was last read.

    Attributes:
        container: the container.
        read_at_s: our monotonic clock just before the inspect that showed it; `PROVES_NOTHING_S` where none did.
    """

    container: Container
    read_at_s: float


@frozen
class Quarantined:
    """A container that the engine lists and can't show: it keeps its last known state, or is left out.

    Attributes:
        container_id: the full id.
        name: as listed, or as an event told; '' where neither did.
        why: what became of the last request for it.
        since_s: our monotonic clock when it was put into quarantine.
        is_known: whether a state from before is shown.
    """

    container_id: str
    name: str
    why: str
    since_s: float
    is_known: bool


@frozen
class EngineState:
    """One engine, complete but for what is in quarantine.

    Attributes:
        engine: its name.
        revision: a number that differs whenever the snapshot does; 0 before the first one.
        snapshot: its containers; None before everything was read once.
        readings: the same containers by id, with the moments at which they were read.
        networks: what is known of its networks, by id.
        listed: the last complete list.
        clock: the newest answer that showed the engine's own clock.
        fresh_at_s: our monotonic clock when the newest answered request was begun; None before the first one.
        trouble: why the engine can't be read now; '' while it can.
        quarantine: what the snapshot is complete but for, by name.
        changes: what happened since the state before.
    """

    engine: str
    revision: int = 0
    snapshot: Snapshot | None = None
    readings: Mapping[str, Reading] = field(default_factory=dict)
    networks: Mapping[str, NetworkFacts] = field(default_factory=dict)
    listed: CompleteList | None = None
    clock: RequestTime | None = None
    fresh_at_s: float | None = None
    trouble: str = ""
    quarantine: tuple[Quarantined, ...] = ()
    changes: tuple[Change, ...] = ()


class PublishedState:
    """Holds the latest state of one engine. One thread publishes, one takes, any may look."""

    def __init__(self, engine: str, wake: Callable[[], object]) -> None:
        """Hold an empty state.

        Args:
            engine: the engine's name.
            wake: called after each publication, in the publisher's thread.
        """
        self._latest = EngineState(engine)
        self._changes: list[Change] = []
        self._lock = threading.Lock()
        self._wake = wake

    @property
    def latest(self) -> EngineState:
        """The latest state."""
        return self._latest

    def publish(self, state: EngineState) -> None:
        """Put a state in the place of the one before."""
        with self._lock:
            self._latest = state
            self._changes += state.changes
        self._wake()

    def take(self) -> tuple[EngineState, tuple[Change, ...]]:
        """The latest state, and all changes since the last call."""
        with self._lock:
            changes = tuple(self._changes)
            self._changes.clear()
            return self._latest, changes
