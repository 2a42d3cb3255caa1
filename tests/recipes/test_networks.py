"""Networks as people have them, in each recipe with addresses: macvlan, ingress, IPv6, shared stacks, the host."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from tests.recipes.recipe_harness import RecipeHarness

if TYPE_CHECKING:
    from collections.abc import Callable

FILES = {
    "haproxy": "haproxy/haproxy.cfg.j2",
    "prometheus": "prometheus/targets.json.j2",
    "dnsmasq": "dnsmasq/containers.hosts.j2",
    "hosts": "hosts/hosts.j2",
}
APP = {"haproxy.hosts": "app.test", "haproxy.port": "8123", "prometheus.port": "8123"}
READER = {"haproxy.proxy": "yes"}
"""What marks the program that reads the file, which is called `reader`."""


class NetworkCase(NamedTuple):
    """Where an app is found.

    Attributes:
        arrange: makes the networks and containers; the app is called `app`.
        proxied: its address for HAProxy and Prometheus in the container `reader`; '' where they do not reach it.
        named: its addresses for dnsmasq and hosts, which are asked by the host.
    """

    arrange: Callable[[RecipeHarness], None]
    proxied: str
    named: list[str]


def _macvlan(harness: RecipeHarness) -> None:
    harness.world.add_network("lan", driver="macvlan", prefix="192.168", own_gateway="192.168.1.1")
    harness.world.add_network("proxy", prefix="172.18")
    harness.world.add_container("reader", networks=["lan", "proxy"], labels=READER)
    harness.world.add_container("app", networks=["host"], network_mode="host", labels=APP)


def _macvlan_alone(harness: RecipeHarness) -> None:
    harness.world.add_network("lan", driver="macvlan", prefix="192.168", own_gateway="192.168.1.1")
    harness.world.add_container("reader", networks=["lan"], labels=READER)
    harness.world.add_container("app", networks=["host"], network_mode="host", labels=APP)


def _ingress(harness: RecipeHarness) -> None:
    harness.world.add_network("a-mesh", driver="overlay", ingress=True, prefix="10.0")
    harness.world.add_network("web", prefix="10.1")
    harness.world.add_container("reader", networks=["a-mesh", "web"], labels=READER)
    harness.world.add_container("app", networks=["a-mesh", "web"], labels=APP)


def _ipv6_alone(harness: RecipeHarness) -> None:
    harness.world.add_network("six", ipv6_gateway="fd00::1")
    harness.world.add_container("reader", networks=["six"], labels=READER)
    six = {"NetworkSettings": {"Networks": {"six": {"IPAddress": "", "GlobalIPv6Address": "fd00::7"}}}}
    harness.world.add_container("app", networks=["six"], labels=APP, overrides=six)


def _host_by_ipv6(harness: RecipeHarness) -> None:
    harness.world.add_network("six", ipv6_gateway="fd00::1")
    six = {"NetworkSettings": {"Networks": {"six": {"IPAddress": "", "Gateway": ""}}}}
    harness.world.add_container("reader", networks=["six"], labels=READER, overrides=six)
    harness.world.add_container("app", networks=["host"], network_mode="host", labels=APP)


def _shared_stack(harness: RecipeHarness) -> None:
    harness.world.add_network("web", prefix="10.1")
    harness.world.add_container("reader", networks=["web"], labels=READER)
    owner = harness.world.add_container("owner", networks=["web"])
    harness.world.add_container("app", networks=[], network_mode=f"container:{owner}", labels=APP)


def _nobody_known(harness: RecipeHarness) -> None:
    harness.world.add_container("app", networks=["host"], network_mode="host", labels=APP)


def _host_s_stack_shared(harness: RecipeHarness) -> None:
    owner = harness.world.add_container("owner", networks=["host"], network_mode="host")
    harness.world.add_container("app", networks=[], network_mode=f"container:{owner}", labels=APP)


PLACES = {
    "on the host, by the bridge and not by the LAN's router": NetworkCase(_macvlan, "172.18.0.1", ["127.0.0.1"]),
    "on the host, out of reach of a macvlan": NetworkCase(_macvlan_alone, "", ["127.0.0.1"]),
    "over the network that is not the ingress": NetworkCase(_ingress, "10.1.0.5", ["10.1.0.5"]),
    "by IPv6 alone": NetworkCase(_ipv6_alone, "[fd00::7]", ["fd00::7"]),
    "on the host, by IPv6 alone": NetworkCase(_host_by_ipv6, "[fd00::1]", ["127.0.0.1"]),
    "where the owner of its stack is": NetworkCase(_shared_stack, "10.1.0.5", ["10.1.0.5"]),
    "on the host, where nothing says who asks": NetworkCase(_nobody_known, "127.0.0.1", ["127.0.0.1"]),
    "on the host's stack by another": NetworkCase(_host_s_stack_shared, "127.0.0.1", ["127.0.0.1"]),
}


def _found(recipe: str, text: str) -> list[str]:
    """Where a file says that the app is."""
    if recipe == "prometheus":
        return [
            each for group in json.loads(text) if group["labels"]["container"] == "app" for each in group["targets"]
        ]
    lines = [line.split() for line in text.splitlines()]
    if recipe == "haproxy":
        return [words[2] for words in lines if words[:1] == ["server"] and words[1].startswith("app_")]
    return [words[0] for words in lines if {"app", "app.docker"} & set(words[1:])]


@pytest.mark.parametrize("recipe", FILES)
@pytest.mark.parametrize("case", PLACES.values(), ids=PLACES)
def test_an_app_is_found(recipe: str, case: NetworkCase) -> None:
    """At the address at which the reader of the file reaches it, or with a note that it does not."""
    harness = RecipeHarness(FILES[recipe])
    case.arrange(harness)
    if "reader" in harness.names():
        harness.environ["PROMETHEUS_CONTAINER"] = "reader"
    found = _found(recipe, harness.render())
    if recipe in {"dnsmasq", "hosts"}:
        assert found == case.named
    elif case.proxied:
        assert found == [f"{case.proxied}:8123"]
    else:
        assert found == []
        assert any(note.startswith("app: has no address that can be reached") for note in harness.notes)


def test_prometheus_is_where_pygen_is_unless_a_variable_says_otherwise() -> None:
    """A target that shares no network with pygen is named all the same: Prometheus may be elsewhere."""
    harness = RecipeHarness(FILES["prometheus"])
    for name, prefix in (("a", "10.1"), ("b", "10.2"), ("c", "10.3")):
        harness.world.add_network(name, prefix=prefix)
    harness.own_id = harness.world.add_container("pygen", networks=["b"])
    harness.world.add_container("near", networks=["a", "b"], labels=APP)
    harness.world.add_container("far", networks=["c"], labels=APP)
    addresses = {group["labels"]["container"]: group["targets"][0] for group in json.loads(harness.render())}
    assert addresses["near"].startswith("10.2.")
    assert addresses["far"].startswith("10.3.")
    harness.world.add_container("prometheus", networks=["a"])
    harness.environ["PROMETHEUS_CONTAINER"] = "prometheus"
    addresses = {group["labels"]["container"]: group["targets"][0] for group in json.loads(harness.render())}
    assert addresses["near"].startswith("10.1.")
    assert "far" not in addresses
    assert harness.notes == ("far: has no address that can be reached by Prometheus, left out",)


def test_pygen_s_container_reaches_the_host_for_dnsmasq() -> None:
    """Those who ask a name server may be containers, to whom 127.0.0.1 is themselves."""
    harness = RecipeHarness(FILES["dnsmasq"])
    harness.world.add_network("dns", prefix="10.7")
    harness.own_id = harness.world.add_container("pygen", networks=["dns"])
    harness.world.add_container("app", networks=["host"], network_mode="host")
    assert _found("dnsmasq", harness.render()) == ["10.7.0.1"]


def _all_addresses(recipe: str) -> list[str]:
    harness = RecipeHarness(FILES[recipe])
    for name, prefix in (("a", "10.1"), ("b", "10.2")):
        harness.world.add_network(name, prefix=prefix)
    options: dict[str, Any] = {"networks": ["a", "b"]}
    owner = harness.world.add_container("owner", **options)
    harness.world.add_container("app", networks=[], network_mode=f"container:{owner}")
    return _found(recipe, harness.render())


def test_dnsmasq_and_hosts_agree_about_all_addresses() -> None:
    """Those of a shared network stack among them."""
    assert _all_addresses("dnsmasq") == _all_addresses("hosts")
    assert len(_all_addresses("hosts")) == 2
