"""The ports that a container exposes, and where the host publishes them."""

from __future__ import annotations

from functools import lru_cache
from operator import attrgetter
from sys import intern
from typing import TYPE_CHECKING, Any, Self

from models.frozen import frozen
from models.hosts import PORT_MAX
from models.listing import ItemList
from models.mapping import CaseMapping
from models.record import Record

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from models.reading import FieldReader

PROTOCOLS = ("sctp", "tcp", "udp")


@frozen
class PublishedPort(Record):
    """One place on the host at which a container's port is reached.

    Attributes:
        port: the container's own port.
        protocol: `tcp`, `udp` or `sctp`.
        host_ip: the host's address, `0.0.0.0` or `::` for all of them, '' where the engine doesn't say.
        host_port: the host's port.
    """

    port: int
    protocol: str
    host_ip: str
    host_port: int


class PublishedList(ItemList[PublishedPort]):
    """Published ports, sorted by container port, protocol and host address; `tcp`, `udp` and `sctp` narrow it."""

    __slots__ = ()

    @property
    def tcp(self) -> Self:
        """Those of TCP."""
        return self._of(each for each in self if each.protocol == "tcp")

    @property
    def udp(self) -> Self:
        """Those of UDP."""
        return self._of(each for each in self if each.protocol == "udp")

    @property
    def sctp(self) -> Self:
        """Those of SCTP."""
        return self._of(each for each in self if each.protocol == "sctp")

    def matching(self, target: object) -> Self:
        """Those of one container port: `80` for any protocol, or `'80/tcp'`."""
        text = str(target).lower()
        return self._of(each for each in self if text in (str(each.port), f"{each.port}/{each.protocol}"))


_by_port = attrgetter("port", "protocol", "host_ip", "host_port")

Ports = CaseMapping[ItemList[int]]

NO_PUBLISHED = PublishedList()


@lru_cache(maxsize=4096)
def parse_port(text: str) -> tuple[range, str] | None:
    """Read `80/tcp`, `53/UDP`, `8080` (TCP) or `8000-8010/tcp`.

    Returns:
        The port numbers and the protocol in lower case; None where the text is not a port.
    """
    numbers, _, protocol = text.partition("/")
    first, dash, last = numbers.partition("-")
    start, end = _port(first), _port(last if dash else first)
    protocol = protocol.lower() or "tcp"
    if start is None or end is None or start > end or protocol not in PROTOCOLS:
        return None
    return range(start, end + 1), intern(protocol)


def read_exposed(reader: FieldReader, *declared: tuple[str, Mapping[str, Any]]) -> Ports:
    """The ports that a container exposes, by protocol, sorted, each once.

    Args:
        reader: warns about what is not a port.
        declared: fields' names with their objects, whose keys are ports such as `80/tcp`.
    """
    texts = set()
    for field, ports in declared:
        for text in ports:
            if parse_port(text):
                texts.add(text)
            elif text:
                reader.unreadable(field, "a port such as 80/tcp")
    return _exposed(frozenset(texts))


def read_published(reader: FieldReader, ports: dict[str, Any], field: str) -> PublishedList:
    """The host's addresses and ports of each container port, of `NetworkSettings.Ports`."""
    found = [each for text in ports for each in _bindings(reader, ports, text, field)]
    return PublishedList(sorted(found, key=_by_port)) if found else NO_PUBLISHED


@lru_cache(maxsize=1024)
def _exposed(texts: frozenset[str]) -> Ports:
    """Cached, because containers of one image expose the same ports, and the values can't be changed."""
    numbers: dict[str, set[int]] = {protocol: set() for protocol in PROTOCOLS}
    for parsed in map(parse_port, texts):
        if parsed is not None:
            numbers[parsed[1]].update(parsed[0])
    return CaseMapping({protocol: ItemList(sorted(found)) for protocol, found in numbers.items()})


def _bindings(reader: FieldReader, ports: dict[str, Any], text: str, field: str) -> Iterator[PublishedPort]:
    """Where one container port is published."""
    bindings = reader.mappings(ports, text, f"{field}.")
    parsed = parse_port(text)
    if parsed is None:
        return
    numbers, protocol = parsed
    for binding in bindings:
        host_port = _port(reader.text(binding, "HostPort", f"{field}.{text}."))
        host_ip = intern(reader.text(binding, "HostIp", f"{field}.{text}."))
        if host_port is not None:
            yield PublishedPort(numbers.start, protocol, host_ip, host_port)


def _port(text: str) -> int | None:
    """A port's number; None for anything else, and for port 0, which means 'any'."""
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(PORT_MAX))):
        return None
    number = int(text)
    return number if 0 < number <= PORT_MAX else None
