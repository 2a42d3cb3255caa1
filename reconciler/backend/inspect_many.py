"""Inspects many containers over a few connections from one thread.

Each connection has one request under way, so that the engine works on several while the answers of others are read
and used here. Threads would not add to that: what is left to do here holds the interpreter's lock.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Protocol

from models.frozen import frozen
from reconciler.backend.http_connection import NotYetError
from reconciler.backend.port import EngineError, InspectFailed, Inspection, InspectPending, RequestTime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from reconciler.backend.engine_link import EngineLink
    from reconciler.backend.http_answer import Answer
    from reconciler.backend.http_connection import HttpConnection

CONNECTIONS = 4

Inspected = Inspection | InspectFailed | InspectPending


class SingleReader(Protocol):
    """Reads one container."""

    def inspect_one(self, container_id: str) -> Inspected:
        """Inspect one, with retries."""

    def inspection(self, container_id: str, answer: Answer, moment: RequestTime) -> Inspection:
        """Read the answer to an inspect."""

    def go_on_beside(self, connection: HttpConnection, container_id: str, begun_at_s: float) -> Inspected:
        """Wait for no answer any longer."""


@frozen
class _UnderWay:
    connection: HttpConnection
    container_id: str
    begun_at_s: float


def inspect_many(
    link: EngineLink,
    container_ids: Sequence[str],
    *,
    target_of: Callable[[str], str],
    reader: SingleReader,
    clock: Callable[[], float],
    patience_s: float | None,
    connections: int = CONNECTIONS,
) -> Iterator[Inspected]:
    """Inspect each container once.

    A connection that fails is given up, and its container is read by itself, with retries; what fails then comes out.

    Args:
        link: opens connections of its own for this.
        container_ids: full ids, each once.
        target_of: the path of a container's inspect.
        reader: reads single ones, and takes those over that are not waited for.
        clock: monotonic, seconds.
        patience_s: how long an answer is waited for; None is as long as the timeouts allow.
        connections: how many at once, at most.
    """
    return _Inspections(
        link, container_ids, target_of=target_of, reader=reader, clock=clock, patience_s=patience_s
    ).run(connections)


class _Inspections:
    def __init__(
        self,
        link: EngineLink,
        container_ids: Sequence[str],
        *,
        target_of: Callable[[str], str],
        reader: SingleReader,
        clock: Callable[[], float],
        patience_s: float | None,
    ) -> None:
        self._link = link
        self._waiting = deque(container_ids)
        self._target_of = target_of
        self._reader = reader
        self._clock = clock
        self._patience_s = patience_s
        self._under_way: deque[_UnderWay] = deque()
        self._failed: deque[str] = deque()

    def run(self, connections: int) -> Iterator[Inspected]:
        try:
            for _ in range(min(connections, len(self._waiting))):
                self._start(self._connect())
            while self._under_way:
                inspected = self._finish(self._under_way.popleft())
                if inspected is not None:
                    yield inspected
            while self._failed or self._waiting:
                yield self._reader.inspect_one((self._failed or self._waiting).popleft())
        finally:
            for under_way in self._under_way:
                self._link.disconnect(under_way.connection)

    def _connect(self) -> HttpConnection | None:
        try:
            return self._link.connect("inspect")
        except EngineError:
            # Not lost: what nobody reads here is read one by one in the end, with retries and with its own error.
            return None

    def _start(self, connection: HttpConnection | None) -> None:
        """Ask for the next container; the connection is closed where there is none."""
        if connection is None:
            return
        if not self._waiting:
            self._link.disconnect(connection)
            return
        container_id = self._waiting.popleft()
        try:
            begun_at_s = self._link.send_request(connection, "inspect", self._target_of(container_id))
        except EngineError:
            self._give_up(connection, container_id)
            return
        self._under_way.append(_UnderWay(connection, container_id, begun_at_s))

    def _finish(self, under_way: _UnderWay) -> Inspected | None:
        connection, container_id = under_way.connection, under_way.container_id

        def read(answer: Answer, moment: RequestTime) -> Inspection:
            return self._reader.inspection(container_id, answer, moment)

        try:
            inspection = self._link.read_response(
                connection,
                "inspect",
                self._target_of(container_id),
                under_way.begun_at_s,
                read,
                patience_s=self._patience_left_s(under_way),
            )
        except NotYetError:
            self._start(self._connect())
            return self._reader.go_on_beside(connection, container_id, under_way.begun_at_s)
        except EngineError:
            self._give_up(connection, container_id)
            return None
        if connection.is_spent:
            self._link.disconnect(connection)
            self._start(self._connect())
        else:
            # Asked before the inspection is used, so that the engine works meanwhile.
            self._start(connection)
        return inspection

    def _patience_left_s(self, under_way: _UnderWay) -> float | None:
        if self._patience_s is None:
            return None
        return under_way.begun_at_s + self._patience_s - self._clock()

    def _give_up(self, connection: HttpConnection, container_id: str) -> None:
        self._link.disconnect(connection)
        self._failed.append(container_id)
