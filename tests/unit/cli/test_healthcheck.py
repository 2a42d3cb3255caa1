"""`healthcheck`: where it asks, what it says, and how it ends."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from metrics.address import MetricsAddress
from metrics.listening import listen
from metrics.routes import Routes
from metrics.runtime_file import RunningProgram
from metrics.server import ExpositionServer
from reconciler.cli.healthcheck import choose_address, healthcheck

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[3]
ANYWHERE = MetricsAddress("127.0.0.1", 0)


def _fail(error: Exception) -> None:
    raise AssertionError from error


@contextlib.contextmanager
def _program(health: tuple[bool, str], address: MetricsAddress = ANYWHERE) -> Iterator[int]:
    """A running program's port."""
    routes = Routes(scrape=lambda _: ("", b""), healthy=lambda: health, ready=lambda: (False, "not asked"))
    server = ExpositionServer(listen(address), routes, log=pytest.fail, unexpected=_fail)
    server.start()
    try:
        yield server.port
    finally:
        server.close()


@contextlib.contextmanager
def _answering(answer: bytes) -> Iterator[int]:
    """The port of something that answers anything with these bytes, once, and nothing more until it is ended."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        ended = threading.Event()

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(answer)
                if answer:
                    connection.shutdown(socket.SHUT_WR)
                ended.wait()

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield int(server.getsockname()[1])
        finally:
            ended.set()
            thread.join()


def _nothing_found() -> RunningProgram | None:
    return None


def _check(metrics: str | None, *, timeout_s: float = 60.0) -> tuple[int, list[str]]:
    said: list[str] = []
    return healthcheck(metrics, find=_nothing_found, say=said.append, timeout_s=timeout_s), said


def test_healthy() -> None:
    """A program that says that all is well is status 0."""
    with _program((True, "the loop moves")) as port:
        assert _check(f"127.0.0.1:{port}") == (0, ["the loop moves"])


def test_unhealthy_says_why() -> None:
    """A program that says no is status 1, with its reason."""
    with _program((False, "the loop stands still for 70 s")) as port:
        assert _check(f"127.0.0.1:{port}") == (1, ["the loop stands still for 70 s"])


@pytest.mark.parametrize("written", ["{}", "0.0.0.0:{}", "127.0.0.1:{}", "localhost:{}"])
def test_all_addresses_are_asked_on_the_loopback(written: str) -> None:
    """A port alone, or the address of all, is asked on this machine."""
    with _program((True, "ok"), MetricsAddress("", 0)) as port:
        assert _check(written.format(port)) == (0, ["ok"])


def test_what_the_running_program_left_is_asked() -> None:
    """Without an option it is asked where the running program left that it listens."""
    said: list[str] = []
    with _program((True, "ok")) as port:
        left = RunningProgram(MetricsAddress("127.0.0.1", port))
        assert healthcheck(None, find=lambda: left, say=said.append) == 0
    assert said == ["ok"]


@pytest.mark.parametrize("off", ["0", "127.0.0.1:0"])
def test_metrics_that_are_off_are_healthy(off: str) -> None:
    """Where there is nothing to ask, all is well."""
    status, said = _check(off)
    assert status == 0
    assert "off" in said[0]


def test_running_program_with_metrics_off_is_healthy() -> None:
    """A program that left that its metrics are off is not asked."""
    assert healthcheck(None, find=lambda: RunningProgram(None), say=lambda _: None) == 0


def test_own_option_comes_before_what_was_left() -> None:
    """What is written counts; what was left is not even looked for; without both it is 9413."""
    assert choose_address("[::1]:7", pytest.fail) == MetricsAddress("::1", 7)
    assert choose_address(None, lambda: RunningProgram(MetricsAddress("", 8))) == MetricsAddress("", 8)
    assert choose_address(None, _nothing_found) == MetricsAddress("", 9413)


def test_bad_address_is_a_usage_error() -> None:
    """A malformed address is status 2 and says what is wrong."""
    status, said = _check("nonsense")
    assert status == 2
    assert said[0].startswith("--metrics: 'nonsense' has no port")


def test_nobody_answers() -> None:
    """A program that does not run is status 1."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    status, said = _check(f"127.0.0.1:{port}")
    assert status == 1
    assert f"127.0.0.1:{port} does not answer: connection refused" in said[0]


def test_silence_ends_after_its_time() -> None:
    """A program that accepts and says nothing is status 1."""
    with _answering(b"") as port:
        status, said = _check(f"127.0.0.1:{port}", timeout_s=0.2)
    assert status == 1
    assert "timed out" in said[0]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (b"SSH-2.0-OpenSSH\r\n", "not HTTP"),
        (b"HTTP/1.1 404 Not Found\r\n\r\nno", "not pygen: status 404"),
        (b"HTTP/1.1 302 Found\r\nLocation: /login\r\n\r\n", "not pygen: status 302"),
        (b"HTTP/1.1 503 Busy\r\n\r\n", "status 503"),
        (b"HTTP/1.1", "not HTTP"),
        (b"\xff\xff\xff", "not HTTP"),
    ],
)
def test_something_else_answers(answer: bytes, expected: str) -> None:
    """Whatever else listens there is not taken for a healthy program."""
    with _answering(answer) as port:
        status, said = _check(f"127.0.0.1:{port}")
    assert status == 1
    assert expected in said[0]


@pytest.mark.processes
def test_it_imports_neither_docker_nor_jinja2() -> None:
    """A check that runs every few seconds for years loads only what it needs."""
    code = (
        "import sys\n"
        "from reconciler.cli.healthcheck import healthcheck\n"
        "from metrics.runtime_file import find_running, runtime_folders\n"
        "status = healthcheck(sys.argv[1], find=lambda: find_running(runtime_folders({})), say=print)\n"
        "heavy = {'docker', 'jinja2', 'prometheus_client', 'requests', 'urllib3', 'ssl', 'http.client'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
        "sys.exit(status)\n"
    )
    with _program((True, "ok")) as port:
        run = subprocess.run(
            [sys.executable, "-c", code, f"127.0.0.1:{port}"], cwd=ROOT, capture_output=True, text=True, check=True
        )
    assert run.stdout == "ok\n[]\n"
