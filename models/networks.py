"""Networks: what the engine says of each, and a container's place in one."""

from __future__ import annotations

from dataclasses import dataclass
from sys import intern
from typing import TYPE_CHECKING, Any

from models.listing import ItemList, NetworkList
from models.record import Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from models.reading import FieldReader

NO_ALIASES: ItemList[str] = ItemList()


@dataclass(frozen=True, slots=True)
class NetworkFacts:
    """What `GET /networks` says of one network and an inspected container does not.

    Attributes:
        id: the network's id.
        name: the network's name.
        internal: whether it has no way out.
    """

    id: str
    name: str
    internal: bool

    @classmethod
    def from_entry(cls, entry: Mapping[str, Any]) -> NetworkFacts | None:
        """Read one entry of the engine's answer; None for one without an id. Odd fields are empty."""
        network_id, name = entry.get("Id"), entry.get("Name")
        if not isinstance(network_id, str) or not network_id:
            return None
        return cls(intern(network_id), name if isinstance(name, str) else "", entry.get("Internal") is True)


def network_facts(entries: Iterable[Mapping[str, Any]]) -> dict[str, NetworkFacts]:
    """The facts of every network of `GET /networks`, by id."""
    found = map(NetworkFacts.from_entry, entries)
    return {facts.id: facts for facts in found if facts is not None}


@dataclass(frozen=True, slots=True)
class Network(Record):
    """A container's place in one network.

    Attributes:
        id: the network's id, '' before the container's first start.
        name: the network's name.
        ip_address: the container's IPv4 address there, '' without one (stopped, host network, IPv6 only).
        ipv6_address: the container's global IPv6 address there, '' without one.
        gateway: the IPv4 gateway, '' without one.
        aliases: the names that the container has there, in the engine's order.
        mac_address: the container's MAC address there, '' without one.
        internal: whether the network has no way out; False where the engine does not know the network.
    """

    id: str
    name: str
    ip_address: str
    ipv6_address: str
    gateway: str
    aliases: ItemList[str]
    mac_address: str
    internal: bool

    @property
    def key(self) -> str:
        """What makes two containers' networks one: the id, else the name."""
        return self.id or self.name


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
    known = facts.get(network_id)
    aliases = reader.texts(endpoint, "Aliases", path)
    return Network(
        id=network_id,
        name=intern(name),
        ip_address=reader.text(endpoint, "IPAddress", path),
        ipv6_address=reader.text(endpoint, "GlobalIPv6Address", path),
        gateway=intern(reader.text(endpoint, "Gateway", path)),
        aliases=ItemList(aliases) if aliases else NO_ALIASES,
        mac_address=reader.text(endpoint, "MacAddress", path),
        internal=known is not None and known.internal,
    )
