"""Commands and servers that never do what they should: each costs itself its delivery, and the others nothing."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from notify.http_request import Answer, Request, RequestFailed, send
from tests.support.answering import Answering, answering
from tests.support.fake_engine import FakeEngine
from tests.support.running_program import NO_RESYNC, ProgramStarter
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.process import PygenProcess

#: Scripts that a `--command` runs; each writes its number first.
COMMANDS = {
    "prints without an end": "exec yes",
    "prints one line without an end": "exec tr '\\0' x </dev/zero",
    "forks and ignores SIGTERM": "trap '' TERM; sleep 1000 & sh -c 'sleep 1000; true' & wait",
    "leaves something that holds its output": "sleep 1000 & exit 1",
    "moves the cursor and forges a line": "printf '\\033[2J\\r\\n2026-01-01T00:00:00.000Z ERROR forged\\n'; exit 1",
    "prints what is no text": "head -c 100000 /dev/urandom; exit 1",
}
#: What a server says to every request; None: nothing, and then a byte now and then of the second.
ANSWERS = {
    "says a byte now and then": (b"", b"H"),
    "begins an answer without an end": (b"HTTP/1.1 204 x\r\nX: ", b"x"),
    "says 100 Continue again and again": (b"", b"HTTP/1.1 100 x\r\n\r\n"),
    "has header lines without an end": (b"HTTP/1.1 204 x\r\n", b"X: y\r\n" * 2000),
    "has a body without an end": (b"HTTP/1.1 500 x\r\n\r\n", b"x" * 100_000),
    "speaks something else": (b"SSH-2.0-OpenSSH_9.2\r\n", b"\0"),
}


@pytest.fixture
def fake() -> Iterator[FakeEngine]:
    """An engine with a container that works."""
    with FakeEngine() as engine:
        engine.add_container("works")
        yield engine


@pytest.fixture
def starter(fake: FakeEngine, pygen: Callable[..., PygenProcess], tmp_path: Path) -> ProgramStarter:
    """Starts the program on this engine."""
    return ProgramStarter(pygen, fake.address, tmp_path, "one")


def holds_up_nobody(fake: FakeEngine, starter: ProgramStarter, *notify: str) -> str:
    """The container is told of content after content meanwhile, and the program ends in time; its log."""
    running = starter.start(*NO_RESYNC, "--interval", "0", "--signal", "works", "HUP", *notify)
    for count, content in enumerate(("two", "three", "four"), start=1):
        running.program.wait_for(lambda count=count: len(fake.signals) == count, what=f"signal {count}")  # type: ignore[misc]  # a default pins the value
        starter.template.write_text(content)
    running.program.wait_for(lambda: len(fake.signals) == 4, what="the last signal")
    assert running.program.get("/healthz")[0] == 200
    assert running.program.stop() == 0
    assert "Traceback" not in running.program.log()
    return running.program.log()


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_that(fake: FakeEngine, starter: ProgramStarter, tmp_path: Path, name: str) -> None:
    """Nothing that it began is left when the program has ended, and its words are harmless in the log."""
    groups = tmp_path / "groups"
    script = tmp_path / "script"
    script.write_text(f"#!/bin/sh\necho $$ >>{groups}\n{COMMANDS[name]}\n")
    script.chmod(0o755)
    log = holds_up_nobody(fake, starter, "--command", str(script))
    for group in map(int, groups.read_text().split()):
        wait_for(lambda group=group: not _members(group), what=f"the end of group {group}")  # type: ignore[misc]  # a default pins the value
    assert all(line[:4].isdigit() and (line.isprintable()) for line in log.splitlines())
    assert not any(line.startswith("2026-01-01T00:00:00.000Z") for line in log.splitlines())


def _members(group: int) -> list[str]:
    """The processes of a process group that still run."""
    found = []
    for each in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, own_group = each.read_text().rpartition(")")[2].split()[:3]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(own_group) == group and state != "Z":
            found.append(each.parent.name)
    return found


@pytest.mark.parametrize("name", ANSWERS)
def test_a_server_that(fake: FakeEngine, starter: ProgramStarter, name: str) -> None:
    """It has its one deadline."""
    first, again = ANSWERS[name]
    over = threading.Event()

    def talk(client: socket.socket) -> None:
        client.sendall(first)
        while not over.wait(0.05):
            client.sendall(again)

    with answering(talk) as server:
        holds_up_nobody(fake, starter, "--http", server.url)
        over.set()
        assert server.heard


@pytest.mark.parametrize("leads_to", ["elsewhere", "file:///etc/passwd", "the same again"])
def test_a_server_that_redirects_leads_nowhere(fake: FakeEngine, starter: ProgramStarter, leads_to: str) -> None:
    """Said in words; the place that it names is not asked."""
    with answering() as elsewhere:
        servers: list[Answering] = []

        def redirect(client: socket.socket) -> None:
            places = {"elsewhere": elsewhere.url, "the same again": servers[0].url}
            place = places.get(leads_to, leads_to)
            client.sendall(b"HTTP/1.1 307 x\r\nLocation: %s\r\n\r\n" % place.encode())

        with answering(redirect) as server:
            servers.append(server)
            log = holds_up_nobody(fake, starter, "--http", server.url)
            assert "the server redirects (307), which is not followed" in log
        assert elsewhere.heard == []


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that is signed by itself, and its key."""
    certificate, key = tmp_path / "server.crt", tmp_path / "server.key"
    subject = ("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1")
    new = ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2")
    subprocess.run([*new, *subject, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    return certificate, key


@pytest.mark.parametrize("is_trusted", [True, False])
def test_a_server_s_certificate_is_verified(
    certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, *, is_trusted: bool
) -> None:
    """Nothing is said to a server that is not who it should be: a header may hold a token."""
    if is_trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    heard: list[bytes] = []

    def serve(listening: socket.socket) -> None:
        plain, _ = listening.accept()
        with suppress(OSError), context.wrap_socket(plain, server_side=True) as secured:
            heard.append(secured.recv(65536))
            secured.sendall(b"HTTP/1.1 204 x\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, args=(listening,), daemon=True)
        thread.start()
        url = urlsplit(f"https://127.0.0.1:{listening.getsockname()[1]}/x")
        request = Request("POST", url, (), {"Authorization": b"Bearer t0ken"}, timeout_s=60)
        if is_trusted:
            assert send(request) == Answer(204)
        else:
            with pytest.raises(RequestFailed, match="certificate") as caught:
                send(request)
            assert not caught.value.sent
        thread.join(60)
    assert [b"t0ken" in each for each in heard] == [True] * is_trusted
