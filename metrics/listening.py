"""Sockets that listen where the setting says, or an error that says why they cannot."""

from __future__ import annotations

import errno
import os
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from metrics.address import MetricsAddress

BACKLOG = 64
_NO_IPV6 = (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL, errno.EPROTONOSUPPORT)


class CannotListenError(OSError):
    """The address cannot be listened on: a usage error. The message says what, why, and what to do."""


def listen(address: MetricsAddress) -> list[socket.socket]:
    """Listen on an address; on all of them where it names no host; on each that a host name has.

    Args:
        address: a port of 0 takes any free one.

    Raises:
        CannotListenError: the port is taken, or the address is not one of this machine's.
    """
    try:
        return [_listen_everywhere(address.port)] if not address.host else _listen_at(address)
    except OSError as error:
        raise CannotListenError(_explain(address, error)) from error


def _listen_everywhere(port: int) -> socket.socket:
    """IPv6 and IPv4 on one socket; IPv4 alone where the machine has no IPv6."""
    if socket.has_dualstack_ipv6():
        try:
            return socket.create_server(("", port), family=socket.AF_INET6, backlog=BACKLOG, dualstack_ipv6=True)
        except OSError as error:
            if error.errno not in _NO_IPV6:
                raise
    return socket.create_server(("", port), backlog=BACKLOG)


def _listen_at(address: MetricsAddress) -> list[socket.socket]:
    found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    listeners: list[socket.socket] = []
    try:
        for family, _, _, _, where in dict.fromkeys(found):
            try:
                listeners.append(_server_at(family, where))
            except OSError as error:
                # A host name may have an address of a family that this machine does not speak.
                if error.errno not in _NO_IPV6 or len(found) == 1:
                    raise
    except OSError:
        for listener in listeners:
            listener.close()
        raise
    if not listeners:
        raise OSError(errno.EADDRNOTAVAIL, os.strerror(errno.EADDRNOTAVAIL))
    return listeners


def _server_at(family: int, where: tuple[object, ...]) -> socket.socket:
    """As socket.create_server, which would drop an IPv6 address's zone."""
    server = socket.socket(family, socket.SOCK_STREAM)
    try:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        server.bind(where)
        server.listen(BACKLOG)
    except OSError:
        server.close()
        raise
    return server


def _explain(address: MetricsAddress, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"the metrics port {address} is taken by another program: give another one, or 0 to turn metrics off"
    if error.errno == errno.EACCES:
        return f"the metrics port {address} needs privileges: give one from 1024 up, or 0 to turn metrics off"
    reason = (error.strerror or str(error)).lower()
    return f"metrics cannot be served at {address}: {reason}: give an address of this machine, or 0 to turn them off"
