"""Frames between the program and its render process: a JSON object and bytes after it, each with its length before it.

Both ends use this file. What comes from the render process is not trusted, so nothing is ever unpickled or evaluated,
and lengths are checked before anything is read.
"""

from __future__ import annotations

import json
import struct
from typing import Any, NamedTuple

_LENGTHS = struct.Struct(">IQ")
HEADER_BYTES_MAX = 64 * 1024 * 1024
"""Of what the program itself sends: a template's text in a header, say."""


class BadFrame(ValueError):  # noqa: N818 - named for what arrived
    """The other end does not speak this protocol."""


class Frame(NamedTuple):
    """One message.

    Attributes:
        header: what is said.
        body: the bytes that belong to it.
    """

    header: dict[str, Any]
    body: bytes


def pack(header: dict[str, Any], body: bytes = b"") -> bytes:
    """A frame as bytes."""
    text = json.dumps(header, separators=(",", ":")).encode()
    return b"".join((_LENGTHS.pack(len(text), len(body)), text, body))


class FrameReader:
    """Puts frames together from what arrives piece by piece.

    Args:
        header_max: of a header, in bytes.
        body_max: of a body, in bytes.

    Attributes:
        body_max: may be changed between two frames.
    """

    def __init__(self, *, header_max: int, body_max: int) -> None:
        self._header_max = header_max
        self.body_max = body_max
        self._buffer = bytearray()

    def add(self, piece: bytes) -> None:
        """Take what arrived."""
        self._buffer += piece

    def next(self) -> Frame | None:
        """The next frame, None where it is not whole yet.

        Raises:
            BadFrame: it is larger than allowed, or its header is no JSON object.
        """
        if len(self._buffer) < _LENGTHS.size:
            return None
        header_length, body_length = _LENGTHS.unpack_from(self._buffer)
        if header_length > self._header_max or body_length > self.body_max:
            raise BadFrame("a frame is larger than it may be")
        start = _LENGTHS.size + header_length
        end = start + body_length
        if len(self._buffer) < end:
            return None
        with memoryview(self._buffer) as view:
            text, body = bytes(view[_LENGTHS.size : start]), bytes(view[start:end])
        del self._buffer[:end]
        return Frame(_object(text), body)


def _object(text: bytes) -> dict[str, Any]:
    try:
        header = json.loads(text.decode())  # it guesses the encoding of bytes
    except (ValueError, RecursionError):
        raise BadFrame("a header is no JSON") from None
    if type(header) is not dict:
        raise BadFrame("a header is no JSON object")
    return header
