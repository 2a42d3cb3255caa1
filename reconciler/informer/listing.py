"""What the list call tells of a container, compared with the cache: one list says which few have to be inspected.

The list is trusted for "look again", never for "is so": on engine 20.10 it shows a container as running for about
60 ms after its `die` event.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reconciler.informer.uptime import uptime_s_max

if TYPE_CHECKING:
    from collections.abc import Mapping

    from models.container import Container

_HEALTH = {"(healthy)": "healthy", "(unhealthy)": "unhealthy", "(health: starting)": "starting"}


@dataclass(frozen=True, slots=True)
class Outline:
    """The part of a container that both the list and an inspect show, and that can change while its id stays.

    Attributes:
        name: without the leading slash.
        status: `running`, `paused`, `exited`, ...
        health: of a container that runs and is not paused, else ''.
        networks: (network id, IPv4 address, IPv6 address) of each.
    """

    name: str
    status: str
    health: str
    networks: frozenset[tuple[str, str, str]]


def outline_of_entry(entry: Mapping[str, Any]) -> Outline:
    """Read the outline from an entry of the list, whatever is missing or null in it."""
    status = _text(entry.get("State"))
    return Outline(
        name=_own_name(entry.get("Names")),
        status=status,
        health=_health(_text(entry.get("Status"))) if status == "running" else "",
        networks=_networks(entry.get("NetworkSettings")),
    )


def outline_of_container(container: Container) -> Outline:
    """Read the outline from a container of the cache."""
    return Outline(
        name=container.name,
        status=container.status,
        health=container.health if container.status == "running" else "",
        networks=frozenset((network.id, network.ip_address, network.ipv6_address) for network in container.networks),
    )


def uptime_of_entry(entry: Mapping[str, Any]) -> float | None:
    """Read the longest time in seconds that the container can have run, None where the entry tells none."""
    return uptime_s_max(_text(entry.get("Status")))


def _own_name(names: object) -> str:
    # Legacy links add `/other/alias` to the names of the container that is linked to.
    for name in names if isinstance(names, list) else []:
        own = _text(name).removeprefix("/")
        if own and "/" not in own:
            return own
    return ""


def _health(status: str) -> str:
    return next((health for mark, health in _HEALTH.items() if status.endswith(mark)), "unknown")


def _networks(settings: object) -> frozenset[tuple[str, str, str]]:
    networks = settings.get("Networks") if isinstance(settings, dict) else None
    if not isinstance(networks, dict):
        return frozenset()
    return frozenset(
        (_text(network.get("NetworkID")), _text(network.get("IPAddress")), _text(network.get("GlobalIPv6Address")))
        for network in networks.values()
        if isinstance(network, dict)
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
