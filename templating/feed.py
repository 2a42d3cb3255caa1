"""What a render process knows of the containers, and what it has to be told: only what is different."""

from __future__ import annotations

from dataclasses import fields
from operator import attrgetter
from typing import TYPE_CHECKING

from models.networks import NetworkFacts
from templating.wire import Frame

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from models.container import Container
    from models.snapshot import Snapshot

_BODIES_MAX = 200
"""In one frame: enough that frames cost little, and few enough that none is large."""

_values_of = attrgetter(*(field.name for field in fields(NetworkFacts)))


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
        for at in range(0, max(len(changed), 1), _BODIES_MAX):
            yield _frame(changed[at : at + _BODIES_MAX], own_id=own_id, remove=gone, ended=ended)
            gone, ended = [], []

    def ahead(self, containers: Sequence[Container]) -> Frame:
        """A frame with containers that the first state is going to hold, most likely; `frames` corrects the rest.

        What was yielded counts as given.
        """
        self._given |= {each.id: each for each in containers}
        return _frame(containers)


def _frame(
    put: Sequence[Container], *, own_id: str | None = None, remove: Sequence[str] = (), ended: Sequence[str] = ()
) -> Frame:
    networks: dict[NetworkFacts, int] = {}
    entries = [[each.engine, _places(each, networks), len(each.kept), each.is_over] for each in put]
    facts = [_values_of(each) for each in networks]
    header = {"do": "feed", "own_id": own_id, "remove": remove, "ended": ended, "networks": facts, "put": entries}
    return Frame(header, b"".join(each.kept for each in put))


def _is_end_of(container: Container, given: Container | None) -> bool:
    """Whether nothing is new but that its run is over, as an event told: the process has its body."""
    if given is None or given.is_over or not container.is_over:
        return False
    return container.kept is given.kept and _facts_of(container) == _facts_of(given)


def _facts_of(container: Container) -> list[NetworkFacts]:
    return [network.facts for network in container.networks]


def _places(container: Container, networks: dict[NetworkFacts, int]) -> list[int]:
    """Where the facts of a container's networks are among those of a frame, which has each once."""
    return [networks.setdefault(network.facts, len(networks)) for network in container.networks if network.id]
