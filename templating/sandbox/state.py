"""The containers that templates see, as the program feeds them: only what changed is read anew."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Any

from models.packed import unpack
from models.snapshot import Snapshot
from templating.sandbox.undefined import NOTHING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from models.container import Container

_MANY = 100
"""From so many new ones on they are taken out of the garbage collector's sight."""


class State:
    """All containers, by id and in order.

    Attributes:
        version: grows with each feed that changes something.
        changed: what the last one did, by id: the container as it is now, None where it is gone.
    """

    def __init__(self) -> None:
        self.version = 0
        self.changed: Mapping[str, Container | None] = {}
        self._containers: dict[str, Container] = {}
        self._snapshot: Snapshot | None = None
        self._own_id: str | None = None

    def feed(self, header: Mapping[str, Any], parts: bytes) -> None:
        """Take changes in.

        Args:
            header: `own_id`; `remove`, ids; `ended`, ids of those whose run is over since; `put`, for each container
                the lengths of what follows in `parts`.
            parts: of each container what `models.packed` made of it, and its body, as `models.kept_body` keeps it.
        """
        for container_id in header["remove"]:
            self._containers.pop(container_id, None)
        for container_id in header["ended"]:
            self._containers[container_id] = self._containers[container_id].ended()
        put = self._put(header["put"], parts)
        if header["remove"] or header["ended"] or header["put"] or header["own_id"] != self._own_id:
            self._own_id = header["own_id"]
            self._snapshot = None
            self.version += 1
            self.changed = {each: self._containers.get(each) for each in (*header["remove"], *header["ended"], *put)}
        if len(header["put"]) >= _MANY:
            gc.freeze()

    def values(self) -> dict[str, Any]:
        """What templates see, by name."""
        snapshot = self._snapshot
        if snapshot is None:
            # Sorting what is sorted but for a few costs next to nothing.
            snapshot = self._snapshot = Snapshot.of(self._containers.values(), self._own_id)
            self._containers = {each.id: each for each in snapshot.all_containers}
        own_id = NOTHING if snapshot.own_container_id is None else snapshot.own_container_id
        return {
            "containers": snapshot.containers,
            "all_containers": snapshot.all_containers,
            "own_container_id": own_id,
        }

    def _put(self, lengths: Sequence[Sequence[int]], parts: bytes) -> list[str]:
        at, ids = 0, []
        for packed, kept in lengths:
            start, end = at + packed, at + packed + kept
            container = unpack(parts[at:start], parts[start:end])
            self._containers[container.id] = container
            ids.append(container.id)
            at = end
        return ids
