"""Reads the bodies of inspects into containers, with what the engine says of the networks that they are on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.container import Container
from reconciler.backend.port import EngineError

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable

    from reconciler.backend.port import Inspection
    from reconciler.informer.known_networks import KnownNetworks

# Beyond this many oddities nobody reads on.
_WARNINGS_REMEMBERED_MAX = 1000


class ContainerReader:
    """Reads what one engine's inspects answer.

    Args:
        engine: its name, as containers know it.
        networks: what is known of its networks; listed again where a container shows an unknown one.
        log: told once of each field that can't be read.
        foresee: is given each container as soon as it is read, long before the first state is complete.
    """

    def __init__(
        self, engine: str, networks: KnownNetworks, log: logging.Logger, foresee: Callable[[Container], None]
    ) -> None:
        self._foresee = foresee
        self._engine = engine
        self._networks = networks
        self._log = log
        self._warned: set[str] = set()

    def read(self, inspection: Inspection) -> Container | None:
        """Read an answer; None where the container is gone.

        Raises:
            EngineError: of `inspect`, reason `malformed`: this is no answer about that container. Of `networks`: they
                had to be listed, and could not be.
        """
        if inspection.body is None:
            return None
        container = self._container(inspection.container_id, inspection.body)
        if not self._networks.knows_all_of(container):
            self._networks.read()
            container = self._container(inspection.container_id, inspection.body)
        self._foresee(container)
        return container

    def _container(self, container_id: str, body: bytes) -> Container:
        try:
            container = Container.from_inspect(
                body, engine=self._engine, networks=self._networks.facts, warn=self._warn_once
            )
        except ValueError as error:
            raise self._malformed(f"can't be read: {error}") from error
        if container.id != container_id:
            raise self._malformed("is about another container")
        return container

    def _malformed(self, why: str) -> EngineError:
        text = f"the answer of the engine {self._engine} to an inspect {why}"
        return EngineError(text, operation="inspect", reason="malformed")

    def _warn_once(self, text: str) -> None:
        # Every inspect of an odd container finds the same oddity.
        if len(self._warned) < _WARNINGS_REMEMBERED_MAX and text not in self._warned:
            self._warned.add(text)
            self._log.warning("%s", text)
