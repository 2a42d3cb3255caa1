"""Reads an engine over HTTP: the implementation of `port.EngineReader` that the program runs on."""

from __future__ import annotations

import json
import random as random_numbers
import time
from typing import TYPE_CHECKING, Any, TypeVar

from reconciler.backend import errors
from reconciler.backend.engine_link import EngineLink, NullObserver, Timeouts
from reconciler.backend.event_stream import HttpEventStream, events_target
from reconciler.backend.inspect_many import Inspected, inspect_many
from reconciler.backend.kept_connection import KeptConnection
from reconciler.backend.port import (
    EngineError,
    EngineObserver,
    InspectFailed,
    Inspection,
    InspectPending,
    LateSink,
    Listing,
    RequestTime,
)
from reconciler.backend.retrying import ATTEMPTS, Retries

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from reconciler.backend.address import EngineAddress
    from reconciler.backend.beside import Beside
    from reconciler.backend.http_answer import Answer
    from reconciler.backend.http_connection import HttpConnection

T = TypeVar("T")

_OK, _NOT_FOUND = 200, 404
_BODY_ENDS = (b"}\n", b"}")
# From so many on, several connections are faster than the kept one.
_MANY = 8

PATIENCE_S = 1.0
"""How long an inspect is waited for before it goes on beside the others."""

# A list is as long as what people write on their containers: labels, mostly.
LIST_BYTES_MIN = 128 * 1024 * 1024
LIST_BYTES_EACH = 128 * 1024
NETWORKS_BYTES_MAX = 32 * 1024 * 1024


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
        beside: runs what is not waited for; None where nobody asks for that.
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
        beside: Beside | None = None,
    ) -> None:
        counting = observer or NullObserver()
        self._address = address
        self._clock = clock
        self._beside = beside
        self._listed_count = 0
        self._silence_timeout_s = silence_timeout_s
        self._link = EngineLink(
            address, timeouts=timeouts or Timeouts(), clock=clock, observer=counting, remaining_s=remaining_s
        )
        self._retries = Retries(sleep=sleep, random=random, on_retry=counting.retry, attempts=attempts)
        self._kept = KeptConnection(self._link, self._retries)

    @property
    def name(self) -> str:
        """The engine's address as people write it."""
        return self._address.name

    def list(self, filters: Mapping[str, Sequence[str]] | None = None) -> Listing:
        """All containers, stopped ones included.

        Args:
            filters: of the engine's own, to narrow the list.
        """
        limit_bytes = LIST_BYTES_MIN + LIST_BYTES_EACH * self._listed_count
        listing = self._kept.request("list", _list_target(filters), self._listing, limit_bytes=limit_bytes)
        self._listed_count = max(len(listing.entries), self._listed_count if filters else 0)
        return listing

    def inspect(self, container_id: str) -> Inspection:
        """One container; None where the engine itself says that there is none."""
        return self._kept.request("inspect", _inspect_target(container_id), self._inspection_of(container_id))

    def inspect_many(self, container_ids: Sequence[str]) -> Iterator[Inspection]:
        """Several containers; many of them over several connections at once."""
        for inspected in self._inspect(container_ids, None):
            if isinstance(inspected, InspectFailed):
                raise inspected.error
            if isinstance(inspected, Inspection):
                yield inspected

    def inspect_each(self, container_ids: Sequence[str], late: LateSink) -> Iterator[Inspected]:
        """Several containers, none of which holds up the others."""
        return self._inspect(container_ids, late)

    def inspect_beside(self, container_id: str, late: LateSink) -> bool:
        """One container that nobody waits for."""
        begun_at_s = self._clock()

        def inspect() -> Inspection:
            connection = self._link.connect("inspect")
            try:
                return self._link.exchange(
                    connection, "inspect", _inspect_target(container_id), self._inspection_of(container_id)
                )
            finally:
                self._link.disconnect(connection)

        return self._beside is not None and self._beside.run(container_id, begun_at_s, inspect, late)

    def _inspect(self, container_ids: Sequence[str], late: LateSink | None) -> Iterator[Inspected]:
        single = _SingleReader(self, late)
        if len(container_ids) < _MANY:
            return map(single.inspect_one, container_ids)
        return inspect_many(
            self._link,
            container_ids,
            target_of=_inspect_target,
            reader=single,
            clock=self._clock,
            patience_s=single.patience_s,
        )

    def inspect_patiently(self, container_id: str, late: LateSink | None) -> Inspected:
        """One container over the kept connection, with retries, and as long as patience lasts.

        Args:
            container_id: the full id.
            late: takes the outcome where it is not waited for; None waits as long as the timeouts allow.
        """
        begun_at_s = self._clock()
        target, read = _inspect_target(container_id), self._inspection_of(container_id)
        try:
            if late is None:
                return self._kept.request("inspect", target, read)
            answered = self._kept.request_patiently("inspect", target, read, patience_s=PATIENCE_S)
        except EngineError as error:
            return InspectFailed(container_id, begun_at_s, error.bare())
        if isinstance(answered, Inspection):
            return answered
        return self.go_on_beside(answered, container_id, begun_at_s, late)

    def go_on_beside(
        self, connection: HttpConnection, container_id: str, begun_at_s: float, late: LateSink
    ) -> InspectPending | InspectFailed:
        """Wait for an answer in a thread of its own, or not at all where there are too many.

        Args:
            connection: where it was asked; owned from now on.
            container_id: the full id.
            begun_at_s: when it was asked, on our monotonic clock in seconds.
            late: takes the outcome.
        """

        def wait() -> Inspection:
            try:
                return self._link.read_response(
                    connection,
                    "inspect",
                    _inspect_target(container_id),
                    begun_at_s,
                    self._inspection_of(container_id),
                )
            finally:
                self._link.disconnect(connection)

        if self._beside is not None and self._beside.run(container_id, begun_at_s, wait, late):
            return InspectPending(container_id, begun_at_s)
        self._link.disconnect(connection)
        return InspectFailed(container_id, begun_at_s, self._link.given_up("inspect", begun_at_s))

    def networks(self) -> Sequence[Mapping[str, Any]]:
        """All networks."""
        return self._kept.request(
            "networks", "/networks", lambda answer, _: self._objects(answer, "networks"), limit_bytes=NETWORKS_BYTES_MAX
        )

    def events(self) -> HttpEventStream:
        """Subscribe to what may change a container; execs are left out."""
        return self._retries.call("events", self._subscribe)

    def close(self) -> None:
        """Let whoever waits for an answer fail, and ask nothing any more. From any thread, without waiting."""
        self._link.close()
        self._kept.close()

    def _subscribe(self) -> HttpEventStream:
        connection = self._link.connect("events")
        try:
            head = self._link.subscribe(connection, "events", events_target())
        except BaseException:
            self._link.disconnect(connection)
            raise
        return HttpEventStream(self._link, connection, head, silence_timeout_s=self._silence_timeout_s)

    def _listing(self, answer: Answer, moment: RequestTime) -> Listing:
        return Listing(self._objects(answer, "list"), moment)

    def _objects(self, answer: Answer, operation: str) -> Sequence[Mapping[str, Any]]:
        """The objects of a list, each with a str `Id`."""
        value = self._link.json(answer, operation)
        if not isinstance(value, list):
            raise errors.malformed("the answer is JSON, but not a list", operation, self._address)
        if not all(isinstance(entry, dict) and isinstance(entry.get("Id"), str) for entry in value):
            raise errors.malformed("the answer lists something without an Id", operation, self._address)
        return value

    def _inspection_of(self, container_id: str) -> Callable[[Answer, RequestTime], Inspection]:
        def inspection(answer: Answer, moment: RequestTime) -> Inspection:
            return self.inspection(container_id, answer, moment)

        return inspection

    def inspection(self, container_id: str, answer: Answer, moment: RequestTime) -> Inspection:
        """Read the answer to an inspect."""
        if answer.head.status == _NOT_FOUND and errors.is_no_such_container(answer.body):
            return Inspection(container_id, None, moment)
        # The body is handed on as it came, for its reader to parse. Parsed here is only what is no object at first
        # sight: HTML, a part of a body, an error.
        if answer.head.status != _OK or answer.body[:1] != b"{" or not answer.body.endswith(_BODY_ENDS):
            self._link.json_object(answer, "inspect")
        return Inspection(container_id, answer.body, moment)


class _SingleReader:
    """What reading many needs of a reader for one at a time, for one call."""

    def __init__(self, reader: HttpEngineReader, late: LateSink | None) -> None:
        self._reader = reader
        self._late = late
        self.patience_s = None if late is None else PATIENCE_S

    def inspect_one(self, container_id: str) -> Inspected:
        return self._reader.inspect_patiently(container_id, self._late)

    def inspection(self, container_id: str, answer: Answer, moment: RequestTime) -> Inspection:
        return self._reader.inspection(container_id, answer, moment)

    def go_on_beside(self, connection: HttpConnection, container_id: str, begun_at_s: float) -> Inspected:
        if self._late is None:
            raise AssertionError("whoever has unlimited patience gets an answer or an error")
        return self._reader.go_on_beside(connection, container_id, begun_at_s, self._late)


def _list_target(filters: Mapping[str, Sequence[str]] | None) -> str:
    target = "/containers/json?all=1"
    if filters:
        from urllib.parse import quote  # late: most engines are read whole

        target += f"&filters={quote(json.dumps(filters, separators=(',', ':')), safe='')}"
    return target


def _inspect_target(container_id: str) -> str:
    if not container_id.isalnum():
        from urllib.parse import quote  # late: ids never need it

        container_id = quote(container_id, safe="")
    return f"/containers/{container_id}/json"
