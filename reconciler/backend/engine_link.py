"""Connections to one engine that speak the agreed version of its API, and the exchange of one request for one answer.

Everything that is raised from here on is an EngineError. Nothing is retried here.
"""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any, TypeVar

from models.frozen import frozen
from reconciler.backend import api_version, errors
from reconciler.backend.http_answer import BODY_BYTES_MAX, Answer, Head, MalformedAnswerError
from reconciler.backend.http_connection import HttpConnection
from reconciler.backend.http_dates import engine_ns_max
from reconciler.backend.port import EngineError, EngineObserver, RequestTime
from reconciler.backend.sockets import open_socket

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.backend.address import EngineAddress

T = TypeVar("T")

_OK = 200
VERSION_BYTES_MAX = 1024 * 1024


@frozen
class Timeouts:
    """How long an engine may take.

    Attributes:
        connect_s: to accept a connection, and as long again to shake hands.
        read_s: for each piece of an answer; a silent connection is given up after it.
        answer_s: for an answer as a whole.
    """

    connect_s: float = 5.0
    read_s: float = 10.0
    answer_s: float = 60.0


class NullObserver:
    """An observer that counts nothing."""

    def request(self, operation: str, result: str, duration_s: float) -> None:
        """Count nothing."""

    def retry(self, operation: str) -> None:
        """Count nothing."""


class EngineLink:
    """Opens connections to an engine and asks over them.

    Args:
        address: the engine's, of kind `unix` or `tcp`.
        timeouts: how long it may take.
        clock: monotonic, seconds.
        observer: counts requests.
        remaining_s: seconds that are left of a budget that holds for everything; None for no budget.
    """

    def __init__(
        self,
        address: EngineAddress,
        *,
        timeouts: Timeouts,
        clock: Callable[[], float],
        observer: EngineObserver,
        remaining_s: Callable[[], float] | None = None,
    ) -> None:
        self.address = address
        self._closed = threading.Event()
        self._timeouts = timeouts
        self._clock = clock
        self._observer = observer
        self._remaining_s = remaining_s
        self._prefix = ""
        self._lock = threading.Lock()
        self._open: set[HttpConnection] = set()

    @property
    def version(self) -> str:
        """The agreed version, such as `1.41`; '' before the first connection."""
        return self._prefix.removeprefix("/v")

    @property
    def is_closed(self) -> bool:
        """Whether we ended it."""
        return self._closed.is_set()

    def connect(self, operation: str) -> HttpConnection:
        """Open a connection; the first one agrees with the engine on a version of the API.

        Args:
            operation: what is about to be asked, for the error's message.
        """
        if self._closed.is_set():
            raise errors.closed(operation, self.address)
        begun_at_s = self._clock()
        try:
            socket = open_socket(self.address, timeout_s=self._limited(self._timeouts.connect_s))
        except OSError as error:
            self._observer.request(operation, "error", self._clock() - begun_at_s)
            raise errors.connection_error(error, operation, self.address) from error
        connection = HttpConnection(
            socket, self.address.authority, clock=self._clock, answer_timeout_s=self._timeouts.answer_s
        )
        with self._lock:
            self._open.add(connection)
            if self._closed.is_set():
                connection.abort()
        try:
            connection.set_timeout(self._limited(self._timeouts.read_s))
            if not self._prefix:
                self._agree_on_version(connection)
        except BaseException:
            self.disconnect(connection)
            raise
        return connection

    def disconnect(self, connection: HttpConnection) -> None:
        """Close a connection; only for the thread that uses it."""
        with self._lock:
            self._open.discard(connection)
        connection.close()

    def close(self) -> None:
        """Let whoever waits for an answer fail, and open no connection any more. From any thread."""
        with self._lock:
            self._closed.set()
            for connection in self._open:
                connection.abort()

    def exchange(
        self,
        connection: HttpConnection,
        operation: str,
        target: str,
        read: Callable[[Answer, RequestTime], T],
        *,
        limit_bytes: int = BODY_BYTES_MAX,
    ) -> T:
        """Ask, and read the answer; see `send_request` and `read_response`."""
        begun_at_s = self.send_request(connection, operation, target)
        return self.read_response(connection, operation, target, begun_at_s, read, limit_bytes=limit_bytes)

    def send_request(self, connection: HttpConnection, operation: str, target: str) -> float:
        """Send a request.

        Returns:
            When it was begun, on our monotonic clock in seconds.
        """
        begun_at_s = self._clock()
        try:
            if self._remaining_s is not None:
                connection.set_timeout(self._limited(self._timeouts.read_s))
            connection.send("GET", self._prefix + target)
        except OSError as error:
            raise self._failed(error, operation, begun_at_s) from error
        return begun_at_s

    def read_response(
        self,
        connection: HttpConnection,
        operation: str,
        target: str,
        begun_at_s: float,
        read: Callable[[Answer, RequestTime], T],
        *,
        patience_s: float | None = None,
        limit_bytes: int = BODY_BYTES_MAX,
    ) -> T:
        """Receive the answer to the oldest request of a connection.

        Args:
            connection: where it was asked.
            operation: what was asked.
            target: path and query without the version; asked again in the version that a refusal names.
            begun_at_s: what `send_request` returned.
            read: makes the result of an answer with a status of its own choice; may raise EngineError.
            patience_s: how long to wait before NotYetError; None is as long as the timeouts allow.
            limit_bytes: how long the answer's body may be.

        Raises:
            EngineError: the connection is of no use any more.
            NotYetError: patience is over; the same call, from any thread, waits on.
        """
        try:
            answer = connection.receive(patience_s=patience_s, limit_bytes=limit_bytes)
            if self._speaks_otherwise(answer):
                connection.send("GET", self._prefix + target)
                answer = connection.receive(limit_bytes=limit_bytes)
            result = read(answer, RequestTime(begun_at_s, engine_ns_max(answer.head.headers.get(b"date"))))
        except (OSError, MalformedAnswerError) as error:
            raise self._failed(error, operation, begun_at_s) from error
        except EngineError:
            self._observer.request(operation, "error", self._clock() - begun_at_s)
            raise
        self._observer.request(operation, "success", self._clock() - begun_at_s)
        return result

    def subscribe(self, connection: HttpConnection, operation: str, target: str) -> Head:
        """Ask for a stream, and receive the head of its answer.

        Returns:
            The head; `HttpConnection.pieces` gives the body.
        """
        begun_at_s = self.send_request(connection, operation, target)
        try:
            head = connection.receive_head()
            if head.status != _OK:
                raise errors.answer_error(connection.receive_rest(head), operation, self.address)
        except (OSError, MalformedAnswerError) as error:
            raise self._failed(error, operation, begun_at_s) from error
        except EngineError:
            self._observer.request(operation, "error", self._clock() - begun_at_s)
            raise
        self._observer.request(operation, "success", self._clock() - begun_at_s)
        return head

    def translated(self, error: Exception, operation: str) -> EngineError:
        """What an exception of a connection means."""
        if self.is_closed:
            return errors.closed(operation, self.address)
        return errors.connection_error(error, operation, self.address)

    def given_up(self, operation: str, begun_at_s: float) -> EngineError:
        """Count a request whose answer is not waited for, and say so."""
        return self._failed(TimeoutError(), operation, begun_at_s)

    def _failed(self, error: Exception, operation: str, begun_at_s: float) -> EngineError:
        self._observer.request(operation, "error", self._clock() - begun_at_s)
        return self.translated(error, operation)

    def json_object(self, answer: Answer, operation: str) -> dict[str, Any]:
        """The JSON object of a good answer."""
        value = self.json(answer, operation)
        if not isinstance(value, dict):
            raise errors.malformed("the answer is JSON, but not an object", operation, self.address)
        return value

    def json(self, answer: Answer, operation: str) -> Any:
        """The JSON value of a good answer."""
        if answer.head.status != _OK:
            raise errors.answer_error(answer, operation, self.address)
        try:
            return json.loads(answer.body)
        except (ValueError, RecursionError) as error:
            raise errors.malformed(errors.not_json(answer.body), operation, self.address) from error

    def _limited(self, timeout_s: float) -> float:
        if self._remaining_s is None:
            return timeout_s
        # A timeout of zero would mean something else to a socket.
        return max(0.001, min(timeout_s, self._remaining_s()))

    def _agree_on_version(self, connection: HttpConnection) -> None:
        answer = self.exchange(
            connection,
            "version",
            "/version",
            lambda answer, _: self.json_object(answer, "version"),
            limit_bytes=VERSION_BYTES_MAX,
        )
        try:
            self._speak(api_version.choose(answer))
        except ValueError as error:
            raise errors.malformed(str(error), "version", self.address) from error

    def _speaks_otherwise(self, answer: Answer) -> bool:
        """Whether another engine came into this one's place and named the version that it wants."""
        version = api_version.named_in_refusal(answer.head.status, answer.body)
        if version is None:
            return False
        before = self._prefix
        self._speak(version)
        return self._prefix != before

    def _speak(self, version: api_version.ApiVersion) -> None:
        self._prefix = f"/v{version[0]}.{version[1]}"
