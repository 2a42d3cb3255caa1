"""The least that HTTP over a unix socket takes: the floor and the bare loop of inspects ask the engine through it."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_VERSION = "/v1.41"


class LeanConnection:
    """One kept connection. Nothing is retried, nothing is checked but the status."""

    def __init__(self, socket_path: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(socket_path)
        self._file = self._socket.makefile("rb")

    def get(self, target: str) -> bytes:
        """The body of a GET; b'' where the status is not 200."""
        status, chunked, length = self._ask(target)
        body = b"".join(self._chunks()) if chunked else self._file.read(length)
        return body if status == 200 else b""

    def lines(self, target: str) -> Iterator[bytes]:
        """The chunks of a GET that never ends; the subscription stands when the first line is asked for."""
        self._ask(target)
        return self._chunks()

    def close(self) -> None:
        """End it, from any thread: whoever reads sees the end."""
        self._socket.shutdown(socket.SHUT_RDWR)
        self._file.close()
        self._socket.close()

    def cut(self) -> None:
        """Let whoever reads see the end; `close` is theirs."""
        self._socket.shutdown(socket.SHUT_RDWR)

    def _ask(self, target: str) -> tuple[int, bool, int]:
        self._socket.sendall(f"GET {_VERSION}{target} HTTP/1.1\r\nHost: docker\r\n\r\n".encode())
        status = int(self._file.readline().split(b" ", 2)[1])
        chunked, length = False, 0
        while line := self._file.readline().strip().lower():
            chunked = chunked or line == b"transfer-encoding: chunked"
            if line.startswith(b"content-length:"):
                length = int(line[15:])
        return status, chunked, length

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self._file.readline() or b"0", 16):
            yield self._file.read(size)
            self._file.readline()
        self._file.readline()
