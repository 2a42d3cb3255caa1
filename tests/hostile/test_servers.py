"""What servers of templates can say, and what browsers and others can ask of the metrics port.

Each table is a list of lies, or of questions: add a line to it for another one. All servers are real ones on loopback.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from typing import TYPE_CHECKING

import pytest

from reconciler.cli.commands import Refused
from reconciler.cli.options import parse
from templating.http_fetch import Fetched, Fetcher, FetchFailed
from templating.http_source import HttpSource
from tests.support.process import PygenProcess
from tests.support.waiting import wait_for
from tests.unit.backend.certificates import make_certificates
from tests.unit.templating.support import source_runtime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Talk = Callable[["ScriptedServer", socket.socket], None]

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n"
WITHIN_S = 0.5


class ScriptedServer:
    """A server that says to every client what it is made to say, until it is closed.

    Attributes:
        asked: how many connections there were.
        open: how many of them there still are.
    """

    def __init__(self, talk: Talk, tls: ssl.SSLContext | None = None) -> None:
        self._talk = talk
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._closing = threading.Event()
        self.asked = 0
        self.open = 0
        self.port = self._listener.getsockname()[1]
        self.authority = f"127.0.0.1:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Say no more."""
        self._closing.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def drip(self, connection: socket.socket, piece: bytes) -> None:
        """Say the same again and again, so that the client is never left in silence."""
        while not self._closing.wait(0.01):
            connection.sendall(piece)

    def nothing(self, connection: socket.socket) -> None:
        """Say nothing, until the client is gone."""
        connection.settimeout(None)
        while connection.recv(4096):
            pass

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.asked += 1
                self.open += 1
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            connection.settimeout(30)
            with self._tls.wrap_socket(connection, server_side=True) if self._tls else connection as spoken:
                self._talk(self, spoken)
        self.open -= 1


@pytest.fixture
def scripted_server() -> Iterator[Callable[..., ScriptedServer]]:
    """Makes servers, which are closed after the test."""
    with contextlib.ExitStack() as made:

        def make(talk: Talk, tls: ssl.SSLContext | None = None) -> ScriptedServer:
            server = ScriptedServer(talk, tls)
            made.callback(server.close)
            return server

        yield make


def _says_nothing(server: ScriptedServer, connection: socket.socket) -> None:
    server.nothing(connection)


def _drips_its_status(server: ScriptedServer, connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 ")
    server.drip(connection, b"O")


def _drips_a_header(server: ScriptedServer, connection: socket.socket) -> None:
    connection.sendall(HEAD + b"X: ")
    server.drip(connection, b"x")


def _continues(server: ScriptedServer, connection: socket.socket) -> None:
    server.drip(connection, b"HTTP/1.1 100 Continue\r\n\r\n")


def _drips_its_body(server: ScriptedServer, connection: socket.socket) -> None:
    connection.sendall(HEAD.replace(b"100", b"100000") + b"\r\n")
    server.drip(connection, b"x")


def _drips_chunks(server: ScriptedServer, connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    server.drip(connection, b"1\r\nx\r\n")


def _drips_trailers(server: ScriptedServer, connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n")
    server.drip(connection, b"X: y\r\n")


def _redirects_slowly(server: ScriptedServer, connection: socket.socket) -> None:
    threading.Event().wait(0.2)
    connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: /%d\r\nContent-Length: 0\r\n\r\n" % server.asked)


LATE = [
    _says_nothing,
    _drips_its_status,
    _drips_a_header,
    _continues,
    _drips_its_body,
    _drips_chunks,
    _drips_trailers,
    _redirects_slowly,
]


@pytest.mark.parametrize("talk", LATE)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_fetch_has_one_deadline(
    tmp_path: Path,
    scripted_server: Callable[..., ScriptedServer],
    monkeypatch: pytest.MonkeyPatch,
    talk: Talk,
    scheme: str,
) -> None:
    """However lively the connection; then it is closed, and the thread that had it ends."""
    tls = None
    if scheme == "https":
        make_certificates(tmp_path)
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(tmp_path / "server-cert.pem", tmp_path / "server-key.pem")
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    server = scripted_server(talk, tls)
    with pytest.raises(FetchFailed, match=r"not complete after 0\.5 s") as failed:
        Fetcher(silence_s=30, whole_s=WITHIN_S).fetch(f"{scheme}://{server.authority}/x", may_leave=True)
    assert failed.value.is_late
    wait_for(lambda: not _fetching() and not server.open, what="the end of the connection")


@pytest.mark.parametrize("talk", [_says_nothing, _drips_its_status])
def test_a_handshake_has_the_same_deadline(scripted_server: Callable[..., ScriptedServer], talk: Talk) -> None:
    """What speaks no TLS, or nothing at all, is left in time."""
    server = scripted_server(talk)
    with pytest.raises(FetchFailed):
        Fetcher(silence_s=1, whole_s=WITHIN_S).fetch(f"https://{server.authority}/x", may_leave=True)
    wait_for(lambda: not _fetching() and not server.open, what="the end of the connection")


def test_a_name_that_is_never_found_has_the_same_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """A resolver without an answer asks for longer than we wait."""
    released = threading.Event()

    def looked_up(*_: object, **__: object) -> list[object]:
        released.wait(60)
        raise socket.gaierror(socket.EAI_AGAIN, "no answer")

    monkeypatch.setattr(socket, "getaddrinfo", looked_up)
    with pytest.raises(FetchFailed, match="not complete") as failed:
        Fetcher(whole_s=WITHIN_S).fetch("http://a.name/x", may_leave=True)
    assert failed.value.is_late
    released.set()
    wait_for(lambda: not _fetching(), what="the end of the thread")


@pytest.mark.parametrize("talk", LATE)
def test_the_last_good_copy_follows(tmp_path: Path, scripted_server: Callable[..., ScriptedServer], talk: Talk) -> None:
    """At a start too, and without another wait for each part: a server that is late once is not asked again."""
    lies = threading.Event()

    def turncoat(server: ScriptedServer, connection: socket.socket) -> None:
        if lies.is_set():
            return talk(server, connection)
        name = connection.recv(4096).split(b" ")[1]
        return connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(name), name))

    server = scripted_server(turncoat)
    warnings: list[str] = []
    for whole_s in (60.0, WITHIN_S):  # the first fetch is an honest one, however slow the machine is
        source = HttpSource(
            f"http://{server.authority}/main",
            source_runtime(warnings),
            copies=tmp_path,
            first_load_s=0,
            refetch_s=60,
            fetcher=Fetcher(silence_s=30, whole_s=whole_s),
        )
        before = server.asked
        source.begin()
        assert [source.read(name) for name in (source.main, "a", "b")] == ["/main", "/a", "/b"]
        source.accept()
        if not lies.is_set():
            assert (server.asked, warnings) == (before + 3, [])
        lies.set()
    assert len(warnings) == 1
    assert "the copy of it is used: the answer is not complete after 0.5 s" in warnings[0]


def _redirecting(location: bytes, body: bytes = b"") -> Talk:
    def talk(server: ScriptedServer, connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: %b\r\n\r\n" % location)
        server.drip(connection, body)

    return talk


@pytest.mark.parametrize(
    "location",
    [
        b"file:///etc/passwd",
        b"ftp://127.0.0.1/x",
        b"data:text/plain,x",
        b"gopher://127.0.0.1/",
        b"javascript:x",
        b"unix:///var/run/docker.sock",
        b"http://[x/y",
        b"http://h:99999/x",
        b"http://a..b/x",
    ],
)
def test_redirects_elsewhere_than_to_http_are_refused_in_words(
    scripted_server: Callable[..., ScriptedServer], location: bytes
) -> None:
    """Nothing is opened, and the reason is the redirect, not a status."""
    server = scripted_server(_redirecting(location))
    with pytest.raises(FetchFailed, match="redirects to what is no http or https address"):
        Fetcher(whole_s=30).fetch(f"http://{server.authority}/x", may_leave=True)


def test_what_comes_with_a_redirect_is_not_read(scripted_server: Callable[..., ScriptedServer]) -> None:
    """It could be endless."""
    server = scripted_server(_redirecting(b"/next", b"x" * 100_000))
    with pytest.raises(FetchFailed, match="answers 302"):
        Fetcher(whole_s=60).fetch(f"http://{server.authority}/x", may_leave=True)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\0\0\0",
        b"220 mail.example ESMTP\r\n",
        b"HTTP/9.9 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
        HEAD + b"\r\nhalf",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"f" * 60_000 + b"\r\nx",
        b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 2_000_000,
        b"HTTP/1.1 200 OK\r\n\r\n\xff\xfe",
        b"HTTP/1.1 304 Not Modified\r\n\r\nx",
    ],
)
def test_broken_answers_are_failures_with_a_reason(
    scripted_server: Callable[..., ScriptedServer], answer: bytes
) -> None:
    """Whatever a server says, a fetch ends with a text or with why there is none."""

    def talk(_: ScriptedServer, connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(answer)

    fetcher = Fetcher(whole_s=30)
    address = f"http://{scripted_server(talk).authority}/x"
    if answer.startswith(b"HTTP/1.1 304"):
        assert fetcher.fetch(address, Fetched("known"), may_leave=True) is None
        return
    with pytest.raises(FetchFailed) as failed:
        fetcher.fetch(address, may_leave=True)
    assert not failed.value.is_late


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--template", "http://[x/y"),
        ("--template", "http://"),
        ("--template", "HTTPS://"),
        ("--template", "http:///path"),
        ("--template", "https://h:99999/x"),
        ("--template", "https://h:0/x"),
        ("--template", "https://h:" + "9" * 5000),
        ("--template", "https://h:port/x"),
        ("--template", "http://a..b/x"),
        ("--template", "http://-a/x"),
        ("--template", "http://1.2.3/x"),
        ("--template", "http://[::1/x"),
        ("--template", "http://[v1.x]/x"),
        ("--template", "http://h/a b"),
        ("--template", "http://h/a\nb"),
        ("--template", "http://h/ä"),
        ("--template", "http://user:pass@"),
        ("--template", f"http://{'a' * 64}.org/x"),
        ("--docker-address", "tcp://a..b"),
        ("--docker-address", "tcp://"),
        ("--docker-address", "tcp://:2375"),
        ("--docker-address", "tcp://h:0"),
        ("--docker-address", "tcp://h:" + "9" * 5000),
        ("--docker-address", "tcp://1.2.3.999"),
        ("--docker-address", "tcp://[x]:1"),
        ("--docker-address", "tcp://[::1"),
        ("--docker-address", f"tcp://{'a.' * 127}org"),
        ("--docker-address", "unix://" + "/x" * 60),
        ("--docker-address", "ssh://h"),
        ("--notify-docker-address", "tcp://a..b"),
        ("--notify-docker-address", "tcp://h:99999"),
        ("--metrics", "a..b:9413"),
        ("--metrics", "[x]:9413"),
        ("--metrics", "h:99999"),
        ("--status-host", "a..b"),
        ("--status-host", "http://h"),
        ("--status-host", "h:9413"),
        ("--status-host", ""),
    ],
)
def test_an_address_that_could_never_be_one_is_a_usage_error(option: str, value: str) -> None:
    """Status 2, at once, with the option's name; the environment's likewise."""
    template = [] if option == "--template" else ["--template", "#"]
    assert _refused([*template, option, value], {}).startswith(f"{option}: ")
    if value:
        variable = "PYGEN_" + option[2:].upper().replace("-", "_")
        assert _refused(template, {variable: value}).startswith(f"{variable}: ")


def _refused(arguments: list[str], environ: dict[str, str]) -> str:
    """Why; the status of what is refused is 2."""
    command = parse(arguments, environ)
    assert isinstance(command, Refused)
    return command.message


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PygenProcess]:
    """One program for all that is asked of it."""
    folder = tmp_path_factory.mktemp("asked")
    (folder / "state.json").write_text("[]")
    started = PygenProcess(
        ["--template", "#x", "--target", folder / "out", "--docker-address", f"file://{folder}/state.json",
         "--status-host", "Pygen.Example.", "--status-host", "pygen"],
        folder=folder,
    )  # fmt: skip
    try:
        started.wait_ready()
        yield started
    finally:
        started.kill()


def _ask(program: PygenProcess, path: str, *headers: bytes) -> int:
    """The status of an answer to a request with just these headers."""
    with socket.create_connection(("127.0.0.1", program.metrics_port), timeout=30) as connection:
        lines = [b"GET %b HTTP/1.1" % path.encode(), *headers, b"Connection: close", b"", b""]
        connection.sendall(b"\r\n".join(lines))
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    return int(answer.split(b" ", 2)[1])


OURS = ["127.0.0.1", "127.0.0.1:9413", "10.1.2.3:80", "[::1]", "[::1]:9413", "[fe80::1%25eth0]:1", "localhost"]
OURS += ["LOCALHOST:9413", "localhost.", "pygen", "pygen:9413", "PYGEN.example", "pygen.example.:9413"]
FOREIGN = ["evil.example", "evil.example:9413", "localhost.evil.example", "pygen.evil.example", "notpygen", "", ":9413"]
FOREIGN += ["127.0.0.1.evil.example", "1.2.3", "[::1].evil.example", "[evil.example]", "localhost, evil.example"]
FOREIGN += ["\xe4\xff", "localhost@evil.example", "evil.example/localhost", "xn--pygen"]


@pytest.mark.parametrize("path", ["/", "/status.json"])
@pytest.mark.parametrize(("host", "status"), [*((host, 200) for host in OURS), *((host, 421) for host in FOREIGN)])
def test_the_status_page_answers_to_names_of_this_machine_only(
    program: PygenProcess, path: str, host: str, status: int
) -> None:
    """A page elsewhere whose name is made to lead here can't have a browser read it."""
    assert _ask(program, path, b"Host: " + host.encode("latin-1")) == status


def test_without_a_name_it_does_not_answer_either(program: PygenProcess) -> None:
    """And two names are none."""
    assert _ask(program, "/") in (400, 421)
    assert _ask(program, "/", b"Host: localhost", b"Host: evil.example") in (400, 421)


@pytest.mark.parametrize("host", [*OURS, *FOREIGN])
@pytest.mark.parametrize("path", ["/metrics", "/healthz", "/readyz"])
def test_checks_and_metrics_answer_to_every_name(program: PygenProcess, path: str, host: str) -> None:
    """Prometheus asks by a service's name, and what they say is no secret."""
    assert _ask(program, path, b"Host: " + host.encode("latin-1")) == 200


ODD = [
    b"",
    b"\xff\xfe",
    b"\xc3\xa4",
    b"\xc3\x85",
    b"\x0b\x0c\x1c\x85",
    b"x" * 5000,
    b"\x80" * 500,
    b";=,;;q=",
    b"*/*;q=1;q=2",
]
ODD += [b"text/plain;q=\xff", b"application/openmetrics-text;version=1.0.0;escaping=\xff"]
ODD += [
    b"application/openmetrics-text;version=" + each
    for each in (b"\xff", b"abc", b"9.9.9", b"1.x", b"\xb2", b"9" * 5000)
]


@pytest.mark.parametrize("value", ODD)
@pytest.mark.parametrize("header", ["Accept", "User-Agent", "Accept-Encoding", "Referer", "Cookie", "X-\xe4"])
@pytest.mark.parametrize("path", ["/metrics", "/status.json", "/healthz", "/no"])
def test_odd_headers_are_no_error(program: PygenProcess, path: str, header: str, value: bytes) -> None:
    """Bytes over 127 least of all; and nothing is logged, however often they come."""
    before = program.log()
    assert _ask(program, path, b"Host: localhost", header.encode("latin-1") + b": " + value) in (200, 404)
    assert program.log() == before


def _is_silent(_: socket.socket) -> None:
    """Connects and waits."""


def _begins(client: socket.socket) -> None:
    client.send(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nX: ")


def _drips(client: socket.socket) -> None:
    client.send(b"G")


def _asks_without_end(client: socket.socket) -> None:
    """As many requests as fit, and takes no answer."""
    client.send(b"GET /metrics HTTP/1.1\r\n\r\n" * 400)


def _sends_a_body(client: socket.socket) -> None:
    client.send(b"POST /metrics HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n" + b"x" * 10_000)


def _sends_an_endless_head(client: socket.socket) -> None:
    client.send(b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 1000)


def _speaks_tls(client: socket.socket) -> None:
    client.send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 100)


@pytest.mark.parametrize(
    "act", [_is_silent, _begins, _drips, _asks_without_end, _sends_a_body, _sends_an_endless_head, _speaks_tls]
)
def test_200_clients_hold_up_nobody(program: PygenProcess, act: Callable[[socket.socket], None]) -> None:
    """Whatever they do, and again and again: who asks is answered, and memory is not taken for them."""
    before_bytes = program.metric("process_resident_memory_bytes")
    with contextlib.ExitStack() as opened:
        clients = []
        for _ in range(200):
            client = opened.enter_context(socket.create_connection(("127.0.0.1", program.metrics_port), timeout=30))
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.setblocking(False)
            clients.append(client)
        for _ in range(3):
            for client in clients:
                with contextlib.suppress(OSError):  # it was cut
                    act(client)
            for path in ("/healthz", "/metrics", "/readyz", "/status.json"):
                assert _ask(program, path, b"Host: localhost") == 200
    assert program.metric("process_resident_memory_bytes") - before_bytes < 64 << 20
    assert "WARNING" not in program.log()
    assert "ERROR" not in program.log()


def _fetching() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "template-fetch"]
