"""TCP ports on loopback that no other test of this machine gets, side by side and in other sessions too."""

from __future__ import annotations

import contextlib
import random
import socket

#: Below Linux's ephemeral range (32768-60999), so that no outgoing connection takes one meanwhile.
_LOWEST, _HIGHEST = 20000, 31999

#: Held until this process ends: an abstract socket's name is taken by one process at a time, and freed by the kernel.
_held: list[socket.socket] = []


def reserve_port() -> int:
    """A port that nobody listens on, and that nobody else who asks here is given while this process lives."""
    for _ in range(1000):
        port = random.SystemRandom().randint(_LOWEST, _HIGHEST)
        if _reserve(port):
            return port
    raise RuntimeError(f"no free port between {_LOWEST} and {_HIGHEST}")


def _reserve(port: int) -> bool:
    ticket = socket.socket(socket.AF_UNIX)
    try:
        ticket.bind(f"\0pygen-test-port-{port}")
        _check_unused(port)
    except OSError:
        ticket.close()
        return False
    _held.append(ticket)
    return True


def _check_unused(port: int) -> None:
    with contextlib.closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("0.0.0.0", port))
