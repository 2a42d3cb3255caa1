"""Which containers and networks another container reaches, and under which address.

Two containers reach each other over a network that both are on. A container on the host's own network is on none: it
reaches every container that has an address, and is itself reached by the gateway of a network that is not internal.
One that shares another's network stack (`container:ID`) is where that one is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from models.container import Container
from models.listing import NetworkList
from models.networks import Network
from templating.errors import WrongUse
from templating.sandbox.filters.listing import same_kind
from templating.sandbox.undefined import NOTHING, Blank
from templating.sandbox.writing import describe

if TYPE_CHECKING:
    from templating.sandbox.environment import TemplateEnvironment

_HOST = "host"
_SHARED = "container:"
Find = Callable[[str], Container | None]


def owner_of_stack(container: Container, find: Find) -> Container:
    """The container whose network stack a container uses: itself, or the one that its `container:ID` names."""
    if not container.network_mode.startswith(_SHARED):
        return container
    return find(container.network_mode.removeprefix(_SHARED)) or container


def addressed(networks: Iterable[Network]) -> NetworkList:
    """The networks in which there is an address."""
    return NetworkList(network for network in networks if network.ip_address or network.ipv6_address)


def networks_in_reach(networks: NetworkList, origin: Container | None, find: Find) -> NetworkList:
    """Of a container's networks those over which `origin` reaches it; all with an address where it is unknown."""
    usable = addressed(networks)
    if origin is None:
        return usable
    origin = owner_of_stack(origin, find)
    return usable if origin.network_mode == _HOST else usable.matching(origin.networks)


def way_to_host(origin: Container | None, find: Find) -> str:
    """The address under which `origin` reaches what is on the host's own network, '' where it has none."""
    if origin is None:
        return ""
    origin = owner_of_stack(origin, find)
    if origin.network_mode == _HOST:
        return "127.0.0.1"
    return next((network.gateway for network in origin.networks if network.gateway and not network.internal), "")


def is_reachable(container: Container, origin: Container | None, find: Find) -> bool:
    """Whether `origin` reaches a container."""
    container = owner_of_stack(container, find)
    if container.network_mode == _HOST:
        return bool(way_to_host(origin, find))
    return bool(networks_in_reach(container.networks, origin, find))


def address_in(container: Container, network: Network) -> str:
    """A container's address in a network: IPv4, else IPv6, else ''."""
    if container.network_mode == _HOST:
        return "" if network.internal else network.gateway
    for own in container.networks.matching(network):
        return own.ip_address or own.ipv6_address
    return ""


def filters(environment: TemplateEnvironment) -> dict[str, Callable[..., Any]]:
    """The filters of this file by name."""

    def find(container_id: str) -> Container | None:
        every: Any = environment.globals.get("all_containers", ())
        return next((each for each in every if each.id == container_id), None)

    def reachable_from(value: Any, container: Any) -> Sequence[Any]:
        origin = _container_or_none(container, "reachable_from")
        if isinstance(value, NetworkList):
            return networks_in_reach(value, origin, find)
        items = list(value)
        if not all(isinstance(item, Container) for item in items):
            raise WrongUse("reachable_from takes containers, or the networks of one container")
        return same_kind(value, [item for item in items if is_reachable(item, origin, find)])

    def address(value: Any, network: Any = None) -> Any:
        target = _container_or_none(value, "address")
        if target is None:
            return NOTHING
        return _address(owner_of_stack(target, find), network, find) or NOTHING

    return {"reachable_from": reachable_from, "address": address}


def _address(target: Container, network: Any, find: Find) -> str:
    if isinstance(network, Container):
        if target.network_mode == _HOST:
            return way_to_host(network, find)
        network = networks_in_reach(target.networks, network, find).first
    elif network is None:
        network = addressed(target.networks).first
    elif isinstance(network, str):
        network = target.networks.matching(network).first
    elif isinstance(network, list | tuple):
        network = addressed(target.networks.matching(network)).first
    if network is None or isinstance(network, Blank):
        return ""
    if not isinstance(network, Network):
        raise WrongUse(f"address takes a network, its name or id, or a container, not {describe(network)}")
    return address_in(target, network)


def _container_or_none(value: Any, name: str) -> Container | None:
    if isinstance(value, Container):
        return value
    if value is None or isinstance(value, Blank):
        str(value)  # an unknown name is used here, which strict mode forbids
        return None
    if isinstance(value, list | tuple) and (not value or isinstance(value[0], Container)):
        return value[0] if value else None
    raise WrongUse(f"{name}: {describe(value)} is no container")
