"""Tests of engines on TCP: plain, with TLS, and with what goes wrong there."""

from __future__ import annotations

import shutil
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from notify.port import EngineUnavailable
from reconciler.backend.address import EngineAddress
from reconciler.backend.docker_sdk import SdkNotifyPort
from reconciler.backend.engine_link import Timeouts
from reconciler.backend.engine_reader import HttpEngineReader
from reconciler.backend.port import EngineError
from tests.support.fake_engine import FakeEngine
from tests.unit.backend.certificates import make_certificates, server_context

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

Both = tuple[HttpEngineReader, SdkNotifyPort]


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a full set."""
    folder = tmp_path_factory.mktemp("certificates")
    make_certificates(folder)
    return folder


@pytest.fixture
def tls_engine(certificates: Path) -> Iterator[FakeEngine]:
    """An engine that speaks TLS and wants a client's certificate, as with `--tlsverify`."""
    with FakeEngine(tls=server_context(certificates, wants_client=True)) as engine:
        yield engine


@contextmanager
def both(address: str, environ: dict[str, str]) -> Iterator[Both]:
    """A reader and a port for the same address, without retries that wait."""
    parsed = EngineAddress.parse(address, environ)
    reader = HttpEngineReader(parsed, sleep=lambda _: None, timeouts=Timeouts(connect_s=30, read_s=30))
    port = SdkNotifyPort(parsed, sleep=lambda _: None)
    try:
        yield reader, port
    finally:
        reader.close()
        port.close()


def environ_of(folder: Path) -> dict[str, str]:
    """What Docker's tools are told."""
    return {"DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": str(folder)}


def assert_both_work(engine: FakeEngine, environ: dict[str, str]) -> None:
    """Read, listen and tell over one address."""
    container_id = engine.add_container("web")
    with both(engine.address, environ) as (reader, port):
        assert [entry["Id"] for entry in reader.list().entries] == [container_id]
        stream = reader.events()
        port.kill("", container_id, "SIGHUP", timeout_s=30)
        engine.rename(container_id, "other")
        assert next(iter(stream)).action == "rename"
        stream.close()
    assert [delivered.signal for delivered in engine.signals] == ["SIGHUP"]


def assert_both_fail(address: str, environ: dict[str, str], message: str) -> None:
    """Both say the same about what is wrong, and it is that the engine can't be reached."""
    with both(address, environ) as (reader, port):
        with pytest.raises(EngineError, match=message) as caught:
            reader.list()
        assert caught.value.reason in {"unreachable", "status", "ended"}
        with pytest.raises(EngineUnavailable, match=message):
            port.kill("", "a" * 64, "SIGHUP", timeout_s=30)


def test_plain_tcp_works(monkeypatch: pytest.MonkeyPatch) -> None:
    """TCP without TLS, and a proxy of the environment does not come between."""
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with FakeEngine(tcp=True) as engine:
        assert_both_work(engine, {})


def test_tls_with_verification_works_both_ways(
    tls_engine: FakeEngine, certificates: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine's certificate is verified, and ours is shown; bundles of the environment do not count."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nonexistent.pem")
    monkeypatch.setenv("CURL_CA_BUNDLE", "/nonexistent.pem")
    assert_both_work(tls_engine, environ_of(certificates))


def test_tls_without_verification_works(certificates: Path, tmp_path: Path) -> None:
    """DOCKER_CERT_PATH alone: an authority that nobody knows is no obstacle, and no warning."""
    with FakeEngine(tls=server_context(certificates, wants_client=False)) as engine:
        assert_both_work(engine, {"DOCKER_CERT_PATH": str(tmp_path)})


def test_a_certificate_of_another_authority_is_refused(tls_engine: FakeEngine, tmp_path: Path) -> None:
    """An engine that is somebody else is not spoken to."""
    make_certificates(tmp_path)
    assert_both_fail(tls_engine.address, environ_of(tmp_path), "its certificate is not accepted by ca.pem in")


def test_without_an_authority_the_systems_are_asked(tls_engine: FakeEngine, tmp_path: Path) -> None:
    """The message says that ca.pem is missing."""
    assert_both_fail(tls_engine.address, environ_of(tmp_path), "there is no ca.pem in")


def test_a_certificate_for_another_host_is_refused(tmp_path: Path) -> None:
    """The host in the address has to be in the certificate."""
    make_certificates(tmp_path, server_names="DNS:other.example")
    with FakeEngine(tls=server_context(tmp_path, wants_client=False)) as engine:
        assert_both_fail(engine.address, environ_of(tmp_path), "its certificate is not accepted.*127.0.0.1")


def test_an_engine_without_tls_is_told_apart(certificates: Path) -> None:
    """TLS to a port that speaks none is an error that says so."""
    with FakeEngine(tcp=True) as engine:
        assert_both_fail(engine.address, environ_of(certificates), "TLS failed .*: does it speak TLS on this port")


def test_an_engine_that_wants_tls_is_told_apart(tls_engine: FakeEngine) -> None:
    """No TLS to a port that wants it is an error."""
    assert_both_fail(tls_engine.address, {}, "connection|can't be read")


def test_what_a_go_server_says_to_plain_http_becomes_advice(make_refusing: Callable[[bytes], str]) -> None:
    """Docker answers plain HTTP on its TLS port with words of its own."""
    address = make_refusing(b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n")
    with both(address, {}) as (reader, _), pytest.raises(EngineError, match="set DOCKER_TLS_VERIFY=1"):
        reader.list()


@pytest.fixture
def make_refusing() -> Iterator[Callable[[bytes], str]]:
    """Makes servers that answer everything with the same bytes and hang up."""
    import threading

    listeners: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def serve(listener: socket.socket, data: bytes) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            with client:
                client.recv(65536)
                client.sendall(data)

    def make(data: bytes) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)
        threads.append(threading.Thread(target=serve, args=(listener, data)))
        threads[-1].start()
        return f"tcp://127.0.0.1:{listener.getsockname()[1]}"

    yield make
    for listener in listeners:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
    for thread in threads:
        thread.join(30)


def test_renewed_certificates_take_effect(certificates: Path, tmp_path: Path) -> None:
    """Certificates are read for each connection: a renewed authority needs no restart."""
    make_certificates(tmp_path)
    served = FakeEngine(tls=server_context(certificates, wants_client=False))
    with served as engine, both(engine.address, environ_of(tmp_path)) as (reader, _):
        with pytest.raises(EngineError):
            reader.list()
        shutil.copy(certificates / "ca.pem", tmp_path / "ca.pem")
        assert reader.list().entries == []


def test_nobody_listens() -> None:
    """A refused connection is unreachable, with a question that helps."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"tcp://127.0.0.1:{taken.getsockname()[1]}"
    assert_both_fail(address, {}, "nothing listens there: is the engine running")


def test_an_unknown_host_is_named() -> None:
    """A name that does not resolve is said to be unknown."""
    assert_both_fail("tcp://no-such-host.invalid:2375", {}, "the host name no-such-host.invalid is not known")
