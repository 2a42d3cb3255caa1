"""Which containers and networks another container reaches, and under which address.

Two containers reach each other over a network that both are on, other than the Swarm's ingress network, which carries
published ports alone. A container on the host's own network is on none: it reaches the containers' addresses itself,
and is reached at the gateway of a network in which the host is the gateway. One that shares another's network stack
(`container:ID`) is where that one is.

Where it is not known who asks (pygen runs on the host, and no container is named), every network counts as shared,
and the host's own network is at 127.0.0.1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from models.container import Container
from models.matching import DOCKER_SHORT_ID_DIGITS
from models.networks import Network, NetworkList
from templating.errors import TemplateUsageError
from templating.sandbox.filters.listing import same_kind
from templating.sandbox.undefined import NOTHING, Blank
from templating.sandbox.writing import describe

if TYPE_CHECKING:
    from jinja2.sandbox import SandboxedEnvironment

LOOPBACK = "127.0.0.1"

_HOST = "host"
_SHARED = "container:"
# An overlay's addresses exist in network namespaces of its own, of which the host's is none.
_OUT_OF_HOSTS_REACH = frozenset({"overlay"})
Find = Callable[[str], Container | None]


def owner_of_stack(container: Container, find: Find) -> Container:
    """The container whose network stack a container uses: itself, or the one that its `container:ID` leads to.

    Args:
        container: any.
        find: gives a container by its id or name.
    """
    seen = {container.id}
    while container.network_mode.startswith(_SHARED):
        owner = find(container.network_mode.removeprefix(_SHARED))
        if owner is None or owner.id in seen:
            break
        seen.add(owner.id)
        container = owner
    return container


def meeting_places(networks: Iterable[Network]) -> NetworkList:
    """The networks in which there is an address under which others reach it."""
    return NetworkList(
        network for network in networks if (network.ip_address or network.ipv6_address) and not network.ingress
    )


def networks_in_reach(networks: NetworkList, origin: Container | None, find: Find) -> NetworkList:
    """Of a container's networks those over which `origin` reaches it.

    Where it is unknown, all with an address; from there and from the host, bridges come first, because the host does
    not reach its own macvlan and ipvlan networks unless somebody made a way.
    """
    usable = meeting_places(networks)
    if origin is None:
        return _bridges_first(usable)
    origin = owner_of_stack(origin, find)
    if origin.network_mode != _HOST:
        return usable.matching(origin.networks)
    return _bridges_first(network for network in usable if network.driver not in _OUT_OF_HOSTS_REACH)


def _bridges_first(networks: Iterable[Network]) -> NetworkList:
    return NetworkList(sorted(networks, key=lambda network: not network.gateway_is_host))


def way_to_host(origin: Container | None, find: Find) -> str:
    """The address under which `origin` reaches what is on the host's own network, '' where it has none."""
    if origin is None:
        return LOOPBACK
    origin = owner_of_stack(origin, find)
    if origin.network_mode == _HOST:
        return LOOPBACK
    return _host_address(origin.networks)


def _host_address(networks: Iterable[Network]) -> str:
    return next((network.host_address for network in networks if network.host_address), "")


def address_from(container: Container, origin: Container | None, find: Find) -> str:
    """The address under which `origin` reaches a container: IPv4 before IPv6, '' where it does not."""
    container = owner_of_stack(container, find)
    if container.network_mode == _HOST:
        return way_to_host(origin, find)
    return next((address_in(container, each) for each in networks_in_reach(container.networks, origin, find)), "")


def is_reachable(container: Container, origin: Container | None, find: Find) -> bool:
    """Whether `origin` reaches a container."""
    return bool(address_from(container, origin, find))


def address_in(container: Container, network: Network) -> str:
    """A container's address in a network: IPv4, else IPv6, else ''."""
    if container.network_mode == _HOST:
        return network.host_address
    for own in container.networks.matching(network):
        return own.ip_address or own.ipv6_address
    return ""


def finder(environment: SandboxedEnvironment) -> Find:
    """Finds a container of the current render by its id, the beginning of it, or its name."""
    known: dict[str, Container] = {}
    indexed: list[Any] = [None]

    def find(reference: str) -> Container | None:
        every = environment.every_container()  # type: ignore[attr-defined] # ours has it
        if indexed[0] is not every:
            indexed[0] = every
            known.clear()
            for each in every:
                known.setdefault(each.name, each)
            for each in every:
                known[each.id[:DOCKER_SHORT_ID_DIGITS]] = known[each.id] = each
        return known.get(reference)

    return find


def filters(environment: SandboxedEnvironment) -> dict[str, Callable[..., Any]]:
    """The filters of this file by name."""
    find = finder(environment)

    def reachable_from(value: Any, container: Any) -> Sequence[Any]:
        origin = _container_or_none(container, "reachable_from")
        if isinstance(value, NetworkList):
            return networks_in_reach(value, origin, find)
        items = list(value)
        if not all(isinstance(item, Container) for item in items):
            raise TemplateUsageError("reachable_from takes containers, or the networks of one container")
        return same_kind(value, [item for item in items if is_reachable(item, origin, find)])

    def address(value: Any, network: Any = None) -> Any:
        target = _container_or_none(value, "address")
        if target is None:
            return NOTHING
        return _address(owner_of_stack(target, find), network, find) or NOTHING

    def address_as_seen(value: Any, container: Any = None) -> Any:
        target, origin = _container_or_none(value, "address_from"), _container_or_none(container, "address_from")
        return NOTHING if target is None else address_from(target, origin, find) or NOTHING

    def networks_as_seen(value: Any, container: Any = None) -> NetworkList:
        target, origin = _container_or_none(value, "networks_from"), _container_or_none(container, "networks_from")
        return (
            NetworkList() if target is None else networks_in_reach(owner_of_stack(target, find).networks, origin, find)
        )

    def stack_owner(value: Any) -> Any:
        target = _container_or_none(value, "stack_owner")
        return NOTHING if target is None else owner_of_stack(target, find)

    return {
        "reachable_from": reachable_from,
        "address": address,
        "address_from": address_as_seen,
        "networks_from": networks_as_seen,
        "stack_owner": stack_owner,
    }


def _address(target: Container, network: Any, find: Find) -> str:
    if network is None or isinstance(network, Container):
        return address_from(target, network, find)
    if isinstance(network, Blank):
        str(network)  # an unknown name is used here, which strict mode forbids
        return ""
    if isinstance(network, list | tuple):
        if target.network_mode == _HOST:
            return _host_address(each for each in network if isinstance(each, Network))
        network = meeting_places(target.networks.matching(network)).first
    elif isinstance(network, str):
        network = target.networks.matching(network).first
    if network is None:
        return ""
    if not isinstance(network, Network):
        raise TemplateUsageError(f"address takes a network, its name or id, or a container, not {describe(network)}")
    return address_in(target, network)


def _container_or_none(value: Any, name: str) -> Container | None:
    if isinstance(value, Container):
        return value
    if value is None or isinstance(value, Blank):
        str(value)  # an unknown name is used here, which strict mode forbids
        return None
    if isinstance(value, list | tuple) and (not value or isinstance(value[0], Container)):
        return value[0] if value else None
    raise TemplateUsageError(f"{name}: {describe(value)} is no container")
