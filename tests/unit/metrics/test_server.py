"""The HTTP server: what it answers, and that no client can hold it up."""

from __future__ import annotations

import contextlib
import errno
import http.client
import os
import socket
import threading
import time
from typing import TYPE_CHECKING

import pytest

from metrics.address import MetricsAddress
from metrics.listening import CannotListenError, listen
from metrics.routes import Routes
from metrics.server import ExpositionServer, Limits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DEADLINE_S = 60.0
ANYWHERE = MetricsAddress("127.0.0.1", 0)


class ServerInputs:
    """What the server asks, and what it logged."""

    def __init__(self) -> None:
        self.healthy = (True, "")
        self.ready = (False, "no snapshot yet")
        self.log: list[str] = []
        self.unexpected: list[Exception] = []

    def routes(self) -> Routes:
        """Routes with two more pages, one of which fails."""
        return Routes(
            scrape=lambda accept: ("text/plain", f"scraped for {accept}".encode()),
            healthy=lambda: self.healthy,
            ready=lambda: self.ready,
            pages={
                "/": lambda: ("text/html; charset=utf-8", b"<p>"),
                "/broken": lambda: ("text/plain", _fail()),
                "/huge": lambda: ("text/plain", bytes(20_000_000)),
            },
        )


def _fail() -> bytes:
    raise RuntimeError("on purpose")


@pytest.fixture
def inputs() -> ServerInputs:
    """The world of one server."""
    return ServerInputs()


@pytest.fixture
def serve(inputs: ServerInputs) -> Iterator[Callable[..., ExpositionServer]]:
    """Starts servers and closes them at the end."""
    with contextlib.ExitStack() as stack:

        def start(limits: Limits | None = None) -> ExpositionServer:
            server = ExpositionServer(
                listen(ANYWHERE),
                inputs.routes(),
                log=inputs.log.append,
                unexpected=inputs.unexpected.append,
                limits=limits,
            )
            stack.callback(server.close)
            server.start()
            return server

        yield start


def _ask(port: int, path: str, method: str = "GET", body: bytes | None = None) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE_S)
    try:
        connection.request(method, path, body=body)
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    finally:
        connection.close()


def _raw(port: int, sent: bytes) -> bytes:
    """Whatever is answered to bytes, until the server closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_S) as connection:
        connection.sendall(sent)
        return _rest(connection)


def _rest(connection: socket.socket) -> bytes:
    received = b""
    with contextlib.suppress(ConnectionError):
        while piece := connection.recv(1 << 20):
            received += piece
    return received


def _until(true: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + DEADLINE_S
    while not true():
        assert time.monotonic() < deadline_s, "it did not come to that"
        time.sleep(0.005)


def _threads() -> int:
    return sum(thread.name.startswith("metrics") for thread in threading.enumerate())


def test_documented_paths(inputs: ServerInputs, serve: Callable[..., ExpositionServer]) -> None:
    """Metrics, health, readiness and the handed-in pages are answered, each as it is at that moment."""
    port = serve().port
    assert _ask(port, "/metrics")[::2] == (200, b"scraped for ")
    assert _ask(port, "/healthz")[::2] == (200, b"ok\n")
    assert _ask(port, "/readyz")[::2] == (503, b"no snapshot yet\n")
    assert _ask(port, "/")[::2] == (200, b"<p>")
    inputs.healthy, inputs.ready = (False, "the loop stands still"), (True, "ready")
    assert _ask(port, "/healthz")[::2] == (503, b"the loop stands still\n")
    assert _ask(port, "/readyz?x=1")[::2] == (200, b"ready\n")


@pytest.mark.parametrize("path", ["/metrics/", "/favicon.ico", "/healthz/x", "//", "/Metrics", "/status.json", "*"])
def test_all_other_paths_are_not_found(serve: Callable[..., ExpositionServer], path: str) -> None:
    """Whatever is not documented is a 404, by any method."""
    port = serve().port
    assert _ask(port, path)[0] == 404
    assert _ask(port, path, "POST")[0] == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE"])
def test_other_methods_are_not_allowed(serve: Callable[..., ExpositionServer], method: str) -> None:
    """Only GET and HEAD are served; a body that comes along does not destroy the answer."""
    status, headers, _ = _ask(serve().port, "/metrics", method, body=b"x" * 100_000 if method == "POST" else None)
    assert (status, headers["Allow"]) == (405, "GET, HEAD")


def test_head_has_no_body(serve: Callable[..., ExpositionServer]) -> None:
    """HEAD gives status and length."""
    status, headers, body = _ask(serve().port, "/healthz", "HEAD")
    assert (status, headers["Content-Length"], body) == (200, "3", b"")


def test_page_may_load_nothing_from_elsewhere(serve: Callable[..., ExpositionServer]) -> None:
    """A page of HTML comes with a policy that forbids third parties; plain text needs none."""
    port = serve().port
    assert "default-src 'none'" in _ask(port, "/")[1]["Content-Security-Policy"]
    assert "Content-Security-Policy" not in _ask(port, "/healthz")[1]


def test_page_that_fails_is_an_answer_and_a_line_in_the_log(
    inputs: ServerInputs, serve: Callable[..., ExpositionServer]
) -> None:
    """A page that raises is a 500 that tells nothing, the log says what, and the server goes on."""
    port = serve().port
    status, _, body = _ask(port, "/broken")
    assert status == 500
    assert b"purpose" not in body
    assert inputs.log == ["the page /broken failed: RuntimeError: on purpose"]
    assert _ask(port, "/healthz")[0] == 200


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"\x16\x03\x01\x00 hello\r\n\r\n", b"400"),
        (b"GET / HTTP/2.0\r\n\r\n", b"400"),
        (b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n", b"431"),
    ],
)
def test_what_is_no_request_is_told_so(serve: Callable[..., ExpositionServer], sent: bytes, status: bytes) -> None:
    """Other protocols and endless heads get an error and no page."""
    assert _raw(serve().port, sent).split(b" ")[1] == status


def test_client_that_says_nothing_gets_nothing(serve: Callable[..., ExpositionServer]) -> None:
    """A client that closes at once, or in the middle of a head, leaves no thread behind."""
    port = serve().port
    for sent in (b"", b"GET /healthz HT"):
        with socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_S) as connection:
            connection.sendall(sent)
    _until(lambda: _threads() == 1)
    assert _ask(port, "/healthz")[0] == 200


def test_idle_clients_block_nobody(serve: Callable[..., ExpositionServer]) -> None:
    """More idle clients than there are places: the oldest are cut, and whoever asks is answered."""
    server = serve(Limits(connections_max=4, request_s=DEADLINE_S))
    with contextlib.ExitStack() as stack:
        idle = [
            stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=DEADLINE_S))
            for _ in range(12)
        ]
        for _ in range(3):
            assert _ask(server.port, "/healthz")[0] == 200
        assert _rest(idle[0]) == b""
        _until(lambda: _threads() <= 1 + 4)


def test_idle_client_is_cut_after_its_time(serve: Callable[..., ExpositionServer]) -> None:
    """A client that never sends a request is closed."""
    server = serve(Limits(request_s=0.05))
    with socket.create_connection(("127.0.0.1", server.port), timeout=DEADLINE_S) as connection:
        assert _rest(connection) == b""


def test_client_that_drips_is_cut_after_its_time(serve: Callable[..., ExpositionServer]) -> None:
    """The time for a request is for all of it: a byte now and then does not prolong it."""
    server = serve(Limits(request_s=0.3))
    with socket.create_connection(("127.0.0.1", server.port), timeout=DEADLINE_S) as connection:

        def dripped() -> bool:
            try:
                connection.sendall(b"G")
            except ConnectionError:
                return True
            return False

        _until(dripped)


def test_client_that_takes_nothing_is_cut_after_its_time(serve: Callable[..., ExpositionServer]) -> None:
    """A client that asks for much and does not read holds a thread only for a while, and nobody else meanwhile."""
    server = serve(Limits(answer_s=0.2))
    with socket.create_connection(("127.0.0.1", server.port), timeout=DEADLINE_S) as connection:
        connection.sendall(b"GET /huge HTTP/1.1\r\n\r\n")
        assert _ask(server.port, "/healthz")[0] == 200
        _until(lambda: _threads() == 1)
        assert len(_rest(connection)) < 20_000_000


def test_client_that_stays_after_its_answer_is_left(serve: Callable[..., ExpositionServer]) -> None:
    """Each connection is one request: a client that keeps it open is closed by us."""
    server = serve(Limits(linger_s=0.05))
    with socket.create_connection(("127.0.0.1", server.port), timeout=DEADLINE_S) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\n\r\n")
        assert _rest(connection).endswith(b"ok\n")
        _until(lambda: _threads() == 1)


def test_many_clients_at_once(serve: Callable[..., ExpositionServer]) -> None:
    """Clients side by side all get their answer."""
    port = serve().port
    answers: list[int] = []
    clients = [threading.Thread(target=lambda: answers.append(_ask(port, "/metrics")[0])) for _ in range(30)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    assert answers == [200] * 30


def test_no_thread_to_be_had_ends_one_client_and_not_the_server(
    inputs: ServerInputs, serve: Callable[..., ExpositionServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told, the client is closed, and the next one is served; so is the end."""
    server = serve()
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", _no_thread)
        assert _raw(server.port, b"GET /healthz HTTP/1.1\r\n\r\n") == b""
    _until(lambda: bool(inputs.unexpected))
    assert [type(error) for error in inputs.unexpected] == [RuntimeError]
    assert _ask(server.port, "/healthz")[0] == 200
    server.close()


def test_no_descriptor_to_be_had_ends_the_oldest_client(
    inputs: ServerInputs, serve: Callable[..., ExpositionServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that there is one for the next."""
    server = serve()
    with socket.create_connection(("127.0.0.1", server.port), timeout=DEADLINE_S) as idle:
        _until(lambda: _threads() == 2)
        accept, refused = socket.socket.accept, [OSError(errno.EMFILE, os.strerror(errno.EMFILE))]

        def accept_later(listener: socket.socket) -> object:
            if refused:
                raise refused.pop()
            return accept(listener)

        monkeypatch.setattr(socket.socket, "accept", accept_later)
        assert _ask(server.port, "/healthz")[0] == 200
        assert _rest(idle) == b""
    assert inputs.log == ["a metrics client could not be accepted: Too many open files"]


def _no_thread(_: threading.Thread) -> None:
    raise RuntimeError("can't start new thread")


def test_close_ends_everything(inputs: ServerInputs) -> None:
    """After closing no thread, socket or port of the server is left, open connections included."""
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - counted
    server = ExpositionServer(
        listen(ANYWHERE), inputs.routes(), log=inputs.log.append, unexpected=inputs.unexpected.append
    )
    server.start()
    with socket.create_connection(("127.0.0.1", server.port), timeout=DEADLINE_S) as connection:
        assert _ask(server.port, "/healthz")[0] == 200
        port = server.port
        server.close(timeout_s=DEADLINE_S)
        assert _rest(connection) == b""
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_S).close()
    assert _threads() == 0
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208 - counted


def test_close_of_a_server_that_never_started(inputs: ServerInputs) -> None:
    """A program that ends before it serves gives its port back."""
    listeners = listen(ANYWHERE)
    server = ExpositionServer(listeners, inputs.routes(), log=inputs.log.append, unexpected=inputs.unexpected.append)
    port = server.port
    server.close()
    listen(MetricsAddress("127.0.0.1", port))[0].close()


def test_port_that_is_taken_says_so() -> None:
    """A taken port is an error that names it and what to do, on one address and on all."""
    (taken,) = listen(ANYWHERE)
    port = int(taken.getsockname()[1])
    try:
        for address in (MetricsAddress("127.0.0.1", port), MetricsAddress("", port), MetricsAddress("localhost", port)):
            with pytest.raises(CannotListenError) as caught:
                listen(address)
            assert str(caught.value) == (
                f"the metrics port {address} is taken by another program: give another one, or 0 to turn metrics off"
            )
            assert isinstance(caught.value, OSError)
    finally:
        taken.close()


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1"])
def test_address_of_another_machine_says_so(host: str) -> None:
    """An address that is not ours is an error that says so."""
    with pytest.raises(CannotListenError, match="metrics cannot be served at"):
        listen(MetricsAddress(host, 0))


def test_host_name_that_nobody_knows_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name without an address is an error that says so."""

    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(CannotListenError, match="served at somewhere:1: name or service not known"):
        listen(MetricsAddress("somewhere", 1))


@pytest.mark.parametrize(("host", "asked"), [("", "127.0.0.1"), ("127.0.0.1", "127.0.0.1"), ("localhost", "localhost")])
def test_addresses_that_are_ours(host: str, asked: str) -> None:
    """All addresses, one, or a name's can be listened on and are reached."""
    listeners = listen(MetricsAddress(host, 0))
    try:
        with socket.create_connection((asked, listeners[-1].getsockname()[1]), timeout=DEADLINE_S):
            pass
    finally:
        for listener in listeners:
            listener.close()


def test_all_addresses_are_ipv6_too_where_there_is_ipv6() -> None:
    """On all addresses means both families on one port."""
    (listener,) = listen(MetricsAddress("", 0))
    with listener:
        if listener.family == socket.AF_INET6:
            with socket.create_connection(("::1", listener.getsockname()[1]), timeout=DEADLINE_S):
                pass
        else:
            with pytest.raises(OSError, match=r"family|assign"):
                socket.create_server(("::", 0), family=socket.AF_INET6).close()


def test_machine_without_ipv6(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no IPv6, all addresses are those of IPv4."""
    monkeypatch.setattr(socket, "has_dualstack_ipv6", lambda: False)
    (listener,) = listen(MetricsAddress("", 0))
    with listener:
        assert listener.family == socket.AF_INET
