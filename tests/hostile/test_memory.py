"""Answers that are too much of something: refused, and nothing of them is kept."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import pytest

from reconciler.backend.address import EngineAddress
from reconciler.backend.engine_link import VERSION_BYTES_MAX
from reconciler.backend.engine_reader import LIST_BYTES_MIN, HttpEngineReader
from reconciler.backend.http_answer import BODY_BYTES_MAX, CHUNKS_MAX, HEAD_LINES_MAX
from reconciler.backend.port import EngineError
from tests.support.fake_engine import FakeEngine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

MIB = 1024 * 1024
OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


@contextmanager
def scripted_engine(path: Path, pieces: Callable[[], Iterator[bytes]]) -> Iterator[EngineAddress]:
    """An engine that tells its version, and then something of its own."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()

    def serve(client: socket.socket) -> None:
        with client, suppress(OSError):
            while request := client.recv(65536):
                if b"/version" in request.split(b"\r\n", 1)[0]:
                    body = b'{"ApiVersion":"1.41","MinAPIVersion":"1.12"}'
                    client.sendall(OK + b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
                    continue
                for piece in pieces():
                    client.sendall(piece)

    def accept() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield EngineAddress.parse(f"unix://{path}", {})
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def _endless(piece: bytes) -> Iterator[bytes]:
    yield CHUNKED
    while True:
        yield piece


def _endless_lines() -> Iterator[bytes]:
    yield OK
    while True:
        yield b"X: y\r\n" * 100


def _endless_trailers() -> Iterator[bytes]:
    yield CHUNKED + b"0\r\n"
    while True:
        yield b"X: y\r\n" * 100


def _endless_interims() -> Iterator[bytes]:
    while True:
        yield b"HTTP/1.1 100 Continue\r\n\r\n" * 100


LIES: dict[str, Callable[[], Iterator[bytes]]] = {
    "a body without an end": lambda: _endless(b"10000\r\n" + b"x" * 65536 + b"\r\n"),
    "chunks of one byte without an end": lambda: _endless(b"1\r\nx\r\n" * 1000),
    "a chunk's size without an end": lambda: _endless(b"0" * 65536),
    "a chunk's comment without an end": lambda: _endless(b"1;" + b"x" * 65536),
    "header lines without an end": _endless_lines,
    "trailers without an end": _endless_trailers,
    "interim answers without an end": _endless_interims,
    "a length of 5,000 digits": lambda: iter([OK + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n"]),
    "a length beyond the limit": lambda: iter([OK + b"Content-Length: %d\r\n\r\n" % (BODY_BYTES_MAX + 1)]),
}


@pytest.mark.parametrize("lie", LIES)
def test_whatever_has_no_end_is_given_up(tmp_path: Path, lie: str) -> None:
    """As malformed, after a bounded number of bytes, chunks and lines."""
    with scripted_engine(tmp_path / "s", LIES[lie]) as address:
        reader = HttpEngineReader(address, attempts=1)
        with pytest.raises(EngineError) as caught:
            reader.inspect("a" * 64)
        assert caught.value.reason == "malformed"
        reader.close()


def test_limits_fit_what_is_asked() -> None:
    """A version is short, an inspect longer, a list as long as there are containers."""
    assert VERSION_BYTES_MAX == MIB
    assert BODY_BYTES_MAX == 16 * MIB
    assert LIST_BYTES_MIN >= 10_000 * 8 * 1024
    assert CHUNKS_MAX * 16 < BODY_BYTES_MAX
    assert HEAD_LINES_MAX >= 100


@pytest.mark.parametrize("operation", ["list", "networks", "inspect"])
def test_an_error_keeps_nothing_of_the_answer(operation: str) -> None:
    """Neither cause nor frames: whoever remembers why an engine failed does not remember its 10 MiB."""
    with FakeEngine() as engine:
        container_id = engine.add_container("web")
        engine.fault(operation, times=None, status=200, body=b"[" + b" " * 10 * MIB)
        reader = HttpEngineReader(EngineAddress.parse(engine.address, {}), sleep=lambda _: None)
        ask: dict[str, Callable[[], object]] = {
            "list": reader.list,
            "networks": reader.networks,
            "inspect": lambda: reader.inspect(container_id),
        }
        with pytest.raises(EngineError) as caught:
            ask[operation]()
        seen, error = set(), caught.value
        assert (error.__cause__, error.__context__) == (None, None)
        trace = error.__traceback__
        while trace is not None:
            seen |= {key for key, value in trace.tb_frame.f_locals.items() if _holds(value, 10 * MIB)}
            trace = trace.tb_next
        assert seen == set()
        reader.close()


def _holds(value: object, size: int) -> bool:
    body = getattr(value, "body", value)
    return isinstance(body, bytes | bytearray | str) and len(body) >= size


def _resident_bytes() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096


def test_memory_is_given_back() -> None:
    """Forty broken answers of 30 MiB leave the process about as it was, although each error is remembered."""
    with FakeEngine() as engine:
        engine.add_container("web")
        reader = HttpEngineReader(EngineAddress.parse(engine.address, {}), sleep=lambda _: None)
        reader.list()
        engine.fault("list", times=40, status=200, body=b"[" + b" " * 30 * MIB)
        before, errors = _resident_bytes(), []
        while engine.calls["list"] <= 40:
            try:
                reader.list()
            except EngineError as error:
                errors.append(error)
        assert len(errors) == 13
        assert _resident_bytes() - before < 300 * MIB
        assert len(reader.list().entries) == 1
        reader.close()
