"""The HTTP server: one thread accepts, one more serves each connection, and no client can hold up another.

A request and an answer each have a deadline for the whole of them, so that a client which sends or takes a byte now and
then is not served forever. Connections are bounded: one too many ends the oldest, which is an idle one sooner or later.

Why no library: waitress 3.0.2 (4 threads, `connection_limit` 1000, `channel_timeout` 5) was tried and does not hold.
Eight clients that send 400 requests in one piece and read nothing leave all its threads waiting in `write_soon`, which
has no timeout, once the page has 100 kB; with 40 kB 190 of them make the process grow to 1.8 GB. Its timeout begins
anew with each byte, and at its limit it accepts no one, so that slow clients keep all others out. `wsgiref` and
`http.server` have no deadline for a whole request or answer, and no bound.
"""

from __future__ import annotations

import contextlib
import select
import socket
import threading
import time
from typing import TYPE_CHECKING

from metrics.http import HEAD_BYTES_MAX, Request, Response, encode, head_of, parse_request, text_response
from models.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from metrics.routes import Routes

_UNREADABLE = Request("GET", "")
_PAUSE_S = 0.5


@frozen
class Limits:
    """What a client may take.

    Attributes:
        connections_max: as many at a time.
        request_s: for sending a request's head, seconds.
        answer_s: for taking the answer, seconds.
        linger_s: for closing after it, seconds.
    """

    connections_max: int = 64
    request_s: float = 5.0
    answer_s: float = 10.0
    linger_s: float = 1.0


class ExpositionServer:
    """Serves routes on sockets that listen already.

    Args:
        listeners: as `listening.listen` gives them; the server closes them.
        routes: what is answered.
        log: takes one line about a page that failed.
        unexpected: takes unexpected errors; the threads go on.
        limits: what a client may take.
    """

    def __init__(
        self,
        listeners: Sequence[socket.socket],
        routes: Routes,
        *,
        log: Callable[[str], None],
        unexpected: Callable[[Exception], object],
        limits: Limits | None = None,
    ) -> None:
        self._listeners = list(listeners)
        self._routes = routes
        self._log = log
        self._unexpected = unexpected
        self._limits = limits or Limits()
        self._connections: dict[socket.socket, threading.Thread] = {}
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._wake_reader, self._wake_writer = socket.socketpair()
        self._acceptor = threading.Thread(target=self._accept_all, name="metrics", daemon=True)

    @property
    def port(self) -> int:
        """The port that is really listened on."""
        return int(self._listeners[0].getsockname()[1])

    def start(self) -> None:
        """Begin to serve."""
        self._acceptor.start()

    def close(self, timeout_s: float = 2.0) -> None:
        """End it: no connection is accepted any more, those that are open are cut, and threads are waited for."""
        self._stopping.set()
        self._wake_writer.close()
        if self._acceptor.ident is not None:
            self._acceptor.join(timeout_s)
        for listener in (*self._listeners, self._wake_reader):
            listener.close()
        with self._lock:
            open_ones = dict(self._connections)
        for connection, thread in open_ones.items():
            _cut(connection)
            thread.join(timeout_s)

    def _accept_all(self) -> None:
        poll = select.poll()
        by_descriptor = {listener.fileno(): listener for listener in self._listeners}
        for descriptor in (*by_descriptor, self._wake_reader.fileno()):
            poll.register(descriptor, select.POLLIN)
        for listener in self._listeners:
            listener.settimeout(0)  # polled: never waited for
        while not self._stopping.is_set():
            try:
                for descriptor, _ in poll.poll():
                    if descriptor in by_descriptor:
                        self._accept(by_descriptor[descriptor])
            except Exception as error:  # noqa: BLE001 - without this thread nothing could be seen any more
                self._make_room(error)

    def _accept(self, listener: socket.socket) -> None:
        try:
            connection, _ = listener.accept()
        except (BlockingIOError, ConnectionError, InterruptedError):
            return  # the client was gone before we came
        thread = threading.Thread(target=self._serve, args=(connection,), name="metrics-client", daemon=True)
        with self._lock:
            self._connections[connection] = thread
            crowded = len(self._connections) > self._limits.connections_max
        if crowded:
            self._cut_oldest()
        try:
            thread.start()
        except BaseException:
            self._close(connection)
            raise

    def _make_room(self, error: Exception) -> None:
        """No descriptor, thread or memory is left: end a client, and let others work before the next try."""
        if isinstance(error, OSError):
            self._log(f"a metrics client could not be accepted: {error.strerror}")
        else:
            self._unexpected(error)
        self._cut_oldest()
        self._stopping.wait(_PAUSE_S)

    def _cut_oldest(self) -> None:
        with self._lock:
            oldest = next(iter(self._connections), None)
            if oldest is not None:
                # Out of the count at once; its thread closes it as soon as it notices.
                del self._connections[oldest]
                _cut(oldest)

    def _serve(self, connection: socket.socket) -> None:
        try:
            self._converse(connection)
        except OSError:  # the client went away, was too slow, or was cut: its own affair
            pass
        except Exception as error:  # noqa: BLE001 - one client's, whatever it is
            self._unexpected(error)
        finally:
            self._close(connection)

    def _close(self, connection: socket.socket) -> None:
        with self._lock:
            self._connections.pop(connection, None)
            connection.close()

    def _converse(self, connection: socket.socket) -> None:
        received = _receive(connection, self._limits.request_s)
        if not received:
            return
        head = head_of(received)
        request = parse_request(head) if head is not None else None
        answer = encode(request or _UNREADABLE, self._answer(request, too_long=head is None))
        connection.settimeout(self._limits.answer_s)
        connection.sendall(answer)
        _linger(connection, self._limits.linger_s)

    def _answer(self, request: Request | None, *, too_long: bool) -> Response:
        if request is None:
            return text_response(431, "the request is too long") if too_long else text_response(400, "no request")
        try:
            return self._routes.answer(request)
        except Exception as error:  # noqa: BLE001 - a page that fails must end neither the server nor its thread
            self._log(f"the page {request.path} failed: {type(error).__name__}: {error}")
            return text_response(500, "the page failed; the log says why")


def _receive(connection: socket.socket, timeout_s: float) -> bytes:
    """Everything up to the end of a head, or b'' where the client says no more before that.

    Raises:
        TimeoutError: the head was not there in time.
    """
    deadline_s = time.monotonic() + timeout_s
    received = b""
    while head_of(received) is None and len(received) < HEAD_BYTES_MAX:
        connection.settimeout(max(deadline_s - time.monotonic(), 0.001))
        piece = connection.recv(HEAD_BYTES_MAX - len(received))
        if not piece:
            return b""
        received += piece
    return received


def _linger(connection: socket.socket, timeout_s: float) -> None:
    """Say that no more comes and take what the client still sends: closing at once could destroy our last bytes."""
    connection.shutdown(socket.SHUT_WR)
    deadline_s = time.monotonic() + timeout_s
    while (left_s := deadline_s - time.monotonic()) > 0:
        connection.settimeout(left_s)
        if not connection.recv(HEAD_BYTES_MAX):
            return


def _cut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):  # it ended by itself
        connection.shutdown(socket.SHUT_RDWR)
