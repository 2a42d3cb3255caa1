"""Which containers are usable: they run, are not unhealthy, and nginx reaches them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.recipes.nginx.client import get
from tests.recipes.nginx.site import NGINX_LABEL, Site

if TYPE_CHECKING:
    from collections.abc import Callable

HOST = {"VIRTUAL_HOST": "a.example.com"}


def _servers(text: str) -> list[str]:
    lines = (line.strip().rstrip(";") for line in text.splitlines())
    return [line.removeprefix("server ") for line in lines if line.startswith("server ") and "{" not in line]


def _nginx(site: Site, *networks: str, network_mode: str | None = None) -> str:
    return site.add("nginx", labels={NGINX_LABEL: ""}, networks=networks, network_mode=network_mode)


@pytest.mark.parametrize(
    "break_it",
    [
        lambda site: site.world.pause("web"),
        lambda site: site.world.die("web", restarting=True),
        lambda site: site.world.set_health("web", "unhealthy"),
        lambda site: site.add("nginx", labels={NGINX_LABEL: ""}, networks=("none",)),
    ],
    ids=["paused", "restarting", "unhealthy", "unreachable"],
)
def test_a_known_host_without_a_usable_container_is_503(site: Site, break_it: Callable[[Site], None]) -> None:
    """The host stays known and the file valid: it is answered, with 503."""
    address = site.backend("web", HOST, health="healthy")
    site.run()
    assert get(site.http_port, "a.example.com").backend == "web"
    break_it(site)
    text = site.run()
    assert f"server {address};" not in text
    assert "upstream a.example.com {" in text
    assert get(site.http_port, "a.example.com").status == 503


def test_a_stopped_container_is_not_served(site: Site) -> None:
    """What does not run has no part in the file."""
    address = site.backend("web", HOST)
    site.backend("other", {"VIRTUAL_HOST": "other.example.com"})
    site.world.die("web")
    assert f"server {address};" not in site.run()
    assert get(site.http_port, "a.example.com").status == 503


@pytest.mark.parametrize("health", [None, "starting", "healthy"])
def test_only_unhealthy_ones_are_left_out(site: Site, health: str | None) -> None:
    """A container that has no health check, or that is still starting, is served."""
    site.backend("web", HOST, health=health)
    site.run()
    assert get(site.http_port, "a.example.com").backend == "web"


def test_only_the_usable_ones_of_a_host_are_asked(site: Site) -> None:
    """An unhealthy container does not take part; the others of its host do."""
    site.backend("web-1", HOST, health="unhealthy")
    site.backend("web-2", HOST)
    site.run()
    assert {get(site.http_port, "a.example.com").backend for _ in range(4)} == {"web-2"}


def test_networks_must_be_shared_with_nginx(site: Site) -> None:
    """A container is reached over the first network that nginx is in too, once; one on another network is not."""
    for network in ("back", "front", "zone"):
        site.world.add_network(network)
    _nginx(site, "front", "zone")
    site.add("both", HOST, networks=("back", "front", "zone"))
    site.add("apart", HOST, networks=("back",))
    text = site.render()
    front = site.snapshot().containers.matching("both")[0].networks.matching("front")[0].ip_address
    assert _servers(text) == [f"{front}:80"]
    assert site.complaint() == ""


def test_ingress_is_nobodys_way(site: Site) -> None:
    """A Swarm's ingress network is not taken for a shared one, whatever it is called; another one of its name is."""
    site.world.add_network("a-mesh", driver="overlay", ingress=True)
    site.world.add_network("ingress")
    _nginx(site, "a-mesh", "ingress")
    site.add("app", HOST, networks=("a-mesh", "ingress"))
    site.add("elsewhere", HOST, networks=("a-mesh",))
    address = site.snapshot().containers.matching("app")[0].networks.matching("ingress")[0].ip_address
    assert _servers(site.render()) == [f"{address}:80"]


def test_another_label_may_mark_nginx(site: Site) -> None:
    """NGINX_CONTAINER_LABEL's value takes the place of the label's usual name."""
    for network in ("one", "two"):
        site.world.add_network(network)
    _nginx(site, "one")
    site.add("marked", labels={"my.proxy": "yes"}, networks=("two",))
    site.add("app", HOST, networks=("two",))
    assert _servers(site.render()) == ["127.0.0.1 down"]
    site.environ["NGINX_CONTAINER_LABEL"] = "my.proxy"
    assert len(_servers(site.render())) == 1
    assert _servers(site.render()) != ["127.0.0.1 down"]


def test_without_the_label_it_is_our_own_container(site: Site) -> None:
    """Where no container has the label, the networks of our own container count."""
    for network in ("one", "two"):
        site.world.add_network(network)
    site.own_id = site.add("pygen", networks=("one",))
    site.add("near", HOST, networks=("one",))
    site.add("far", {"VIRTUAL_HOST": "b.example.com"}, networks=("two",))
    near = site.snapshot().containers.matching("near")[0].networks[0].ip_address
    assert _servers(site.render()) == [f"{near}:80", "127.0.0.1 down"]


def test_where_nginx_is_unknown_every_network_counts(site: Site) -> None:
    """Neither label nor own container: everybody is reached, over the first network with an address."""
    for network in ("one", "two"):
        site.world.add_network(network)
    site.add("near", HOST, networks=("one",))
    site.add("far", {"VIRTUAL_HOST": "b.example.com"}, networks=("two",))
    found = [each.networks[0].ip_address for each in site.snapshot().containers.matching("near")]
    found += [each.networks[0].ip_address for each in site.snapshot().containers.matching("far")]
    assert _servers(site.render()) == [f"{address}:80" for address in found]


def test_a_stopped_nginx_keeps_its_networks(site: Site) -> None:
    """While nginx restarts, the file is written for the networks that it will be in again."""
    site.world.add_network("web")
    site.own_id = site.add("pygen", networks=("bridge",))
    _nginx(site, "web")
    site.add("app", HOST, networks=("web",))
    before = site.render()
    site.world.die("nginx")
    assert _servers(site.render()) == _servers(before) != ["127.0.0.1 down"]


def test_a_container_on_the_hosts_network_is_reached_by_a_gateway(site: Site) -> None:
    """The gateway is that of nginx's first network that is not internal."""
    site.world.add_network("a-inside", internal=True)
    site.world.add_network("b-outside")
    site.world.add_network("c-outside")
    _nginx(site, "a-inside", "b-outside", "c-outside")
    site.add("app", HOST | {"VIRTUAL_PORT": "8080"}, networks=("host",), network_mode="host")
    assert _servers(site.render()) == [f"{site.world.network('b-outside').gateway}:8080"]


def test_only_internal_networks_lead_to_no_host(site: Site) -> None:
    """Where nginx has no way out, a container on the host's network is not usable."""
    site.world.add_network("inside", internal=True)
    _nginx(site, "inside")
    site.add("app", HOST, networks=("host",), network_mode="host")
    assert _servers(site.render()) == ["127.0.0.1 down"]


def test_nginx_on_the_hosts_network_reaches_everybody(site: Site) -> None:
    """It has every container's address, and what is on the host's network as its neighbour."""
    site.world.add_network("inside", internal=True)
    _nginx(site, "host", network_mode="host")
    site.add("app", HOST, networks=("inside",))
    site.add("neighbour", {"VIRTUAL_HOST": "b.example.com"}, networks=("host",), network_mode="host")
    address = site.snapshot().containers.matching("app")[0].networks[0].ip_address
    assert _servers(site.render()) == [f"{address}:80", "127.0.0.1:80"]


def test_the_hosts_network_where_nginx_is_unknown(site: Site) -> None:
    """Who is in no container is on the host: what is on its network is at 127.0.0.1, whatever networks there are."""
    site.world.add_network("outside")
    site.add("app", HOST, networks=("host",), network_mode="host")
    site.add("other", networks=("outside",))
    assert _servers(site.render()) == ["127.0.0.1:80"]


def test_a_router_of_the_lan_is_not_the_host(site: Site) -> None:
    """The gateway of a macvlan would get the host's requests, cookies and all; alone it leads to no host."""
    site.world.add_network("lan", driver="macvlan", prefix="192.168")
    site.world.add_network("proxy")
    _nginx(site, "lan", "proxy")
    site.add("app", HOST | {"VIRTUAL_PORT": "8123"}, networks=("host",), network_mode="host")
    assert _servers(site.render()) == [f"{site.world.network('proxy').gateway}:8123"]
    site.world.remove("nginx")
    _nginx(site, "lan")
    assert _servers(site.render()) == ["127.0.0.1 down"]


def test_the_way_to_the_host_may_be_ipv6_alone(site: Site) -> None:
    """A bridge without IPv4 has a gateway, too."""
    place = {"IPAddress": "", "Gateway": "", "GlobalIPv6Address": "fd00::2", "IPv6Gateway": "fd00::1"}
    site.add("nginx", labels={NGINX_LABEL: ""}, overrides={"NetworkSettings": {"Networks": {"bridge": place}}})
    site.add("app", HOST | {"VIRTUAL_PORT": "8080"}, networks=("host",), network_mode="host")
    assert _servers(site.render()) == ["[fd00::1]:8080"]
    assert site.complaint() == ""


def test_one_that_has_both_may_be_reached_by_ipv6(site: Site) -> None:
    """PREFER_IPV6_NETWORK puts IPv6 first where there is some; each container still has one entry."""
    networks = {"bridge": {"IPAddress": "172.17.0.9", "GlobalIPv6Address": "fd00::9"}}
    site.add("both", HOST, overrides={"NetworkSettings": {"Networks": networks}})
    site.at("four", HOST, "172.17.0.8", 80)
    assert _servers(site.render()) == ["172.17.0.9:80", "172.17.0.8:80"]
    site.environ["PREFER_IPV6_NETWORK"] = "true"
    assert _servers(site.render()) == ["[fd00::9]:80", "172.17.0.8:80"]


def test_one_that_shares_anothers_network_stack_has_its_address(site: Site) -> None:
    """`network_mode: container:ID` is where that container is."""
    site.world.add_network("web")
    _nginx(site, "web")
    vpn = site.add("vpn", networks=("web",))
    site.add("app", HOST | {"VIRTUAL_PORT": "8080"}, networks=(), network_mode=f"container:{vpn}")
    address = site.snapshot().containers.matching("vpn")[0].networks[0].ip_address
    assert _servers(site.render()) == [f"{address}:8080"]


def test_an_ipv6_address_is_written_in_brackets(site: Site) -> None:
    """A container that has no IPv4 address is reached by its IPv6 address."""
    networks = {"bridge": {"IPAddress": "", "GlobalIPv6Address": "fd00::17"}}
    site.add("app", HOST, overrides={"NetworkSettings": {"Networks": networks}})
    assert _servers(site.render()) == ["[fd00::17]:80"]
    assert site.complaint() == ""


@pytest.mark.parametrize(
    ("env", "ports", "expected"),
    [
        ({}, ("8000/tcp",), "8000"),
        ({}, ("8000/tcp", "9000/tcp"), "80"),
        ({}, (), "80"),
        ({}, ("53/udp",), "80"),
        ({"VIRTUAL_PORT": "9000"}, ("8000/tcp",), "9000"),
        ({"VIRTUAL_PORT": " 9000 "}, ("8000/tcp", "9000/tcp"), "9000"),
        ({"VIRTUAL_PORT": ""}, ("8000/tcp",), "8000"),
    ],
)
def test_the_port(site: Site, env: dict[str, str], ports: tuple[str, ...], expected: str) -> None:
    """VIRTUAL_PORT, else the one exposed port, else 80."""
    site.add("app", HOST | env, ports=ports)
    address = site.snapshot().containers[0].networks[0].ip_address
    assert _servers(site.render()) == [f"{address}:{expected}"]


@pytest.mark.parametrize("port", ["0", "65536", "http", "80;", "-80", "8000-8010", "80 down", "٨٠"])
def test_a_port_that_is_none_leaves_the_container_out(site: Site, port: str) -> None:
    """Rather no server than one that was not meant; the file says which container's it was."""
    site.add("app", HOST | {"VIRTUAL_PORT": port})
    text = site.render()
    assert _servers(text) == ["127.0.0.1 down"]
    assert "# app: VIRTUAL_PORT is not a port" in text
    assert site.complaint() == ""
