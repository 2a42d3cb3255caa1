"""Reads HTTP/1.1 answers out of a buffer, without touching a socket.

Each method is a generator that yields while bytes are missing, until whoever runs it has put more into the buffer. So
an answer that takes long is put aside anywhere in the middle, and read on by another thread.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeVar

from reconciler.backend.http_answer import (
    CHUNK_BYTES_MIN,
    CHUNK_LINE_BYTES_MAX,
    CHUNKS_MAX,
    FINAL_STATUS_MIN,
    HEAD_BYTES_MAX,
    HEAD_LINES_MAX,
    INTERIM_ANSWERS_MAX,
    Answer,
    ConnectionEndedError,
    Head,
    MalformedAnswerError,
    check_length,
    chunk_size,
    parse_head,
)

T = TypeVar("T")
Reading = Generator[int, bool, T]
"""A part of an answer as it is read: yields how many bytes are known to be missing (0: some), and is sent whether
there were any."""


class AnswerParser:
    """The answers of one connection.

    Attributes:
        buffer: what came and was not read yet.
    """

    def __init__(self) -> None:
        self.buffer = bytearray()

    def answer(self, limit_bytes: int) -> Reading[Answer]:
        """A whole answer, its body no longer than the limit."""
        head = yield from self.head()
        return (yield from self.rest_of_answer(head, limit_bytes))

    def head(self) -> Reading[Head]:
        """An answer up to its body."""
        for _ in range(INTERIM_ANSWERS_MAX):
            head = parse_head((yield from self._until(b"\r\n\r\n", HEAD_BYTES_MAX)))
            # 100 Continue and its like come before the answer.
            if head.status >= FINAL_STATUS_MIN:
                return head
        raise MalformedAnswerError("only interim answers arrive")

    def rest_of_answer(self, head: Head, limit_bytes: int) -> Reading[Answer]:
        """The body that belongs to a head."""
        return Answer(head, (yield from self._body(head, limit_bytes)))

    def _body(self, head: Head, limit_bytes: int) -> Reading[bytes]:
        if head.is_chunked:
            return (yield from self._chunked_body(limit_bytes))
        if head.length is None:
            return (yield from self._body_to_the_end(limit_bytes))
        check_length(head.length, limit_bytes)
        return (yield from self.take(head.length))

    def _chunked_body(self, limit_bytes: int) -> Reading[bytes]:
        body = yield from self.chunk(limit_bytes)
        if not body:
            return b""
        chunks = 1
        while piece := (yield from self.chunk(limit_bytes - len(body))):
            body += piece
            chunks += 1
            if chunks > CHUNKS_MAX and len(body) < chunks * CHUNK_BYTES_MIN:
                raise MalformedAnswerError("it comes in too many small chunks")
        return bytes(body)

    def _body_to_the_end(self, limit_bytes: int) -> Reading[bytes]:
        while (yield 0):
            check_length(len(self.buffer), limit_bytes)
        check_length(len(self.buffer), limit_bytes)
        return (yield from self.take(len(self.buffer)))

    def chunk(self, limit_bytes: int) -> Reading[bytearray]:
        """The next chunk; an empty one is the last."""
        size = chunk_size((yield from self._until(b"\r\n", CHUNK_LINE_BYTES_MAX)))
        if size == 0:
            yield from self._trailers()
            return bytearray()
        check_length(size, limit_bytes)
        data = yield from self._take_buffer(size + 2)
        if not data.endswith(b"\r\n"):
            raise MalformedAnswerError("its chunked encoding is broken")
        del data[-2:]
        return data

    def _trailers(self) -> Reading[None]:
        for _ in range(HEAD_LINES_MAX):
            if not (yield from self._until(b"\r\n", HEAD_BYTES_MAX)):
                return
        raise MalformedAnswerError("its trailers do not end")

    def _until(self, end: bytes, limit: int) -> Reading[bytes]:
        searched = 0
        while (found := self.buffer.find(end, searched)) < 0:
            searched = max(0, len(self.buffer) - len(end) + 1)
            if len(self.buffer) > limit:
                raise MalformedAnswerError("it is not HTTP, or its header is too long")
            yield from self._more(0)
        taken = bytes((yield from self._take_buffer(found + len(end))))
        return taken[:found]

    def take(self, count: int) -> Reading[bytes]:
        """So many bytes."""
        return bytes((yield from self._take_buffer(count)))

    def _take_buffer(self, count: int) -> Reading[bytearray]:
        while (missing := count - len(self.buffer)) > 0:
            yield from self._more(missing)
        taken = self.buffer[:count]
        del self.buffer[:count]
        return taken

    @staticmethod
    def _more(missing: int) -> Reading[None]:
        if not (yield missing):
            raise ConnectionEndedError("the connection was closed in the middle of an answer")
