"""An engine of which only some containers are read: those in its own list filters.

The list is asked for with the filters. Everything else goes by that list: before a container is inspected, the list
says whether it is in the filters, so that nothing is read of those that are not. Docker's events can't be narrowed in
the same way (they know other filters than the list, and a network's event says nothing of the container that it is
about), so all of them arrive, and those of others end here, as if their containers were gone.

Labels and ids never change, so a container that was in a filter of them stays in it, and costs no second question.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

from reconciler.backend.port import EngineError, InspectFailed, Inspection, Listing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from reconciler.backend.engine_reader import HttpEngineReader
    from reconciler.backend.event_stream import HttpEventStream
    from reconciler.backend.inspect_many import Inspected
    from reconciler.backend.port import LateSink

Filters = dict[str, list[str]]

_LASTING = frozenset({"label", "id"})
_NAMED_MAX = 50
"""So many ids are asked for by name; for more the whole list is asked for."""


class NarrowedReader:
    """Implements `port.EngineReader` for the containers in some list filters.

    Args:
        reader: reads the whole engine.
        filters: of `GET /containers/json`, each a key and a value; several values of one key as the engine takes them.
        clock: monotonic, seconds.
    """

    def __init__(
        self, reader: HttpEngineReader, filters: Iterable[tuple[str, str]], *, clock: Callable[[], float]
    ) -> None:
        self._reader = reader
        self._clock = clock
        self._filters: Filters = {}
        for key, value in filters:
            self._filters.setdefault(key, []).append(value)
        self._is_lasting = self._filters.keys() <= _LASTING
        self._members: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """The engine's address as people write it."""
        return self._reader.name

    def list(self) -> Listing:
        """The containers in the filters, stopped ones included."""
        listing = self._reader.list(self._filters)
        self._members = frozenset(str(entry["Id"]) for entry in listing.entries)
        return listing

    def inspect(self, container_id: str) -> Inspection:
        """One container; None where there is none in the filters."""
        return next(self.inspect_many([container_id]))

    def inspect_many(self, container_ids: Sequence[str]) -> Iterator[Inspection]:
        """Several containers; of those that are not in the filters it is said that there are none."""
        for inspected in self._inspected(container_ids, self._reader.inspect_many):
            if isinstance(inspected, InspectFailed):
                raise inspected.error
            if isinstance(inspected, Inspection):
                yield inspected

    def inspect_each(self, container_ids: Sequence[str], late: LateSink) -> Iterator[Inspected]:
        """Several containers, none of which holds up the others."""
        return self._inspected(container_ids, lambda ids: self._reader.inspect_each(ids, late))

    def inspect_beside(self, container_id: str, late: LateSink) -> bool:
        """One container that nobody waits for: it was in the filters when it was asked for the first time."""
        return self._reader.inspect_beside(container_id, late)

    def networks(self) -> Sequence[Mapping[str, Any]]:
        """All networks."""
        return self._reader.networks()

    def events(self) -> HttpEventStream:
        """What may change a container, also one that is not in the filters."""
        return self._reader.events()

    def close(self) -> None:
        """Let whoever waits for an answer fail, and ask nothing any more. From any thread, without waiting."""
        self._reader.close()

    def _inspected(
        self, container_ids: Sequence[str], inspect: Callable[[Sequence[str]], Iterator[Inspected]]
    ) -> Iterator[Inspected]:
        begun_at_s = self._clock()
        try:
            members, gone = self._split(container_ids)
        except EngineError as error:
            bare = error.bare()
            return iter([InspectFailed(each, begun_at_s, bare) for each in container_ids])
        return chain(gone, inspect(members) if members else ())

    def _split(self, container_ids: Sequence[str]) -> tuple[Sequence[str], Sequence[Inspection]]:
        """Those in the filters, and for each of the others that it is not there."""
        known = self._members if self._is_lasting else frozenset()
        unknown = [each for each in container_ids if each not in known]
        if not unknown:
            return list(container_ids), []
        listing = self._listed(unknown)
        found = known | {str(entry["Id"]) for entry in listing.entries}
        others = [each for each in container_ids if each not in found]
        if self._is_lasting:
            self._members = found
        return (
            [each for each in container_ids if each in found],
            [Inspection(each, None, listing.moment) for each in others],
        )

    def _listed(self, container_ids: Sequence[str]) -> Listing:
        if len(container_ids) > _NAMED_MAX or "id" in self._filters:
            return self._reader.list(self._filters)
        return self._reader.list({**self._filters, "id": list(container_ids)})
