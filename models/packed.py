"""A container as bytes for the process that renders, which has it ready in a quarter of the time that its body takes.

Both ends are this program, run by one interpreter, and the sender is the one that is trusted. That is what `marshal`
asks for, which keeps text once that many containers share: nothing is checked again, or shared anew.
"""

from __future__ import annotations

import marshal
from dataclasses import fields
from functools import lru_cache
from operator import attrgetter
from types import MappingProxyType
from typing import Any

from models.compose import NOT_COMPOSE, Compose
from models.container import Container
from models.listing import ItemList
from models.mapping import CaseMapping, TextMapping
from models.mounts import NO_MOUNTS, Mount
from models.networks import NO_ALIASES, Network, NetworkList
from models.ports import NO_PUBLISHED, Ports, PublishedList, PublishedPort

_PLAIN = (
    "id", "short_id", "name", "image", "status", "health", "created", "hostname", "network_mode", "restart_policy",
    "started_at", "engine", "running", "restarting", "paused", "is_over", "endpoint_ids",
)  # fmt: skip


def _values_of(record: type[Any]) -> attrgetter[Any]:
    return attrgetter(*(field.name for field in fields(record)))


_plain_of = attrgetter(*_PLAIN)
_compose_of = _values_of(Compose)
_mount_of = _values_of(Mount)
_network_of = _values_of(Network)
_published_of = _values_of(PublishedPort)
_ALIASES_AT = [field.name for field in fields(Network)].index("aliases")


def pack(container: Container) -> bytes:
    """Everything but the body that the container keeps."""
    compose = container.compose
    return marshal.dumps(
        (
            _plain_of(container),
            dict(container.labels.items()),
            dict(container.env.items()),
            tuple([_of_network(each) for each in container.networks]),
            tuple([(protocol, tuple(numbers)) for protocol, numbers in container.ports.items()]),
            tuple([_published_of(each) for each in container.published]),
            tuple([_mount_of(each) for each in container.mounts]),
            None if compose is NOT_COMPOSE else _compose_of(compose),
            dict(container.target_names),
        )
    )


def unpack(packed: bytes, kept: bytes) -> Container:
    """The container again.

    Args:
        packed: what `pack` gave, in this program.
        kept: the container's body, as `Container.kept` has it.
    """
    plain, labels, env, networks, ports, published, mounts, compose, names = marshal.loads(packed)  # noqa: S302 - ours
    return Container(
        **dict(zip(_PLAIN, plain, strict=True)),
        labels=TextMapping(labels),
        env=TextMapping(env),
        networks=NetworkList([_network(*each) for each in networks]),
        ports=_ports(ports),
        published=PublishedList([PublishedPort(*each) for each in published]) if published else NO_PUBLISHED,
        mounts=ItemList([Mount(*each) for each in mounts]) if mounts else NO_MOUNTS,
        compose=NOT_COMPOSE if compose is None else Compose(*compose),
        target_names=MappingProxyType(names),
        _kept=kept,
    )


def _of_network(network: Network) -> tuple[tuple[Any, ...], tuple[str, ...]]:
    values = list(_network_of(network))
    values[_ALIASES_AT] = None
    return tuple(values), tuple(network.aliases)


def _network(values: tuple[Any, ...], aliases: tuple[str, ...]) -> Network:
    found = list(values)
    found[_ALIASES_AT] = ItemList(aliases) if aliases else NO_ALIASES
    return Network(*found)


@lru_cache(maxsize=1024)
def _ports(declared: tuple[tuple[str, tuple[int, ...]], ...]) -> Ports:
    """Cached, because containers of one image expose the same ports."""
    return CaseMapping({protocol: ItemList(numbers) for protocol, numbers in declared})
