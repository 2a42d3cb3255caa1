"""What an end that is known from its event shows, beside what each engine's inspect shows once it has cleaned up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from models.container import Container
from models.networks import network_facts
from reconciler.backend.address import EngineAddress
from reconciler.backend.engine_reader import HttpEngineReader
from tests.support.real_engine import FILE_HEALTHCHECK
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.support.real_engine import RealEngine

SHAPES: Mapping[str, Mapping[str, Any]] = {
    "plain": {},
    "published": {"ports": {"80/tcp": ("127.0.0.1", 0), "90/tcp": None}},
    "checked": {"healthcheck": FILE_HEALTHCHECK},
    "two-networks": {"networks": {"front": ["a"], "back": ["b"]}},
    "on-host": {"network_mode": "host"},
    "without-network": {"network_mode": "none"},
    "comes-back": {"restart_policy": "always"},
}


@pytest.fixture
def reader(engine: RealEngine) -> Iterator[HttpEngineReader]:
    """Reads the engine as the program does."""
    reader = HttpEngineReader(EngineAddress.parse(engine.address, {}))
    yield reader
    reader.close()


def shown(reader: HttpEngineReader, container_id: str) -> Container:
    """A container as the engine shows it now."""
    body = reader.inspect(container_id).body
    assert body is not None
    return Container.from_inspect(body, engine=reader.name, networks=network_facts(reader.networks()), warn=print)


@pytest.mark.parametrize("how", ["stop_container", "kill_container"])
def test_the_inspect_shows_nothing_else_than_the_event_did(
    engine: RealEngine, reader: HttpEngineReader, how: str
) -> None:
    """Addresses, ports, health, status: all fields but `raw`, whatever the container is like."""
    engine.create_network("front", subnet="10.77.21.0/24")
    engine.create_network("back", subnet="10.77.22.0/24")
    ids = {name: engine.run(name, **options) for name, options in SHAPES.items()}
    engine.set_health("checked", healthy=True)
    before = {name: shown(reader, container_id) for name, container_id in ids.items()}
    assert all(container.is_current for container in before.values())
    for name, container in before.items():
        getattr(engine, how)(name)
        over = container.ended()
        wait_for(
            lambda over=over, name=name: shown(reader, ids[name]).same_fields(over),  # type: ignore[misc]
            what=lambda over=over, name=name: differences(over, shown(reader, ids[name])),  # type: ignore[misc]
        )


def differences(expected: Container, found: Container) -> str:
    """The fields that differ."""
    names = [name for name in Container.TEMPLATE_FIELDS if name != "raw"]
    return str({name: (expected[name], found[name]) for name in names if expected[name] != found[name]})
