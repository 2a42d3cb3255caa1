"""What `models.packed` makes of a container, and a container of that, is the same container."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given, settings

from models.container import Container
from models.networks import network_facts
from models.packed import pack, unpack
from tests.support.examples import examples
from tests.unit.models.bodies import GONE, NETWORK_ID, attrs
from tests.unit.models.test_any_body import odd_bodies

NAMES = [field.name for field in fields(Container)]
FACTS = network_facts([{"Id": NETWORK_ID, "Name": "shop_default", "Driver": "macvlan", "Scope": "local"}])


def _read(body: dict[str, Any]) -> Container:
    return Container.from_inspect(json.dumps(body).encode(), engine="main", networks=FACTS, warn=lambda _: None)


def _assert_same(container: Container) -> None:
    found = unpack(pack(container), container.kept)
    for name in NAMES:
        there, here = getattr(found, name), getattr(container, name)
        assert there == here, name
        assert type(there) is type(here), name
        assert repr(there) == repr(here), name
    assert found == container
    assert found.raw == container.raw


@given(odd_bodies())
@settings(max_examples=examples(300))
def test_any_container_arrives(body: dict[str, Any]) -> None:
    """Whatever the engine said, and also once its run is over."""
    container = _read(body)
    _assert_same(container)
    _assert_same(container.ended())


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"Config.Labels": GONE, "Config.Env": GONE, "Mounts": GONE, "NetworkSettings.Networks": GONE},
        {"Config.Labels": {"\ud800": "a half pair", "ünï": "\0", "b": "1", "B": "2"}},
        {"NetworkSettings.Ports": {"53/udp": [{"HostIp": "::", "HostPort": "53"}], "1/sctp": None}},
    ],
)
def test_a_container_arrives(changes: dict[str, Any]) -> None:
    """Whole, with next to nothing, with odd texts, with published ports."""
    _assert_same(_read(attrs(changes)))


def test_containers_of_one_image_share_their_ports() -> None:
    """And what else they have in common: ten thousand of them have it once."""
    first, second = (_read(attrs({"Id": name * 64})) for name in "ab")
    there, other = (unpack(pack(each), each.kept) for each in (first, second))
    assert there.ports is other.ports
    assert there.image is other.image
    assert there.networks[0].name is other.networks[0].name
