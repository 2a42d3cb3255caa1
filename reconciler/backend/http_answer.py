"""An HTTP/1.1 answer: its head and body as values, what makes it malformed, and what of it is read at once."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from models.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

HEAD_BYTES_MAX = 64 * 1024
HEAD_LINES_MAX = 256
INTERIM_ANSWERS_MAX = 16
CHUNK_LINE_BYTES_MAX = 4096
# Engines and proxies send chunks of kilobytes. More chunks than this have to hold something, on the average.
CHUNKS_MAX = 10_000
CHUNK_BYTES_MIN = 16
FINAL_STATUS_MIN = 200
BODILESS = frozenset({204, 304})
BODY_BYTES_MAX = 16 * 1024 * 1024
"""The limit of an answer for which its reader names no other."""

_LENGTH_DIGITS_MAX = 18
_CHUNK_SIZE = re.compile(rb"[0-9a-fA-F]{1,15}")


class MalformedAnswerError(Exception):
    """What came is not HTTP, or more of it than any engine sends."""


class ConnectionEndedError(ConnectionError):
    """The other side ended the connection before the answer was complete."""


@frozen
class Head:
    """An answer's first part.

    Attributes:
        status: the HTTP status.
        headers: values by lower-case name; of repeated ones the last.
        is_chunked: the body comes in chunks.
        length: of the body in bytes, where it does not; 0 for statuses that never have a body; None where the
            connection's end is the body's.
        ends_connection: the connection is of no use after this answer.
    """

    status: int
    headers: Mapping[bytes, bytes]
    is_chunked: bool
    length: int | None
    ends_connection: bool


@frozen
class Answer:
    """A complete answer."""

    head: Head
    body: bytes


def whole_answer(data: bytes) -> Answer | None:
    """The answer that these bytes are, where they are exactly one, in one chunk at most; None where not.

    Nearly all answers are; reading them here takes a third of what the general way takes.
    """
    head_end = data.find(b"\r\n\r\n")
    if head_end < 0:
        return None
    head = parse_head(data[:head_end])
    start = head_end + 4
    if head.status < FINAL_STATUS_MIN:
        return None
    if not head.is_chunked:
        return Answer(head, data[start:]) if len(data) - start == head.length else None
    size_end = data.find(b"\r\n", start, start + 12)
    if size_end < 0 or not (size := chunk_size(data[start:size_end])):
        return None
    body_end = size_end + 2 + size
    return Answer(head, data[size_end + 2 : body_end]) if data[body_end:] == b"\r\n0\r\n\r\n" else None


def chunk_size(line: bytes) -> int:
    """Read the line before a chunk."""
    digits = line.partition(b";")[0].strip()
    if _CHUNK_SIZE.fullmatch(digits) is None:
        raise MalformedAnswerError("its chunked encoding is broken")
    return int(digits, 16)


def check_length(length: int, limit_bytes: int) -> None:
    """Raise MalformedAnswerError where something is longer than its limit."""
    if length > limit_bytes:
        raise MalformedAnswerError("it is too long")


@lru_cache(maxsize=32)
def parse_head(data: bytes) -> Head:
    """Read a head; kept, because the heads of an engine's answers within a second are nearly all the same."""
    first, *lines = data.split(b"\r\n", HEAD_LINES_MAX + 1)
    protocol, _, rest = first.partition(b" ")
    if not protocol.startswith(b"HTTP/1.") or not rest[:3].isdigit():
        raise MalformedAnswerError("it is not HTTP")
    if len(lines) > HEAD_LINES_MAX:
        raise MalformedAnswerError("its header has too many lines")
    headers = {}
    for line in lines:
        name, _, value = line.partition(b":")
        headers[name.lower()] = value.strip()
    status = int(rest[:3])
    is_chunked = status not in BODILESS and headers.get(b"transfer-encoding", b"").lower() == b"chunked"
    length = 0 if status in BODILESS else None if is_chunked else _length(headers)
    ends = headers.get(b"connection", b"").lower() == b"close" or protocol == b"HTTP/1.0"
    return Head(status, headers, is_chunked, length, ends or (length is None and not is_chunked))


def _length(headers: Mapping[bytes, bytes]) -> int | None:
    text = headers.get(b"content-length")
    if text is None:
        return None
    if not text.isdigit():
        raise MalformedAnswerError("its Content-Length is not a number")
    if len(text.lstrip(b"0")) > _LENGTH_DIGITS_MAX:
        raise MalformedAnswerError("it is too long")
    return int(text[-_LENGTH_DIGITS_MAX:])
