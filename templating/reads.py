"""What of a state a render depends on, so that no render is made whose text can only be the same.

A stop is published twice, for instance: when its event says that the run is over, and when the engine has cleaned up.
A template that reads `containers` alone sees nothing of the second, nor of a health check's log unless it reads `raw`.
"""

from __future__ import annotations

from itertools import compress
from operator import is_not
from typing import TYPE_CHECKING

from models.frozen import frozen

if TYPE_CHECKING:
    from models.container import Container
    from models.snapshot import Snapshot


@frozen
class Reads:
    """What a render may have read beside the model's fields of running containers.

    Attributes:
        all_containers: whether `all_containers`, by that name or through a filter.
        raw: whether `raw.attrs` of any container, or what follows from it.
    """

    all_containers: bool
    raw: bool


EVERYTHING = Reads(all_containers=True, raw=True)


def look_alike(one: Snapshot, other: Snapshot, reads: Reads) -> bool:
    """Whether a render that reads no more than `reads` gives the same for both states."""
    if one.own_container_id != other.own_container_id:
        return False
    of_one, of_other = (each.all_containers if reads.all_containers else each.containers for each in (one, other))
    if len(of_one) != len(of_other):
        return False
    same = _same_view if reads.raw else _same_fields
    # In order: a state that lists its containers differently is another one. Most are the same objects.
    different = compress(zip(of_one, of_other, strict=True), map(is_not, of_one, of_other))
    return all(same(mine, its) for mine, its in different)


def _same_view(one: Container, other: Container) -> bool:
    return one.same_view(other)


def _same_fields(one: Container, other: Container) -> bool:
    return one.endpoint_ids == other.endpoint_ids and one.same_fields(other)
