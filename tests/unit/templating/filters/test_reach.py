"""Who reaches whom, and under which address."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from templating.sandbox.filters.reach import address_in, is_reachable, networks_in_reach, way_to_host
from tests.support.examples import examples
from tests.unit.templating.support import container, render

if TYPE_CHECKING:
    from collections.abc import Callable

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
        ("nobody", "both far inner onhost proxy side"),
    ],
)
def test_containers_in_reach(origin: str, expected: str) -> None:
    """Sharing a network with an address decides; the host reaches all; an unknown origin counts as the host."""
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


# Networks as people have them: a macvlan in the LAN, a Swarm, IPv6 alone, stacks that are shared.

LAN = {"lan": "192.168.1.50", "proxy": "172.18.0.2"}
LAN_GATEWAYS = {"lan": "192.168.1.1", "proxy": "172.18.0.1"}


def _address_from(origin: Container | None, target: Container, *others: Container) -> str:
    """What `address_from` gives, which `address` and `reachable_from` have to agree with."""
    named = f"containers.matching('{origin.name}').first" if origin else "none"
    template = (
        f"{{% set o = {named} %}}{{% set c = containers.matching('{target.name}').first %}}"
        f"{{{{ c | address_from(o) }}}}|{{{{ c | address(o) }}}}|{{{{ [c] | reachable_from(o) | length }}}}"
    )
    every = {each.id: each for each in (origin, target, *others) if each}
    found, same, reached = render(template, *every.values()).split("|")
    assert (same, int(reached)) == (found, bool(found))
    return found


@pytest.mark.parametrize("driver", ["macvlan", "ipvlan"])
def test_the_host_is_not_the_router_of_the_lan(driver: str) -> None:
    """A macvlan's gateway is a router, which would get the requests with their cookies; a bridge's is the host."""
    proxy = container("proxy", networks=LAN, gateways=LAN_GATEWAYS, drivers={"lan": driver})
    app = container("app", network_mode="host", networks={"host": ""}, drivers={"host": "host"})
    assert _address_from(proxy, app) == "172.18.0.1"


@pytest.mark.parametrize("driver", ["macvlan", "ipvlan", "overlay", "some-plugin"])
def test_in_the_lan_alone_the_host_cannot_be_reached(driver: str) -> None:
    """No address rather than another machine's."""
    proxy = container(
        "proxy", networks={"lan": "192.168.1.50"}, gateways={"lan": "192.168.1.1"}, drivers={"lan": driver}
    )
    assert _address_from(proxy, container("app", network_mode="host", networks={"host": ""})) == ""


def test_two_in_the_lan_meet_there() -> None:
    """A macvlan is a network like any other for those that are in it."""
    proxy = container("proxy", networks={"lan": "192.168.1.50"}, drivers={"lan": "macvlan"})
    assert _address_from(proxy, container("app", networks={"lan": "192.168.1.51"})) == "192.168.1.51"


@pytest.mark.parametrize("name", ["ingress", "a-front"])
def test_the_ingress_network_is_no_place_to_meet(name: str) -> None:
    """Whatever it is called; the network that both are in besides is."""
    drivers = {name: "overlay", "web": "overlay"}
    proxy = container("proxy", networks={name: "10.0.0.5", "web": "10.0.1.5"}, drivers=drivers, ingress=[name])
    app = container("app", networks={name: "10.0.0.6", "web": "10.0.1.6"}, drivers=drivers, ingress=[name])
    assert _address_from(proxy, app) == "10.0.1.6"
    assert _address_from(None, app) == "10.0.1.6"
    assert render(f"{{{{ (containers | last) | address('{name}') }}}}", app) == "10.0.0.6"
    alone = container("alone", networks={name: "10.0.0.7"}, drivers=drivers, ingress=[name])
    assert _address_from(proxy, alone) == _address_from(None, alone) == ""


def test_a_network_that_is_only_called_ingress_is_one() -> None:
    """The engine says which it is, not the name."""
    proxy, app = (container(name, networks={"ingress": f"10.0.0.{at}"}) for at, name in enumerate(["proxy", "app"], 5))
    assert _address_from(proxy, app) == "10.0.0.6"


def test_the_host_is_reached_by_ipv6_alone() -> None:
    """Where the network has no IPv4 gateway."""
    proxy = container("proxy", networks={"six": "fd00:1::5"}, gateways={"six": "fd00:1::1"})
    assert _address_from(proxy, container("app", network_mode="host", networks={"host": ""})) == "fd00:1::1"
    assert _address_from(proxy, container("other", networks={"six": "fd00:1::6"})) == "fd00:1::6"


def test_the_host_reaches_no_overlay_and_its_bridges_first() -> None:
    """An overlay's addresses are not the host's to reach; a macvlan's are only where somebody made a way."""
    host = container("proxy", network_mode="host", networks={"host": ""})
    drivers = {"a-swarm": "overlay", "b-lan": "macvlan"}
    networks = {"a-swarm": "10.0.1.6", "b-lan": "192.168.1.6", "c-bridge": "172.18.0.6"}
    expected = ["172.18.0.6", "192.168.1.6", ""]
    for address in expected:
        assert _address_from(host, container("app", networks=networks, drivers=drivers)) == address
        networks.popitem()
    assert _address_from(None, container("app", networks={"a-swarm": "10.0.1.6"}, drivers=drivers)) == "10.0.1.6"


def test_where_nobody_asks_the_host_is_here() -> None:
    """Run by systemd: what is on the host's own network is at 127.0.0.1."""
    exporter = container("exporter", network_mode="host", networks={"host": ""})
    assert _address_from(None, exporter) == "127.0.0.1"
    assert render("{{ containers.first | address_from(containers.self) }}", exporter) == "127.0.0.1"
    assert render("{{ containers.first | address }}", exporter) == "127.0.0.1"


@pytest.mark.parametrize("reference", [lambda vpn: vpn.id, lambda vpn: vpn.id[:12], lambda vpn: vpn.name])
def test_one_without_a_network_of_its_own_is_where_its_owner_is(reference: Callable[[Container], str]) -> None:
    """Whether the engine names the owner by its id or its name, and over several steps."""
    vpn = container("vpn", networks={"web": "10.0.0.9"})
    app = container("app", network_mode=f"container:{reference(vpn)}")
    sidecar = container("sidecar", network_mode=f"container:{app.id}")
    proxy = container("proxy", networks={"web": "10.0.0.2"}, gateways={"web": "10.0.0.1"})
    for each in (app, sidecar):
        assert _address_from(proxy, each, vpn, app) == "10.0.0.9"
        every = (vpn, app, sidecar, proxy)
        assert render(f"{{{{ (containers.matching('{each.name}').first | stack_owner).name }}}}", *every) == "vpn"
        shown = f"{{{{ containers.matching('{each.name}').first | networks_from(containers.matching('proxy').first)"
        assert render(shown + " | map(attribute='name') | join }}", *every) == "web"
    host = container("host", network_mode="host", networks={"host": ""})
    shares = container("shares", network_mode=f"container:{host.id}")
    assert _address_from(proxy, shares, host) == "10.0.0.1"


def test_owners_that_lead_in_a_circle_or_nowhere_have_no_address() -> None:
    """Made up by a recorded state, or gone meanwhile."""
    one = container("one", network_mode="container:two")
    two = container("two", network_mode="container:one")
    gone = container("gone", network_mode="container:nobody")
    assert _address_from(None, one, two) == _address_from(None, gone) == ""
    assert render("{{ (containers.first | stack_owner).name }}", gone) == "gone"


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


@settings(max_examples=examples(60), deadline=None)
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


@settings(max_examples=examples(60), deadline=None)
@given(fleets())
def test_an_unknown_origin_reaches_every_address(fleet: list[Container]) -> None:
    """Where it is unknown where we are, every network counts as shared, and the host is where we are."""
    by_id = {each.id: each for each in fleet}
    assert way_to_host(None, by_id.get) == "127.0.0.1"
    for target in fleet:
        if target.network_mode in {"bridge", "none"}:
            assert is_reachable(target, None, by_id.get) == any(network.ip_address for network in target.networks)
        if target.network_mode == "host":
            assert is_reachable(target, None, by_id.get)
