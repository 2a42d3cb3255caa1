"""HTTP/1.1 over one kept connection, as much of it as engines speak.

The standard library's client costs twice what an engine takes for an inspect; this one costs a tenth of it. It sends
requests without a body, reads answers framed by Content-Length, by chunks or by the connection's end, and leaves
retries, statuses and the words of errors to its callers.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, TypeVar

from reconciler.backend.http_answer import BODY_BYTES_MAX, Answer, ConnectionEndedError, check_length, whole_answer
from reconciler.backend.http_parser import AnswerParser, Reading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reconciler.backend.http_answer import Head

# Up to here the memory for a read comes from the heap, which is a good deal faster than pages from the system.
READ_BYTES = 64 * 1024
READ_BYTES_MAX = 1024 * 1024
_PATIENCE_S_MIN = 0.01

T = TypeVar("T")


class NotYetError(Exception):
    """The answer is not there yet, and patience is over: `receive` may be called again, and goes on where it was."""


class HttpConnection:
    """One connection that is asked again and again. For one thread; `abort` may be called from any.

    After any exception the connection is of no use any more and is to be closed.

    Attributes:
        is_spent: the last answer ended it: it can't be asked again.

    Args:
        connection: a connected socket with its timeout set; owned from now on.
        host: for the `Host` header.
        clock: monotonic, seconds.
        answer_timeout_s: for one answer in whole, on top of the socket's timeout for each piece of it, so that an
            engine that sends a byte now and then does not hold us forever.
    """

    def __init__(
        self, connection: socket.socket, host: str, *, clock: Callable[[], float], answer_timeout_s: float
    ) -> None:
        self._socket = connection
        self._parser = AnswerParser()
        self._tail = f" HTTP/1.1\r\nHost: {host}\r\nAccept: application/json\r\nUser-Agent: pygen\r\n\r\n".encode()
        self._clock = clock
        self._answer_timeout_s = answer_timeout_s
        self._timeout_s: float | None = connection.gettimeout()
        self._set_timeout_s = self._timeout_s
        self._deadline_s = float("inf")
        self._reading: Reading[Answer] | None = None
        self._missing: int | None = None
        self.is_spent = False

    def set_timeout(self, timeout_s: float | None) -> None:
        """How long each piece of an answer may take, in seconds; None is forever."""
        self._timeout_s = timeout_s
        self._wait_at_most(timeout_s)

    def send(self, method: str, target: str) -> None:
        """Send a request without a body."""
        self._socket.sendall(b"%b %b%b" % (method.encode(), target.encode("latin-1"), self._tail))

    def receive(self, *, patience_s: float | None = None, limit_bytes: int = BODY_BYTES_MAX) -> Answer:
        """Read the answer to the oldest request that was sent and not yet answered.

        Args:
            patience_s: how long to wait in all before `NotYetError`; None waits as long as the timeouts allow.
            limit_bytes: how long the body may be.

        Raises:
            NotYetError: patience is over; any thread may call again, and reads on.
            OSError: the connection broke, or was too slow (TimeoutError).
            MalformedAnswerError: it is no HTTP, or too much.
        """
        until_s = None if patience_s is None else self._clock() + patience_s
        if self._reading is None:
            self._deadline_s = self._clock() + self._answer_timeout_s
            if not self._parser.buffer and (answer := self._at_once(until_s, limit_bytes)) is not None:
                return answer
            self._reading = self._parser.answer(limit_bytes)
        answer = self._run(self._reading, until_s)
        self._reading = None
        self.is_spent = answer.head.ends_connection
        return answer

    def _at_once(self, until_s: float | None, limit_bytes: int) -> Answer | None:
        """The whole answer where one read brings it, as nearly all do."""
        data = self._read(READ_BYTES, until_s)
        answer = whole_answer(data)
        if answer is not None and len(answer.body) <= limit_bytes:
            self.is_spent = answer.head.ends_connection
            return answer
        if not data:
            raise ConnectionEndedError("the connection was closed")
        self._parser.buffer += data
        return None

    def receive_rest(self, head: Head) -> Answer:
        """Read the body that belongs to a head."""
        self.is_spent = head.ends_connection
        return self._run(self._parser.rest_of_answer(head, BODY_BYTES_MAX))

    def receive_head(self) -> Head:
        """Read an answer up to its body."""
        self._deadline_s = self._clock() + self._answer_timeout_s
        return self._run(self._parser.head())

    def pieces(self, head: Head) -> Iterator[bytes]:
        """Read a body as it comes, piece by piece, without a limit on the whole; the timeout holds for each piece."""
        self._deadline_s = float("inf")
        if head.is_chunked:
            while piece := self._run(self._parser.chunk(BODY_BYTES_MAX)):
                yield bytes(piece)
        elif head.length is not None:
            check_length(head.length, BODY_BYTES_MAX)
            yield self._run(self._parser.take(head.length))
        else:
            while self._parser.buffer or self._fill(0, None):
                yield self._run(self._parser.take(len(self._parser.buffer)))

    # The socket

    def _run(self, reading: Reading[T], until_s: float | None = None) -> T:
        """Read for a part of an answer until it is complete."""
        try:
            if self._missing is None:
                self._missing = next(reading)
            while True:
                more = self._fill(self._missing, until_s)
                self._missing = reading.send(more)
        except StopIteration as done:
            self._missing = None
            result: T = done.value
            return result
        except NotYetError:
            raise
        except BaseException:
            self._missing = None
            raise

    def _fill(self, missing: int, until_s: float | None) -> bool:
        """Read what is there; False at the connection's end."""
        data = self._read(max(READ_BYTES, min(missing, READ_BYTES_MAX)), until_s)
        self._parser.buffer += data
        if data and self._clock() > self._deadline_s:
            raise TimeoutError("the answer as a whole took too long")
        return bool(data)

    def _read(self, count: int, until_s: float | None) -> bytes:
        if until_s is None:
            self._wait_at_most(self._timeout_s)
            return self._socket.recv(count)
        patience_s = max(_PATIENCE_S_MIN, until_s - self._clock())
        is_patient = self._timeout_s is not None and self._timeout_s <= patience_s
        self._wait_at_most(self._timeout_s if is_patient else patience_s)
        try:
            return self._socket.recv(count)
        except TimeoutError:
            if is_patient:
                raise
        raise NotYetError

    def _wait_at_most(self, timeout_s: float | None) -> None:
        if timeout_s != self._set_timeout_s:
            self._socket.settimeout(timeout_s)
            self._set_timeout_s = timeout_s

    def abort(self) -> None:
        """End it from any thread: whoever reads gets the connection's end."""
        try:
            # The plain socket's own: TLS state belongs to the thread that reads.
            socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
        except OSError:
            # Ended already: nothing is left to wake.
            return

    def close(self) -> None:
        """Close the socket; only for the thread that uses it, or after it."""
        self._socket.close()
