"""All containers at one moment: complete, sorted and immutable."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Self

from models.container import Container
from models.frozen import frozen
from models.listing import ItemList
from models.matching import Index, target_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

by_name = attrgetter("name", "id")


class ContainerList(ItemList[Container]):
    """Containers, matched by the rules of `--restart` (see `models.matching`).

    Args:
        containers: the elements, in order.
        own_container_id: the full id of the container that we run in, None where it is unknown.
    """

    # A tuple cannot have slots of its own: these live in an instance dictionary.
    _own_container_id: str | None
    _index: Index[Container] | None

    def __new__(cls, containers: Iterable[Container] = (), own_container_id: str | None = None) -> Self:
        """Make the list: a tuple gets its elements here."""
        self = super().__new__(cls, containers)
        self._own_container_id = own_container_id
        self._index = None
        return self

    @property
    def healthy(self) -> Self:
        """Those whose health is exactly `healthy`."""
        return self.with_health("healthy")

    def with_health(self, state: str) -> Self:
        """Those with this health: `healthy`, `unhealthy`, `starting`, or `unknown` for no health check."""
        return self._of(container for container in self if container.health == state)

    @property
    def self(self) -> Container | None:
        """Our own container; None where its id is unknown or it is not in this list."""
        if self._own_container_id is None:
            return None
        return next((container for container in self if container.id == self._own_container_id), None)

    def matching(self, target: object) -> Self:
        """Those that the target matches, the closest first; see `models.matching`."""
        if self._index is None:
            self._index = Index(self)
        return self._of(self._index.matching(target_text(target)))

    def _of(self, items: Iterable[Container]) -> Self:
        return type(self)(items, self._own_container_id)


@frozen
class Snapshot:
    """What one pass of the loop renders from.

    Attributes:
        all_containers: every container, stopped ones included, sorted by name, then id.
        containers: those that run and are not restarting, in the same order.
        own_container_id: the full id of the container that we run in, None where it is unknown.
    """

    all_containers: ContainerList
    containers: ContainerList
    own_container_id: str | None

    @classmethod
    def of(cls, containers: Iterable[Container], own_container_id: str | None = None) -> Snapshot:
        """Make a snapshot of containers in any order."""
        return cls.of_ordered(sorted(containers, key=by_name), own_container_id)

    @classmethod
    def of_ordered(cls, ordered: Sequence[Container], own_container_id: str | None = None) -> Snapshot:
        """Make a snapshot of containers that are sorted already."""
        current = [each for each in ordered if each.running and not each.restarting]
        return cls(
            all_containers=ContainerList(ordered, own_container_id),
            containers=ContainerList(current, own_container_id),
            own_container_id=own_container_id,
        )
