"""The engine's networks: listed when first needed, when one changed, and when a container shows an unknown one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.networks import NetworkFacts, network_facts
from reconciler.backend.port import EngineError

if TYPE_CHECKING:
    import logging
    from collections.abc import Mapping

    from models.container import Container
    from reconciler.backend.port import EngineReader

_SERVER_ERROR_MIN = 500


class KnownNetworks:
    """What is known of an engine's networks, by id and by name: on Podman a container's `NetworkID` is the name."""

    def __init__(self, reader: EngineReader, log: logging.Logger) -> None:
        """Know nothing yet.

        Args:
            reader: the engine.
            log: told once where networks may not be listed.
        """
        self.facts: Mapping[str, NetworkFacts] = {}
        self.due = True
        self._reader = reader
        self._log = log
        self._refused = False
        self._missing: set[str] = set()
        self._unlisted: frozenset[str] = frozenset()

    def knows_all_of(self, container: Container) -> bool:
        """Tell whether every network of a container is known, or was not in the last list.

        Podman lists its default network under another name than a container's inspect has: asking again for each
        container would bring nothing new.
        """
        missing = {network.id for network in container.networks if network.id} - self.facts.keys() - self._unlisted
        self._missing |= missing
        return not missing

    def read(self) -> None:
        """List them.

        Of an engine that refuses (a socket proxy without `/networks`) nothing is known: see `NetworkFacts.unknown`.

        Raises:
            EngineError: it did not answer, or with a fault of its own.
        """
        listed = True
        try:
            entries = self._reader.networks()
        except EngineError as error:
            if error.status is None or error.status >= _SERVER_ERROR_MIN:
                raise
            self._tell(error)
            entries, listed = [], False
        by_id = network_facts(entries)
        self.facts = {fact.name: fact for fact in by_id.values() if fact.name} | by_id
        # Who refuses the list may grant it later.
        self._unlisted = frozenset((self._missing | self._unlisted) - self.facts.keys()) if listed else frozenset()
        self._missing.clear()
        self.due = False

    def _tell(self, error: EngineError) -> None:
        if not self._refused:
            self._log.warning(
                "networks can't be listed, so each of them counts as a bridge that is not internal: %s", error
            )
        self._refused = True
