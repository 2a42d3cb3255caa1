"""Reads an engine over HTTP: the implementation of `port.EngineReader` that the program runs on."""

from __future__ import annotations

import random as random_numbers
import threading
import time
from typing import TYPE_CHECKING, Any, TypeVar

from reconciler.backend import errors
from reconciler.backend.engine_link import EngineLink, NobodyObserves, Timeouts
from reconciler.backend.event_stream import HttpEventStream, events_target
from reconciler.backend.inspect_many import inspect_many
from reconciler.backend.port import EngineObserver, Inspection, Listing, Moment
from reconciler.backend.retrying import ATTEMPTS, Retries

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from reconciler.backend.address import EngineAddress
    from reconciler.backend.http_connection import Answer, HttpConnection

T = TypeVar("T")

_OK, _NOT_FOUND = 200, 404
_BODY_ENDS = (b"}\n", b"}")
# From so many on, several connections are faster than the kept one.
_MANY = 8


class HttpEngineReader:
    """Implements `port.EngineReader`; see there for what each method promises. Any thread may call any method.

    Args:
        address: the engine's, of kind `unix` or `tcp`.
        timeouts: how long the engine may take.
        clock: monotonic, seconds.
        sleep: waits so many seconds, between the short retries.
        random: a number from 0 to 1, for the retries' jitter.
        observer: counts requests and retries.
        attempts: how often a request is made before its error comes out.
        silence_timeout_s: an event stream that says nothing for so long ends as `silent`; None lets it be silent, as
            an idle engine's is (a connection of which the other side vanished is found out by TCP's keepalive).
        remaining_s: seconds that are left of a budget that holds for everything; None for no budget.
    """

    def __init__(
        self,
        address: EngineAddress,
        *,
        timeouts: Timeouts | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
        random: Callable[[], float] = random_numbers.random,
        observer: EngineObserver | None = None,
        attempts: int = ATTEMPTS,
        silence_timeout_s: float | None = None,
        remaining_s: Callable[[], float] | None = None,
    ) -> None:
        counting = observer or NobodyObserves()
        self._address = address
        self._silence_timeout_s = silence_timeout_s
        self._link = EngineLink(
            address, timeouts=timeouts or Timeouts(), clock=clock, observer=counting, remaining_s=remaining_s
        )
        self._retries = Retries(sleep=sleep, random=random, on_retry=counting.retry, attempts=attempts)
        self._lock = threading.Lock()
        self._kept: HttpConnection | None = None

    @property
    def name(self) -> str:
        """The engine's address as people write it."""
        return self._address.name

    def list(self) -> Listing:
        """All containers, stopped ones included."""
        return self._request("list", "/containers/json?all=1", self._listing)

    def inspect(self, container_id: str) -> Inspection:
        """One container; None where the engine itself says that there is none."""
        return self._request("inspect", _inspect_target(container_id), self._inspection_of(container_id))

    def inspect_many(self, container_ids: Sequence[str]) -> Iterator[Inspection]:
        """Several containers; many of them over several connections at once."""
        if len(container_ids) < _MANY:
            return map(self.inspect, container_ids)
        return inspect_many(self._link, container_ids, target_of=_inspect_target, reader=self)

    def networks(self) -> Sequence[Mapping[str, Any]]:
        """All networks."""
        return self._request("networks", "/networks", lambda answer, _: self._objects(answer, "networks"))

    def events(self) -> HttpEventStream:
        """Subscribe to what may change a container; execs are left out."""
        return self._retries.call("events", self._subscribe)

    def close(self) -> None:
        """Close all connections, from any thread."""
        self._link.close()
        # A thread in the middle of a request is about to fail, and closes its connection itself.
        if self._lock.acquire(timeout=1):
            try:
                self._drop_kept()
            finally:
                self._lock.release()

    def _request(self, operation: str, target: str, read: Callable[[Answer, Moment], T]) -> T:
        with self._lock:
            return self._retries.call(operation, lambda: self._attempt(operation, target, read))

    def _attempt(self, operation: str, target: str, read: Callable[[Answer, Moment], T]) -> T:
        connection = self._kept or self._link.connect(operation)
        self._kept = connection
        try:
            result = self._link.exchange(connection, operation, target, read)
        except BaseException:
            # After whatever went wrong a new connection is the surest.
            self._drop_kept()
            raise
        if connection.is_spent or self._link.is_closed:
            self._drop_kept()
        return result

    def _drop_kept(self) -> None:
        kept, self._kept = self._kept, None
        if kept is not None:
            self._link.disconnect(kept)

    def _subscribe(self) -> HttpEventStream:
        connection = self._link.connect("events")
        try:
            head = self._link.subscribe(connection, "events", events_target())
        except BaseException:
            self._link.disconnect(connection)
            raise
        return HttpEventStream(self._link, connection, head, silence_timeout_s=self._silence_timeout_s)

    def _listing(self, answer: Answer, moment: Moment) -> Listing:
        return Listing(self._objects(answer, "list"), moment)

    def _objects(self, answer: Answer, operation: str) -> Sequence[Mapping[str, Any]]:
        """The objects of a list, each with a str `Id`."""
        value = self._link.json(answer, operation)
        if not isinstance(value, list):
            raise errors.malformed("the answer is JSON, but no list", operation, self._address)
        if not all(isinstance(entry, dict) and isinstance(entry.get("Id"), str) for entry in value):
            raise errors.malformed("the answer lists something without an Id", operation, self._address)
        return value

    def _inspection_of(self, container_id: str) -> Callable[[Answer, Moment], Inspection]:
        def inspection(answer: Answer, moment: Moment) -> Inspection:
            return self.inspection(container_id, answer, moment)

        return inspection

    def inspection(self, container_id: str, answer: Answer, moment: Moment) -> Inspection:
        """Read the answer to an inspect."""
        if answer.head.status == _NOT_FOUND and errors.is_no_such_container(answer.body):
            return Inspection(container_id, None, moment)
        # The body is handed on as it came, for its reader to parse. Parsed here is only what is no object at first
        # sight: HTML, a part of a body, an error.
        if answer.head.status != _OK or answer.body[:1] != b"{" or not answer.body.endswith(_BODY_ENDS):
            self._link.json_object(answer, "inspect")
        return Inspection(container_id, answer.body, moment)


def _inspect_target(container_id: str) -> str:
    if not container_id.isalnum():
        from urllib.parse import quote  # late: ids never need it

        container_id = quote(container_id, safe="")
    return f"/containers/{container_id}/json"
