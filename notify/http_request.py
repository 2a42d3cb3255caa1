"""One HTTP request, with one deadline for all of it: looking up the name, connecting, TLS, head and answer.

Whatever the other side does (a byte a second, header lines without an end), the caller has its outcome in time, and the
connection is cut. Nothing is followed, no proxy of the environment is used, and little of an answer is read.
It is made of `http.client`: requests and urllib3 limit each read and not the whole.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import socket
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, unquote

from models.frozen import frozen

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping, Sequence

_ANSWER_READ_BYTES = 1024


class RequestFailed(Exception):  # noqa: N818 - an outcome
    """There is no answer. The message shows nothing of the address and of the headers.

    Attributes:
        sent: whether the server may have heard of it.
    """

    def __init__(self, message: str, *, sent: bool) -> None:
        super().__init__(message)
        self.sent = sent


@frozen
class Answer:
    """What a server answered.

    Attributes:
        status: the HTTP status.
        begin: the first bytes of the body of an answer that is no success.
    """

    status: int
    begin: bytes = b""


@frozen
class Request:
    """What is asked.

    Attributes:
        method: in capitals.
        url: the address, cut into its parts, with a host.
        hosts: where to connect instead of the address's host, the first that takes the connection; none for that host.
        headers: by name, as bytes that a header can hold.
        timeout_s: for everything.
    """

    method: str
    url: SplitResult
    hosts: Sequence[str]
    headers: Mapping[str, bytes]
    timeout_s: float


def send(request: Request) -> Answer:
    """Send it, and wait for the answer no longer than its timeout.

    Raises:
        RequestFailed: there is none.
    """
    exchange = _Exchange(request, time.monotonic() + request.timeout_s)
    try:
        # A daemon: a look-up of a name can't be cut, and nothing waits for it when the program ends.
        threading.Thread(target=exchange.run, name="http-notification", daemon=True).start()
    except RuntimeError:
        raise RequestFailed("no thread can be started for it", sent=False) from None
    if not exchange.done.wait(request.timeout_s):
        exchange.cut()
        raise RequestFailed(f"no answer within {request.timeout_s:g} s", sent=exchange.is_sent)
    if isinstance(exchange.outcome, Answer):
        return exchange.outcome
    raise RequestFailed(_in_words(exchange.outcome, request.timeout_s), sent=exchange.is_sent)


@dataclass(slots=True)
class _Exchange:
    """One request under way, which can be cut from outside."""

    request: Request
    deadline_s: float
    done: threading.Event = field(default_factory=threading.Event)
    outcome: Answer | Exception = field(default_factory=TimeoutError)
    is_sent: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _sockets: list[socket.socket] = field(default_factory=list)
    _is_cut: bool = False

    def run(self) -> None:
        """Make it; the outcome is there when `done` is set."""
        try:
            self.outcome = self._ask()
        except Exception as error:  # noqa: BLE001 - whatever a server makes of its answer, it is a request that failed
            self.outcome = error
        finally:
            self.done.set()
            for each in self._sockets:
                each.close()

    def cut(self) -> None:
        """End whatever waits for the other side."""
        with self._lock:
            self._is_cut = True
            sockets = list(self._sockets)
        for each in sockets:
            with contextlib.suppress(OSError):  # it has ended
                socket.socket.shutdown(each, socket.SHUT_RDWR)

    def _ask(self) -> Answer:
        request, url = self.request, self.request.url
        host, connected = self._connect()
        connection = http.client.HTTPConnection(host, url.port or _default_port(url))
        connection.default_port = _default_port(url)
        with contextlib.closing(connection):
            connection.sock = connected
            self.is_sent = True
            target = (url.path or "/") + (f"?{url.query}" if url.query else "")
            connection.request(request.method, target, headers=self._headers())
            with connection.getresponse() as response:
                is_success = http.HTTPStatus.OK <= response.status < http.HTTPStatus.MULTIPLE_CHOICES
                return Answer(response.status, b"" if is_success else _begin(response))

    def _headers(self) -> dict[str, str | bytes]:
        own: dict[str, str | bytes] = {"User-Agent": "pygen", "Accept": "*/*", "Connection": "close"}
        userinfo, at, _ = self.request.url.netloc.rpartition("@")
        if at:
            own["Authorization"] = b"Basic " + base64.b64encode(unquote(userinfo).encode())
        given = {name.lower() for name in self.request.headers}
        return {name: value for name, value in own.items() if name.lower() not in given} | dict(self.request.headers)

    def _connect(self) -> tuple[str, socket.socket]:
        """The host that took the connection, and this."""
        url = self.request.url
        hosts = list(self.request.hosts) or [url.hostname or ""]
        while True:
            host, left_s = hosts.pop(0), max(0.001, self.deadline_s - time.monotonic())
            try:
                # Each address has its share of the time: one that is not reached from here says nothing.
                plain = socket.create_connection((host, url.port or _default_port(url)), left_s / (len(hosts) + 1))
                break
            except OSError:
                if not hosts:
                    raise
        self._watch(plain)
        plain.settimeout(self.request.timeout_s)
        return host, self._with_tls(plain, host) if url.scheme == "https" else plain

    def _with_tls(self, plain: socket.socket, host: str) -> ssl.SSLSocket:
        import ssl  # late: most reload addresses are local, without TLS

        context = ssl.create_default_context()
        with self._lock:  # one that is cut while it is wrapped would be left open by Python's `ssl`
            self._raise_if_cut()
            secured = context.wrap_socket(plain, server_hostname=host, do_handshake_on_connect=False)
            self._sockets.append(secured)
        secured.do_handshake()
        return secured

    def _watch(self, each: socket.socket) -> None:
        with self._lock:
            self._sockets.append(each)
            self._raise_if_cut()

    def _raise_if_cut(self) -> None:
        if self._is_cut:
            raise TimeoutError


def _default_port(url: SplitResult) -> int:
    return http.client.HTTPS_PORT if url.scheme == "https" else http.client.HTTP_PORT


def _begin(response: http.client.HTTPResponse) -> bytes:
    """What the answer begins with; one that breaks off has said its status all the same."""
    try:
        return response.read1(_ANSWER_READ_BYTES)
    except (OSError, http.client.HTTPException):
        return b""


def _in_words(error: Answer | Exception, timeout_s: float) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer within {timeout_s:g} s"
    if isinstance(error, socket.gaierror):
        return f"the host's name is not found ({error.strerror})"
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return f"no proper HTTP answer ({type(error).__name__})"
