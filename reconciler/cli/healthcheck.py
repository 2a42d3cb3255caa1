"""`healthcheck`: ask the running program how it is. Quick and small: it imports neither docker nor jinja2."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING

from metrics.address import MetricsAddress, parse_metrics_address
from models.frozen import frozen
from reconciler.exit_status import ExitStatus

if TYPE_CHECKING:
    from collections.abc import Callable

    from metrics.runtime_file import RunningProgram

TIMEOUT_S = 4.0
_ANSWER_BYTES_MAX = 65536
_LOOPBACK = {"": ("127.0.0.1", "::1"), "0.0.0.0": ("127.0.0.1",), "::": ("::1",)}  # noqa: S104 - to ask, not to bind


@frozen
class Health:
    """What the running program answered, or why it did not."""

    ok: bool
    reason: str


def healthcheck(
    metrics: str | None,
    *,
    find: Callable[[], RunningProgram | None],
    say: Callable[[str], None],
    timeout_s: float = TIMEOUT_S,
) -> ExitStatus:
    """Ask, tell the answer in one line, and give the exit status.

    Args:
        metrics: `[ADDRESS:]PORT` of the option, else of PYGEN_METRICS, else None.
        find: what the running program left; asked only where `metrics` is None.
        say: takes the line.
        timeout_s: for all of it, in seconds.

    Returns:
        0 where the program works or its metrics are off, 1 where it does not or does not answer, 2 for a bad address.
    """
    try:
        address = choose_address(metrics, find)
    except ValueError as error:
        say(f"--metrics: {error}")
        return ExitStatus.USAGE
    if address is None:
        say("metrics are off: nothing to ask")
        return ExitStatus.OK
    health = ask(address, timeout_s)
    say(health.reason)
    return ExitStatus.OK if health.ok else ExitStatus.UNEXPECTED


def choose_address(metrics: str | None, find: Callable[[], RunningProgram | None]) -> MetricsAddress | None:
    """Where to ask, None where metrics are off.

    Raises:
        ValueError: `metrics` is no address.
    """
    if metrics is not None:
        return parse_metrics_address(metrics)
    running = find()
    return MetricsAddress() if running is None else running.address


def ask(address: MetricsAddress, timeout_s: float) -> Health:
    """`GET /healthz`, on the loopback address where the program listens on all of them."""
    deadline_s = time.monotonic() + timeout_s
    problem = ""
    for host in _LOOPBACK.get(address.host, (address.host,)):
        try:
            return _read_health(_get(host, address.port, deadline_s))
        except OSError as error:
            problem = problem or f"{MetricsAddress(host, address.port)} does not answer: {_text(error)}"
    return Health(ok=False, reason=problem)


def _get(host: str, port: int, deadline_s: float) -> bytes:
    """The whole answer, as it came."""
    with socket.create_connection((host, port), timeout=_left_s(deadline_s)) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        answer = b""
        while len(answer) < _ANSWER_BYTES_MAX:
            connection.settimeout(_left_s(deadline_s))
            piece = connection.recv(_ANSWER_BYTES_MAX)
            if not piece:
                break
            answer += piece
        return answer


def _read_health(answer: bytes) -> Health:
    head, _, body = answer.decode("utf-8", "replace").partition("\r\n\r\n")
    words = head.split(" ", 2)
    if len(words) < 2 or not words[0].startswith("HTTP/1."):  # noqa: PLR2004 - version and status
        return Health(ok=False, reason="the answer is not HTTP")
    said = body.strip().splitlines()[0] if body.strip() else ""
    if words[1] in ("200", "503"):
        return Health(ok=words[1] == "200", reason=said or f"status {words[1]}")
    return Health(ok=False, reason=f"what answers is not pygen: status {words[1]} for /healthz")


def _left_s(deadline_s: float) -> float:
    left_s = deadline_s - time.monotonic()
    if left_s <= 0:
        raise TimeoutError("timed out")
    return left_s


def _text(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
