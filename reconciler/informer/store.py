"""The store: what runs, as it was last read, sorted, and cheap to change by one."""

from __future__ import annotations

from bisect import bisect_left, insort
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from models.container import Container
    from reconciler.informer.listing import Outline


@dataclass(slots=True)
class Cached:
    """A container and what is known about its reading.

    Attributes:
        container: the container as read.
        read_at_s: our monotonic clock just before the inspect that showed it, in seconds.
        ran_s: how long its run had lasted at `ran_at_s`, at least, in seconds; None where that is not known.
        ran_at_s: our monotonic clock for `ran_s`.
        accepted: an outline of the list that an inspect has already shown to mean nothing new.
    """

    container: Container
    read_at_s: float
    ran_s: float | None = None
    ran_at_s: float = 0.0
    accepted: Outline | None = None


class Store:
    """All containers of one engine by id, and in the order in which templates see them."""

    def __init__(self) -> None:
        self._cached: dict[str, Cached] = {}
        self._order: list[tuple[str, str]] = []

    def __len__(self) -> int:
        """Count the containers, stopped ones included."""
        return len(self._cached)

    def __iter__(self) -> Iterator[Cached]:
        """Iterate in no particular order."""
        return iter(self._cached.values())

    def get(self, container_id: str) -> Cached | None:
        """Look a container up by its full id."""
        return self._cached.get(container_id)

    def container(self, container_id: str) -> Container | None:
        """Look a container up by its full id, as last read."""
        cached = self._cached.get(container_id)
        return None if cached is None else cached.container

    def ids(self) -> set[str]:
        """Copy the ids."""
        return set(self._cached)

    def put(self, cached: Cached) -> None:
        """Add a container, or replace what was read of it before."""
        self.drop(cached.container.id)
        self._cached[cached.container.id] = cached
        insort(self._order, (cached.container.name, cached.container.id))

    def drop(self, container_id: str) -> None:
        """Remove a container; one that is not there is no error."""
        cached = self._cached.pop(container_id, None)
        if cached is not None:
            del self._order[bisect_left(self._order, (cached.container.name, container_id))]

    def in_order(self) -> list[Container]:
        """List the containers by name, then id."""
        cached = self._cached
        return [cached[container_id].container for _, container_id in self._order]
