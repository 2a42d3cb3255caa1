"""Networks: what the engine tells about each, and a container's place in them."""

from __future__ import annotations

from dataclasses import replace
from sys import intern
from typing import TYPE_CHECKING, Any, Self

from models.frozen import frozen
from models.listing import ItemList
from models.matching import is_named, target_text
from models.record import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from models.reading import FieldReader

NO_ALIASES: ItemList[str] = ItemList()
_ENDPOINT_DIGITS = 16

# The bridge's option that leaves it without an address, so that the gateway is some other machine, and the auxiliary
# address by which a bridge's containers are given another gateway than the bridge: drivers/bridge in moby's libnetwork.
_NO_BRIDGE_ADDRESS = "com.docker.network.bridge.inhibit_ipv4"
_OTHER_GATEWAYS = ("DefaultGatewayIPv4", "DefaultGatewayIPv6")
_YES = frozenset({"1", "t", "true"})

# Docker's default name of the Swarm's ingress network: all there is to go by where the engine doesn't list it.
_USUAL_INGRESS = "ingress"


@frozen
class NetworkFacts:
    """What `GET /networks` says of one network and an inspected container does not.

    Attributes:
        id: the network's id.
        name: the network's name.
        internal: whether it is cut off from other networks.
        driver: `bridge`, `overlay`, `macvlan`, `ipvlan`, `host`, `null` or a plug-in's, '' where it is not known.
        scope: `local`, `swarm` or `global`, '' where it is not known.
        ingress: whether it is the Swarm's network for published ports, over which containers do not meet.
        gateway_is_host: whether the gateway in it is the host, as a bridge's is: a macvlan's or ipvlan's is a router.
    """

    id: str
    name: str
    internal: bool = False
    driver: str = ""
    scope: str = ""
    ingress: bool = False
    gateway_is_host: bool = True

    @classmethod
    def from_entry(cls, entry: Mapping[str, Any]) -> NetworkFacts | None:
        """Read one entry of the engine's answer; None for one without an id. Odd fields are empty."""
        network_id, name = _text(entry, "Id"), _text(entry, "Name")
        if not network_id:
            return None
        driver, ingress = intern(_text(entry, "Driver")), entry.get("Ingress") is True
        return cls(
            id=intern(network_id),
            name=name,
            internal=entry.get("Internal") is True,
            driver=driver,
            scope=intern(_text(entry, "Scope")),
            ingress=ingress,
            gateway_is_host=driver in {"", "bridge"} and not ingress and not _has_other_gateway(entry),
        )

    @classmethod
    def unknown(cls, network_id: str, name: str) -> NetworkFacts:
        """What is assumed of a network that the engine does not list: a bridge, unless it has the ingress's name."""
        is_ingress = name == _USUAL_INGRESS
        return cls(network_id, name, ingress=is_ingress, gateway_is_host=not is_ingress)


def _text(entry: Mapping[str, Any], field: str) -> str:
    value = entry.get(field)
    return value if isinstance(value, str) else ""


def _has_other_gateway(entry: Mapping[str, Any]) -> bool:
    """Whether a bridge's containers have a gateway that is not the bridge."""
    options, ipam = entry.get("Options"), entry.get("IPAM")
    if isinstance(options, dict) and str(options.get(_NO_BRIDGE_ADDRESS, "")).lower() in _YES:
        return True
    pools = ipam.get("Config") if isinstance(ipam, dict) else None
    found = pools if isinstance(pools, list) else []
    others = [pool.get("AuxiliaryAddresses") for pool in found if isinstance(pool, dict)]
    return any(name in other for other in others if isinstance(other, dict) for name in _OTHER_GATEWAYS)


def network_facts(entries: Iterable[Mapping[str, Any]]) -> dict[str, NetworkFacts]:
    """The facts of every network of `GET /networks`, by id."""
    found = map(NetworkFacts.from_entry, entries)
    return {facts.id: facts for facts in found if facts is not None}


@frozen
class Network(Record):
    """A container's place in one network.

    Attributes:
        id: the network's id, '' before the container's first start.
        name: the network's name.
        ip_address: the container's IPv4 address there, '' without one (stopped, host network, IPv6 only).
        ipv6_address: the container's global IPv6 address there, '' without one.
        gateway: the IPv4 gateway, '' without one.
        ipv6_gateway: the IPv6 gateway, '' without one.
        aliases: the names that the container has there, in the engine's order.
        mac_address: the container's MAC address there, '' without one.
        internal: whether the network is cut off from others; False where the engine does not list it.
        driver: `bridge`, `overlay`, `macvlan`, `ipvlan`, `host`, `null`, ..., '' where it is not known.
        scope: `local`, `swarm` or `global`, '' where it is not known.
        ingress: whether it is the Swarm's network for published ports, over which containers do not meet.
        gateway_is_host: whether the gateway is the host; of a macvlan, ipvlan or overlay it is not.
    """

    id: str
    name: str
    ip_address: str
    ipv6_address: str
    gateway: str
    ipv6_gateway: str
    aliases: ItemList[str]
    mac_address: str
    internal: bool
    driver: str
    scope: str
    ingress: bool
    gateway_is_host: bool

    @property
    def host_address(self) -> str:
        """The host's address in this network, IPv4 before IPv6; '' where it has none, or none that is certain."""
        return (self.gateway or self.ipv6_gateway) if self.gateway_is_host and not self.internal else ""

    @property
    def key(self) -> str:
        """What two containers' places in one network have in common: the id, else the name."""
        return self.id or self.name

    def left(self) -> Network:
        """The same place once the container's run is over: without addresses."""
        return replace(self, ip_address="", ipv6_address="", gateway="", ipv6_gateway="", mac_address="")

    @property
    def facts(self) -> NetworkFacts:
        """What was known about the network when this was read."""
        return NetworkFacts(
            self.id, self.name, self.internal, self.driver, self.scope, self.ingress, self.gateway_is_host
        )


class NetworkList(ItemList[Network]):
    """Networks, matched by id or name, and by a container or a list of networks: those in common."""

    __slots__ = ()

    def matching(self, target: object) -> Self:
        """Those with this id, id prefix or name, or those in common with a container, a network, or lists of these."""
        return self._of(filter(_network_test(target), self))


def _network_test(target: object) -> Callable[[Network], bool]:
    """What decides whether a network matches."""
    if isinstance(target, Record | list | tuple):
        keys = {network.key for network in _networks_of(target)}
        return lambda network: network.key in keys
    text = target_text(target)
    return lambda network: is_named(network, text)


def _networks_of(target: object) -> Iterator[Any]:
    """The networks that a template means by a network, a container, or a list of either."""
    if isinstance(target, Record):
        yield from target.networks if "networks" in target else [target]
    elif isinstance(target, list | tuple):
        for each in target:
            yield from _networks_of(each)


def read_networks(
    reader: FieldReader, networks: dict[str, Any], facts: Mapping[str, NetworkFacts], field: str
) -> NetworkList:
    """A container's networks, sorted by name, of `NetworkSettings.Networks`."""
    return NetworkList(
        _read_network(reader, name, reader.mapping(networks, name, f"{field}."), facts, f"{field}.{name}.")
        for name in sorted(networks)
    )


def _read_network(
    reader: FieldReader, name: str, endpoint: dict[str, Any], facts: Mapping[str, NetworkFacts], path: str
) -> Network:
    network_id = intern(reader.text(endpoint, "NetworkID", path))
    known = facts.get(network_id) or NetworkFacts.unknown(network_id, name)
    aliases = reader.texts(endpoint, "Aliases", path)
    return Network(
        id=network_id,
        name=intern(name),
        ip_address=reader.text(endpoint, "IPAddress", path),
        ipv6_address=reader.text(endpoint, "GlobalIPv6Address", path),
        gateway=intern(reader.text(endpoint, "Gateway", path)),
        ipv6_gateway=intern(reader.text(endpoint, "IPv6Gateway", path)),
        aliases=ItemList(aliases) if aliases else NO_ALIASES,
        mac_address=reader.text(endpoint, "MacAddress", path),
        internal=known.internal,
        driver=known.driver,
        scope=known.scope,
        ingress=known.ingress,
        gateway_is_host=known.gateway_is_host,
    )


def endpoint_ids(found: Iterable[str]) -> tuple[str, ...]:
    """Prefixes of the ids of a container's endpoints, sorted, long enough to tell them apart; empty ids are dropped."""
    return tuple(sorted(endpoint_id[:_ENDPOINT_DIGITS] for endpoint_id in found if endpoint_id))
