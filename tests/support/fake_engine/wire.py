"""HTTP as the engine speaks it: requests read from a connection, answers put into bytes."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote

if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping

# Go's server gives answers of up to 2048 bytes a Content-Length and sends longer ones in chunks.
CHUNKED_FROM_BYTES = 2049


@dataclass(frozen=True, slots=True)
class Request:
    """One request.

    Attributes:
        method: `GET`, `POST`, ...
        path: without the API version and the query.
        version: the API version of the path, '' without one.
        query: first value of each parameter.
        body: the bytes after the head.
        target: the request line's target as sent.
    """

    method: str
    path: str
    version: str
    query: Mapping[str, str]
    body: bytes
    target: str

    def json(self) -> Any:
        """The body as JSON; {} where it is empty."""
        return json.loads(self.body) if self.body else {}

    @property
    def parts(self) -> list[str]:
        """The path's parts, percent-decoded: `['containers', ID, 'json']`."""
        parts = self.path.strip("/").split("/")
        return [unquote(part) for part in parts] if "%" in self.path else parts


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer.

    Attributes:
        status: the HTTP status.
        body: the bytes after the head.
        content_type: empty for none.
        headers: more lines for the head.
    """

    status: int
    body: bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


def message(status: int, text: str) -> Answer:
    """An error as the engine writes it."""
    return Answer(status, json.dumps({"message": text}).encode() + b"\n")


class RequestReader:
    """Reads requests from one connection."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._buffer = b""

    def read(self) -> Request | None:
        """The next request; None when the client has gone.

        Raises:
            ValueError: what comes is no HTTP.
        """
        while (end := self._buffer.find(b"\r\n\r\n")) < 0:
            if not self._fill():
                return None
            if not self._buffer[:1].isalpha():
                raise ValueError("no HTTP")
        head, self._buffer = self._buffer[:end], self._buffer[end + 4 :]
        length = _content_length(head)
        while len(self._buffer) < length:
            if not self._fill():
                return None
        body, self._buffer = self._buffer[:length], self._buffer[length:]
        return _parse(head, body)

    def _fill(self) -> bool:
        data = self._connection.recv(65536)
        self._buffer += data
        return bool(data)


def _content_length(head: bytes) -> int:
    lowered = head.lower()
    start = lowered.find(b"\r\ncontent-length:")
    return int(lowered[start + 17 :].split(b"\r\n", 1)[0]) if start >= 0 else 0


def _parse(head: bytes, body: bytes) -> Request:
    method, target, _ = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
    path, _, query_text = target.partition("?")
    query = {name: values[0] for name, values in parse_qs(query_text).items()} if query_text else {}
    version = ""
    if path.startswith("/v1."):
        version, _, rest = path[2:].partition("/")
        path = f"/{rest}"
    return Request(method, path, version, query, body, target)


def head_bytes(answer: Answer, *, api_version: str, date: str, framing: str) -> bytes:
    """The head of an answer."""
    lines = [
        f"HTTP/1.1 {answer.status} {_reason(answer.status)}",
        f"Api-Version: {api_version}",
        *([f"Content-Type: {answer.content_type}"] if answer.content_type else []),
        "Docker-Experimental: false",
        "Ostype: linux",
        "Server: Docker/20.10.24 (linux)",
        *(f"{name}: {value}" for name, value in answer.headers.items()),
        *([f"Date: {date}"] if date else []),
        *([framing] if framing else []),
    ]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"


def whole_bytes(answer: Answer, *, api_version: str, date: str) -> bytes:
    """A complete answer, framed as the engine frames it."""
    body = answer.body
    if answer.status in {204, 304}:
        return head_bytes(answer, api_version=api_version, date=date, framing="")
    if "Content-Length" in answer.headers:  # a lie that a test ordered
        return head_bytes(answer, api_version=api_version, date=date, framing="") + body
    if len(body) < CHUNKED_FROM_BYTES:
        return head_bytes(answer, api_version=api_version, date=date, framing=f"Content-Length: {len(body)}") + body
    head = head_bytes(answer, api_version=api_version, date=date, framing="Transfer-Encoding: chunked")
    return b"".join((head, chunk(body), b"0\r\n\r\n"))


def not_http() -> bytes:
    """What Go's server says to something else than HTTP."""
    body = b"400 Bad Request"
    return b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n" + body


def chunk(data: bytes) -> bytes:
    """One chunk of a chunked body."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
