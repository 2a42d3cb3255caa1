"""Who reaches whom, and under which address."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from templating.sandbox.filters.reach import address_in, is_reachable, networks_in_reach, way_to_host
from tests.unit.templating.support import container, render

if TYPE_CHECKING:
    from models.container import Container

PROXY = container(
    "proxy",
    networks={"a-in": "10.0.0.2", "b-out": "10.1.0.2"},
    gateways={"a-in": "10.0.0.1", "b-out": "10.1.0.1"},
    internal=["a-in"],
)
HOST = container("onhost", network_mode="host", networks={"host": ""})
SIDE = container("side", network_mode=f"container:{PROXY.id}")
OTHERS = [
    container("both", networks={"a-in": "10.0.0.3", "b-out": "10.1.0.3"}),
    container("far", networks={"c": "10.2.0.3"}),
    container("inner", networks={"a-in": "10.0.0.4"}),
    container("none", network_mode="none", networks={"none": ""}),
    container("stopped", networks={"a-in": ""}),
]
ALL = [PROXY, HOST, SIDE, *OTHERS]
SHOW = "| map(attribute='name') | join(' ')"


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        ("proxy", "both inner onhost proxy side"),
        ("side", "both inner onhost proxy side"),
        ("far", "far"),
        ("inner", "both inner proxy side"),
        ("onhost", "both far inner onhost proxy side"),
        ("none", ""),
        ("nobody", "both far inner proxy side"),
    ],
)
def test_containers_in_reach(origin: str, expected: str) -> None:
    """Sharing a network with an address decides; the host reaches all; without an origin every network counts."""
    template = f"{{{{ containers | reachable_from(containers.matching('{origin}').first) {SHOW} }}}}"
    assert render(template, *ALL) == expected


@pytest.mark.parametrize(
    ("name", "origin", "networks", "address"),
    [
        ("both", "proxy", "a-in b-out", "10.0.0.3"),
        ("both", "far", "", ""),
        ("both", "nobody", "a-in b-out", "10.0.0.3"),
        ("inner", "onhost", "a-in", "10.0.0.4"),
        ("onhost", "proxy", "", "10.1.0.1"),
        ("onhost", "inner", "", ""),
        ("side", "both", "", "10.0.0.2"),
        ("stopped", "proxy", "", ""),
    ],
)
def test_networks_and_addresses_in_reach(name: str, origin: str, networks: str, address: str) -> None:
    """The networks in common, and the first address there; the host is reached by a gateway that is not internal."""
    setting = (
        f"{{% set c = containers.matching('{name}').first %}}{{% set o = containers.matching('{origin}').first %}}"
    )
    template = (
        setting + f"{{{{ c.networks | reachable_from(o) {SHOW} }}}}|{{{{ c | address(o) if o else c | address }}}}"
    )
    assert render(template, *ALL) == f"{networks}|{address}"


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        ("c.networks.last", "10.1.0.3"),
        ("'b-out'", "10.1.0.3"),
        ("'id-a-in'", "10.0.0.3"),
        ("'nope'", ""),
        ("c.networks", "10.0.0.3"),
        ("c.networks.matching('nope').first", ""),
        ("containers.matching('far').first.networks.first", ""),
    ],
)
def test_address_in_a_network(argument: str, expected: str) -> None:
    """A network is given as itself, its name, its id or a list."""
    template = f"{{% set c = containers.matching('both').first %}}{{{{ c | address({argument}) }}}}"
    assert render(template, *ALL) == expected


def test_no_address_is_undefined() -> None:
    """What cannot be reached has no address, which is false and undefined."""
    template = "{% set a = containers.matching('none').first | address %}{{ a is defined }}{{ a or '-' }}"
    assert render(template, *ALL) == "False-"
    assert render("{{ containers.first | address('x') }}") == ""


@st.composite
def fleets(draw: st.DrawFn) -> list[Container]:
    """A few containers on a few networks, some on the host, some sharing another's stack."""
    found: list[Container] = []
    for at in range(draw(st.integers(1, 6))):
        networks = draw(st.dictionaries(st.sampled_from("abcd"), st.sampled_from([f"10.0.0.{at + 1}", ""])))
        modes = ["bridge", "host", "none", *(f"container:{each.id}" for each in found), "container:gone"]
        mode = draw(st.sampled_from(modes))
        found.append(container(f"c{at}", networks=networks if mode == "bridge" else {}, network_mode=mode))
    return found


@settings(max_examples=60, deadline=None)
@given(fleets())
def test_bridged_containers_reach_each_other_by_a_common_network_only(fleet: list[Container]) -> None:
    """Reach is what both have in common, and an address in it is the target's own."""
    by_id = {each.id: each for each in fleet}
    for origin in fleet:
        for target in fleet:
            if origin.network_mode != "bridge" or target.network_mode != "bridge":
                continue
            common = networks_in_reach(target.networks, origin, by_id.get)
            shared = {n.id for n in target.networks if n.ip_address} & {n.id for n in origin.networks}
            assert {network.id for network in common} == shared
            assert is_reachable(target, origin, by_id.get) == bool(shared)
            assert all(address_in(target, network) == network.ip_address for network in common)


@settings(max_examples=60, deadline=None)
@given(fleets())
def test_an_unknown_origin_reaches_every_address(fleet: list[Container]) -> None:
    """Where it is unknown where we are, every network counts as shared, but the host has no known address."""
    by_id = {each.id: each for each in fleet}
    assert way_to_host(None, by_id.get) == ""
    for target in fleet:
        if target.network_mode in {"bridge", "none", "host"}:
            assert is_reachable(target, None, by_id.get) == any(network.ip_address for network in target.networks)
