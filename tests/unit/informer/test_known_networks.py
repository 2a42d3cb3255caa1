"""Networks are found by id and by name, and are listed again only where that may bring something new."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, cast

from reconciler.informer.known_networks import KnownNetworks
from tests.unit.informer.informer_harness import failure
from tests.unit.models.bodies import read_attrs

if TYPE_CHECKING:
    from models.container import Container
    from reconciler.backend.port import EngineError, EngineReader

INNER_ID = "a1" * 32
INNER = {"Id": INNER_ID, "Name": "inner", "Internal": True}
#: Podman lists its default network, `podman`, as `bridge`.
DEFAULT = {"Id": "b2" * 32, "Name": "bridge", "Internal": False}


class _Engine:
    """Lists its networks, or refuses."""

    def __init__(self, *entries: dict[str, Any], error: EngineError | None = None) -> None:
        self.entries = list(entries)
        self.error = error

    def networks(self) -> list[dict[str, Any]]:
        if self.error is not None:
            raise self.error
        return self.entries


def _list_of(engine: _Engine) -> KnownNetworks:
    networks = KnownNetworks(cast("EngineReader", engine), logging.getLogger(__name__))
    networks.read()
    return networks


def _container_in(*network_ids: str) -> Container:
    endpoints = {f"network-{number}": {"NetworkID": network_id} for number, network_id in enumerate(network_ids)}
    return read_attrs({"Id": "c3" * 32, "NetworkSettings": {"Networks": endpoints}})


def test_a_network_is_known_by_its_id_and_by_its_name() -> None:
    """On Podman a container's `NetworkID` is the network's name."""
    networks = _list_of(_Engine(INNER))
    assert networks.knows_all_of(_container_in(INNER_ID))
    assert networks.knows_all_of(_container_in("inner"))
    assert networks.facts[INNER_ID].internal
    assert networks.facts["inner"].internal


def test_what_the_engine_does_not_list_is_asked_for_once() -> None:
    """Until another one is missing: Podman's default network is never listed by the name that containers have."""
    networks = _list_of(_Engine(DEFAULT))
    assert not networks.knows_all_of(_container_in("podman"))
    networks.read()
    assert networks.knows_all_of(_container_in("podman"))
    assert not networks.knows_all_of(_container_in("podman", "new"))


def test_what_was_not_listed_and_is_now_is_known() -> None:
    """A network that is made after the container was read."""
    engine = _Engine()
    networks = _list_of(engine)
    assert not networks.knows_all_of(_container_in("inner"))
    networks.read()
    engine.entries = [INNER]
    networks.read()
    assert networks.facts["inner"].internal


def test_a_list_that_was_refused_is_asked_for_again() -> None:
    """It may be granted later, without a restart."""
    engine = _Engine(error=failure(status=403, reason="refused", operation="networks"))
    networks = _list_of(engine)
    for _ in range(2):
        assert not networks.knows_all_of(_container_in("inner"))
        networks.read()
    engine.entries, engine.error = [INNER], None
    networks.read()
    assert networks.knows_all_of(_container_in("inner"))
