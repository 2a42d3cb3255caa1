"""The store: what runs, as it was last read, sorted, and cheap to change by one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from models.frozen import frozen
from models.snapshot import by_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from models.container import Container
    from reconciler.informer.state import Reading


@frozen
class ListSummary:
    """The part of a container that both the list and an inspect show, and that can change while its id stays.

    Attributes:
        name: without the leading slash.
        status: `running`, `paused`, `exited`, ...
        health: of a container that runs and is not paused, else ''.
        networks: (network id, IPv4 address, IPv6 address) of each.
        endpoints: the beginnings of the ids of its places in its networks, which are others after every start; empty
            where they are not told.
    """

    name: str
    status: str
    health: str
    networks: frozenset[tuple[str, str, str]]
    endpoints: frozenset[str] = frozenset()


@dataclass(slots=True)
class Cached:
    """A reading, and what the informer remembers of it.

    Attributes:
        reading: the container as read.
        engine_ns_max: upper bound of the engine's clock then, nanoseconds since the epoch; None where it is not known.
        ran_s: how long its run had lasted at `ran_at_s`, at least, in seconds; None until a list has to be compared.
        ran_at_s: our monotonic clock for `ran_s`.
        accepted: a summary of the list that an inspect has already shown to mean nothing new.
    """

    reading: Reading
    engine_ns_max: int | None = None
    ran_s: float | None = None
    ran_at_s: float = 0.0
    accepted: ListSummary | None = None

    @property
    def container(self) -> Container:
        """The container as read."""
        return self.reading.container


class Store:
    """All containers of one engine by id, and in the order in which templates see them.

    Attributes:
        ids_version: another number whenever a container comes or goes.
    """

    def __init__(self) -> None:
        self.ids_version = 0
        self._cached: dict[str, Cached] = {}
        self._readings: dict[str, Reading] = {}
        self._in_order: list[Container] | None = None
        self._position: dict[str, int] = {}

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
        container = cached.container
        before = self._cached.get(container.id)
        self._cached[container.id] = cached
        self._readings[container.id] = cached.reading
        self.ids_version += before is None
        if before is None or before.container.name != container.name:
            self._in_order = None
        elif self._in_order is not None:
            self._in_order[self._position[container.id]] = container

    def drop(self, container_id: str) -> None:
        """Remove a container; one that is not there is no error."""
        if self._cached.pop(container_id, None) is not None:
            del self._readings[container_id]
            self.ids_version += 1
            self._in_order = None

    def readings(self) -> dict[str, Reading]:
        """Copy all readings, by id."""
        return dict(self._readings)

    def in_order(self) -> list[Container]:
        """List the containers by name, then id; not to be kept, nor to be changed."""
        if self._in_order is None:
            # Sorted anew only where names came or went; the first reading of ten thousand sorts once.
            self._in_order = sorted((cached.container for cached in self), key=by_name)
            self._position = {container.id: index for index, container in enumerate(self._in_order)}
        return self._in_order
