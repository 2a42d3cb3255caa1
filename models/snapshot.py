"""All containers at one moment: complete, sorted, and never changed."""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING

from models.listing import ContainerList

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from models.container import Container

by_name = attrgetter("name", "id")


@dataclass(frozen=True, slots=True)
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
