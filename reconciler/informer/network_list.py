"""The engine's networks: listed when first needed, when one changed, and when a container shows an unknown one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.networks import NetworkFacts
from reconciler.backend.port import EngineError
from reconciler.informer.aside import is_about_one_container

if TYPE_CHECKING:
    import logging
    from collections.abc import Mapping

    from models.container import Container
    from reconciler.backend.port import EngineReader


class NetworkList:
    """What is known of an engine's networks, by id."""

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

    def knows_all_of(self, container: Container) -> bool:
        """Tell whether every network of a container is known."""
        return all(not network.id or network.id in self.facts for network in container.networks)

    def read(self) -> None:
        """List them.

        Of an engine that refuses (a socket proxy without `/networks`) nothing is known: see `NetworkFacts.unknown`.

        Raises:
            EngineError: it did not answer, or with a fault of its own.
        """
        try:
            entries = self._reader.networks()
        except EngineError as error:
            if error.status is None or is_about_one_container(error):
                raise
            self._tell(error)
            entries = []
        facts = [NetworkFacts.from_entry(entry) for entry in entries]
        self.facts = {fact.id: fact for fact in facts if fact is not None}
        self.due = False

    def _tell(self, error: EngineError) -> None:
        if not self._refused:
            self._log.warning(
                "networks can't be listed, so that every one counts as a bridge that is not internal: %s", error
            )
        self._refused = True
