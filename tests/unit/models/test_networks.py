"""A container's networks."""

from __future__ import annotations

from typing import Any

from models.networks import NetworkFacts, network_facts
from tests.unit.models.bodies import NETWORK_ID, read

FACTS = network_facts(
    [{"Id": NETWORK_ID, "Name": "shop_default", "Internal": True}, {"Id": "n2", "Name": "b", "Internal": False}]
)


def test_facts_are_read_from_the_engines_list() -> None:
    """By id; entries without one are left out, odd fields empty."""
    shop, other = NetworkFacts(NETWORK_ID, "shop_default", internal=True), NetworkFacts("n2", "b", internal=False)
    assert FACTS == {NETWORK_ID: shop, "n2": other}  # noqa: SIM300 - what is found comes first
    odd = network_facts([{}, {"Id": ""}, {"Id": 5}, {"Id": "a", "Name": None, "Internal": "yes"}])
    assert odd == {"a": NetworkFacts("a", "", internal=False)}


def test_a_network_has_all_its_fields() -> None:
    """As the inspect answer and the engine's list of networks say."""
    assert dict(read(networks=FACTS).networks[0]) == {
        "id": NETWORK_ID,
        "name": "shop_default",
        "ip_address": "172.18.0.2",
        "ipv6_address": "fd00::2",
        "gateway": "172.18.0.1",
        "aliases": ["web", "a1b2c3d4e5f6"],
        "mac_address": "02:42:ac:12:00:02",
        "internal": True,
    }


def test_an_unknown_network_is_not_internal() -> None:
    """Nothing says that it is."""
    assert read().networks[0].internal is False


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


def test_better_known_networks_give_a_new_container() -> None:
    """The old one does not change, and what says nothing new makes nothing new."""
    before = read()
    after = before.with_networks(FACTS)
    assert (before.networks[0].internal, after.networks[0].internal) == (False, True)
    assert after.with_networks(FACTS) is after
    assert after.with_networks({}) is after
    assert not before.same_view(after)
    assert after.with_networks({NETWORK_ID: NetworkFacts(NETWORK_ID, "x", internal=False)}).same_view(before)
