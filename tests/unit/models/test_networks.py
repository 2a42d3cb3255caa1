"""A container's networks."""

from __future__ import annotations

from typing import Any

import pytest

from models.networks import NetworkFacts, network_facts
from tests.unit.models.bodies import NETWORK_ID, read

FACTS = network_facts(
    [
        {"Id": NETWORK_ID, "Name": "shop_default", "Internal": True, "Driver": "bridge", "Scope": "local"},
        {"Id": "n2", "Name": "b", "Internal": False, "Driver": "overlay", "Scope": "swarm", "Ingress": True},
    ]
)


def test_facts_are_read_from_the_engines_list() -> None:
    """By id; entries without one are left out, odd fields empty."""
    shop = NetworkFacts(NETWORK_ID, "shop_default", internal=True, driver="bridge", scope="local")
    other = NetworkFacts("n2", "b", driver="overlay", scope="swarm", ingress=True, gateway_is_host=False)
    assert FACTS == {NETWORK_ID: shop, "n2": other}  # noqa: SIM300 - what is found comes first
    entries: list[dict[str, Any]] = [
        {},
        {"Id": ""},
        {"Id": 5},
        {"Id": "a", "Name": None, "Internal": "yes", "Driver": 5, "Scope": [], "Ingress": 1},
        {"Id": "b", "Options": ["x"], "IPAM": {"Config": [None, {"AuxiliaryAddresses": "x"}]}},
        {"Id": "c", "IPAM": 1},
        {"Id": "d", "IPAM": {"Config": 5}},
    ]
    odd = network_facts(entries)
    assert odd == {name: NetworkFacts(name, "") for name in "abcd"}


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"Driver": "bridge"}, True),
        ({"Driver": "macvlan"}, False),
        ({"Driver": "ipvlan"}, False),
        ({"Driver": "overlay"}, False),
        ({"Driver": "weave:latest"}, False),
        ({}, True),
        ({"Driver": "bridge", "Ingress": True}, False),
        ({"Driver": "bridge", "Options": {"com.docker.network.bridge.inhibit_ipv4": "true"}}, False),
        ({"Driver": "bridge", "Options": {"com.docker.network.bridge.inhibit_ipv4": "false"}}, True),
        (
            {
                "Driver": "bridge",
                "IPAM": {"Config": [{"AuxiliaryAddresses": {"DefaultGatewayIPv4": "192.168.1.1"}}]},
            },
            False,
        ),
        ({"Driver": "bridge", "IPAM": {"Config": [{"AuxiliaryAddresses": {"printer": "192.168.1.9"}}, {}]}}, True),
        ({"Driver": "bridge", "IPAM": {"Config": None}, "Options": None}, True),
    ],
)
def test_the_gateway_is_the_host_in_a_bridge_alone(entry: dict[str, Any], expected: bool) -> None:  # noqa: FBT001
    """And there only while the bridge has that address; a driver that is not known counts as a bridge."""
    assert network_facts([{"Id": "n", "Name": "lan"} | entry])["n"].gateway_is_host is expected


@pytest.mark.parametrize(
    ("facts", "gateway", "ipv6_gateway", "address"),
    [
        ({"Driver": "bridge"}, "172.18.0.1", "fd00::1", "172.18.0.1"),
        ({"Driver": "bridge"}, "", "fd00::1", "fd00::1"),
        ({"Driver": "bridge"}, "", "", ""),
        ({"Driver": "bridge", "Internal": True}, "172.18.0.1", "fd00::1", ""),
        ({"Driver": "macvlan"}, "192.168.1.1", "fd00::1", ""),
    ],
)
def test_where_the_host_answers(facts: dict[str, Any], gateway: str, ipv6_gateway: str, address: str) -> None:
    """At the gateway, IPv4 before IPv6, where that is the host and the network is not internal."""
    endpoint = {"NetworkID": "n", "Gateway": gateway, "IPv6Gateway": ipv6_gateway}
    known = network_facts([{"Id": "n", "Name": "net"} | facts])
    (network,) = read({"NetworkSettings/Networks": {"net": endpoint}}, networks=known).networks
    assert network.host_address == address


def test_a_network_has_all_its_fields() -> None:
    """As the inspect answer and the engine's list of networks say."""
    assert dict(read(networks=FACTS).networks[0]) == {
        "id": NETWORK_ID,
        "name": "shop_default",
        "ip_address": "172.18.0.2",
        "ipv6_address": "fd00::2",
        "gateway": "172.18.0.1",
        "ipv6_gateway": "fd00::1",
        "aliases": ["web", "a1b2c3d4e5f6"],
        "mac_address": "02:42:ac:12:00:02",
        "internal": True,
        "driver": "bridge",
        "scope": "local",
        "ingress": False,
        "gateway_is_host": True,
    }


def test_an_unknown_network_counts_as_a_bridge() -> None:
    """Nothing says that it is internal, or another's; only the usual name of the Swarm's ingress network does."""
    (network,) = read().networks
    assert (network.internal, network.driver, network.ingress, network.host_address) == (False, "", False, "172.18.0.1")
    (ingress,) = read({"NetworkSettings/Networks": {"ingress": {"NetworkID": "n", "Gateway": "10.0.0.1"}}}).networks
    assert (ingress.ingress, ingress.host_address) == (True, "")
    known = network_facts([{"Id": "n", "Name": "ingress", "Driver": "bridge", "Ingress": False}])
    named = read({"NetworkSettings/Networks": {"ingress": {"NetworkID": "n"}}}, networks=known).networks[0]
    assert named.ingress is False


def test_networks_are_sorted_by_name() -> None:
    """Two equal states give equal bytes."""
    networks = read({"NetworkSettings/Networks": {"b": {}, "a": {}, "C": None}}).networks
    assert [network.name for network in networks] == ["C", "a", "b"]


def test_a_container_may_have_no_network_and_no_address() -> None:
    """With `--network none`, on the host's network, stopped, or never started."""
    nothing: list[dict[str, Any] | None] = [{}, None]
    for none in nothing:
        assert read({"NetworkSettings/Networks": none}).networks == []
    assert read({"NetworkSettings": None}).networks.first_value is None
    host = read({"NetworkSettings/Networks": {"host": {"NetworkID": "h", "IPAddress": "", "Aliases": None}}})
    assert host.networks.first_value.ip_address == ""  # type: ignore[union-attr] # there is one
    assert host.networks[0].aliases == []


def test_odd_fields_are_empty_with_a_warning_that_names_them() -> None:
    """Down to the network."""
    warnings: list[str] = []
    endpoint = {"IPAddress": 5, "Aliases": ["a", 1], "Gateway": []}
    networks = read({"NetworkSettings/Networks": {"a": endpoint, "b": "x"}}, warnings).networks
    assert (networks[0].ip_address, networks[0].gateway, list(networks[0].aliases)) == ("", "", ["a"])
    assert [warning.split()[2] for warning in warnings] == [
        "NetworkSettings.Networks.a.Aliases[]",
        "NetworkSettings.Networks.a.IPAddress",
        "NetworkSettings.Networks.a.Gateway",
        "NetworkSettings.Networks.b",
    ]
