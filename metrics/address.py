"""`[ADDRESS:]PORT`: where metrics, health and the status page are served. Pure; imports nothing that is slow."""

from __future__ import annotations

import re

from models.frozen import frozen
from models.hosts import PORT_MAX, is_host

DEFAULT_PORT = 9413
_LIKE_IPV4 = re.compile(r"[0-9.]+")


@frozen
class MetricsAddress:
    """An address to listen on.

    Attributes:
        host: an IPv4 or IPv6 address (without brackets) or a host name; '' for all addresses.
        port: TCP port. From a setting never 0; a server that is handed 0 takes any free one.
    """

    host: str = ""
    port: int = DEFAULT_PORT

    def __str__(self) -> str:
        """As it is written: `9413`, `127.0.0.1:9413`, `[::1]:9413`."""
        if not self.host:
            return str(self.port)
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_metrics_address(text: str) -> MetricsAddress | None:
    """Read `[ADDRESS:]PORT`; an IPv6 address stands in brackets.

    Returns:
        The address, or None where the port is 0: off.

    Raises:
        ValueError: it says what is wrong and what to give.
    """
    host, port = _split(text.strip())
    number = _port(port, text)
    _check_host(host, text)
    return MetricsAddress(host.strip("[]"), number) if number else None


def _split(text: str) -> tuple[str, str]:
    if text.startswith("["):
        host, closed, rest = text.partition("]")
        if not closed or not rest.startswith(":"):
            raise ValueError(f"{text!r} is not an address with a port: give it like [::1]:{DEFAULT_PORT}")
        return host + closed, rest[1:]
    host, colon, port = text.rpartition(":")
    if ":" in host:
        raise ValueError(f"{text!r} has several colons: an IPv6 address stands in brackets, like [::1]:{DEFAULT_PORT}")
    if colon and not host:
        raise ValueError(f"{text!r} has no address before its colon: give the port alone for all addresses")
    return host, port


def _port(port: str, text: str) -> int:
    if not (port.isascii() and port.isdigit()):
        raise ValueError(f"{text!r} has no port: give [ADDRESS:]PORT, or 0 to turn metrics off")
    number = int(port.lstrip("0")[:6] or "0")  # cut: Python refuses to read a number of thousands of digits
    if number > PORT_MAX:
        raise ValueError(f"the port {port} is too high: give one up to {PORT_MAX}, or 0 to turn metrics off")
    return number


def _check_host(host: str, text: str) -> None:
    if host.startswith("["):
        if ":" not in host or not is_host(host[1:-1]):
            raise ValueError(f"{text!r} has no IPv6 address between its brackets")
    elif host and not is_host(host):
        said = "no IPv4 address" if _LIKE_IPV4.fullmatch(host) else "neither an address nor a host name"
        raise ValueError(f"{text!r} has {said} before its colon")
