"""What a render process knows of the containers, and what it has to be told: only what is different."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from models.packed import pack
from templating.wire import Frame

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from models.container import Container
    from models.networks import NetworkFacts
    from models.snapshot import Snapshot

_CONTAINERS_MAX = 200
"""In one frame: enough that frames cost little, and few enough that none is large."""
_BYTES_MAX = 8 * 1024 * 1024
"""Of a frame's containers but the last, some of which may be as large as an inspect may be."""

_Parts = tuple[bytes, bytes]


class Feed:
    """The containers that one process was given. The objects are the snapshots' own; nothing is copied.

    Those that do not run are left out as long as no template reads `all_containers`.
    """

    def __init__(self) -> None:
        self._given: dict[str, Container] = {}
        self._state: tuple[Snapshot | None, bool] = None, False

    def frames(self, snapshot: Snapshot, *, all_containers: bool) -> Iterator[Frame]:
        """The frames that bring the process up to date; none where it is.

        What was yielded counts as given.

        Args:
            snapshot: the whole state.
            all_containers: give those that do not run, too.
        """
        if self._state[0] is snapshot and self._state[1] is all_containers:
            return
        self._state = snapshot, all_containers
        given, own_id = self._given, snapshot.own_container_id
        now = {each.id: each for each in (snapshot.all_containers if all_containers else snapshot.containers)}
        new = [each for container_id, each in now.items() if given.get(container_id) is not each]
        ended = [each.id for each in new if _is_end_of(each, given.get(each.id))]
        known = frozenset(ended)
        changed = [each for each in new if each.id not in known]
        gone = [container_id for container_id in given if container_id not in now]
        self._given = now
        for parts in _portions(changed):
            yield _frame(parts, own_id=own_id, remove=gone, ended=ended)
            gone, ended = [], []

    def ahead(self, containers: Sequence[Container]) -> Iterator[Frame]:
        """Frames with containers that the first state is going to hold, most likely; `frames` corrects the rest.

        What was yielded counts as given.
        """
        self._given |= {each.id: each for each in containers}
        return map(_frame, _portions(containers))


def _portions(containers: Sequence[Container]) -> Iterator[list[_Parts]]:
    """What is put into one frame after the other; nothing into one where there is nothing."""
    portion: list[_Parts] = []
    length = 0
    for each in containers:
        if len(portion) >= _CONTAINERS_MAX or length >= _BYTES_MAX:
            yield portion
            portion, length = [], 0
        portion.append((pack(each), each.kept))
        length += sum(map(len, portion[-1]))
    yield portion


def _frame(
    put: Sequence[_Parts], *, own_id: str | None = None, remove: Sequence[str] = (), ended: Sequence[str] = ()
) -> Frame:
    lengths = [(len(packed), len(kept)) for packed, kept in put]
    header = {"do": "feed", "own_id": own_id, "remove": remove, "ended": ended, "put": lengths}
    return Frame(header, b"".join(chain.from_iterable(put)))


def _is_end_of(container: Container, given: Container | None) -> bool:
    """Whether nothing is new but that its run is over, as an event told: the process has its body."""
    if given is None or given.is_over or not container.is_over:
        return False
    return container.kept is given.kept and _facts_of(container) == _facts_of(given)


def _facts_of(container: Container) -> list[NetworkFacts]:
    return [network.facts for network in container.networks]
