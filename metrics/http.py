"""The little of HTTP/1.1 that a scrape, a health check and a status page need: pure, bytes in and bytes out.

Each connection carries one request: `Connection: close` is in every answer, so that no idle client keeps a place.
"""

from __future__ import annotations

import zlib
from dataclasses import field
from http import HTTPStatus
from typing import TYPE_CHECKING

from models.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

HEAD_BYTES_MAX = 16384
GZIP_BYTES_MIN = 1024
TEXT = "text/plain; charset=utf-8"

_GZIP = 31  # zlib's way to say: with gzip's header


@frozen
class Request:
    """A request's head.

    Attributes:
        method: in capitals.
        path: without the query.
        headers: names in small letters; of a repeated one all values, joined by commas.
    """

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)


@frozen
class Response:
    """An answer, not encoded yet."""

    status: int
    body: bytes
    content_type: str = TEXT
    headers: Mapping[str, str] = field(default_factory=dict)


def text_response(status: int, text: str) -> Response:
    """An answer of one line of text."""
    return Response(status, f"{text}\n".encode())


def head_of(received: bytes) -> bytes | None:
    """The request's head, once all of it is there; what follows it is ignored."""
    for end in (b"\r\n\r\n", b"\n\n"):
        head, found, _ = received.partition(end)
        if found:
            return head
    return None


def parse_request(head: bytes) -> Request | None:
    """Read a head, None where it is no HTTP/1 request."""
    # Not splitlines: bytes of a header's value may look like an end of line of Unicode.
    first, *lines = (line.removesuffix("\r") for line in head.decode("latin-1").split("\n"))
    words = first.split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1."):  # noqa: PLR2004 - method, target, version
        return None
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon:
            return None
        key = name.strip().lower()
        headers[key] = f"{headers[key]}, {value.strip()}" if key in headers else value.strip()
    return Request(words[0].upper(), _path(words[1]), headers)


def encode(request: Request, response: Response) -> bytes:
    """An answer's bytes, gzip where the client takes it; without the body for HEAD."""
    body, headers = response.body, dict(response.headers)
    if len(body) >= GZIP_BYTES_MIN and accepts_gzip(request.headers.get("accept-encoding", "")):
        packer = zlib.compressobj(1, zlib.DEFLATED, _GZIP)
        body = packer.compress(body) + packer.flush()
        headers["Content-Encoding"] = "gzip"
    lines = [
        f"HTTP/1.1 {response.status} {HTTPStatus(response.status).phrase}",
        f"Content-Type: {response.content_type}",
        f"Content-Length: {len(body)}",
        "Cache-Control: no-store",
        "Vary: Accept, Accept-Encoding",
        "X-Content-Type-Options: nosniff",
        *(f"{name}: {value}" for name, value in headers.items()),
        "Connection: close",
    ]
    head = "\r\n".join([*lines, "", ""]).encode("latin-1")
    return head if request.method == "HEAD" else head + body


def accepts_gzip(accept_encoding: str) -> bool:
    """Whether an Accept-Encoding header asks for gzip (RFC 9110, 12.5.3): named, and not with `q=0`."""
    for part in accept_encoding.lower().split(","):
        coding, *parameters = (word.strip() for word in part.split(";"))
        if coding in ("gzip", "x-gzip"):
            return not any(word.replace(" ", "").rstrip("0") in ("q=", "q=0.", "q=.") for word in parameters)
    return False


def _path(target: str) -> str:
    """The path of a request's target, which a proxy may write with scheme and host."""
    if target.lower().startswith("http://"):
        target = "/" + target[len("http://") :].partition("/")[2]
    return target.partition("?")[0].partition("#")[0]
