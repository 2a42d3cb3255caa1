"""Inspects many containers over a few connections from one thread.

Each connection has one request under way, so that the engine works on several while the answers of others are read
and used here. Threads would not add to that: what is left to do here holds the interpreter's lock.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from reconciler.backend.port import EngineError, Inspection, Moment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from reconciler.backend.engine_link import EngineLink
    from reconciler.backend.http_connection import Answer, HttpConnection

CONNECTIONS = 4


class SingleReader(Protocol):
    """Reads one container, with retries."""

    def inspect(self, container_id: str) -> Inspection:
        """Inspect one."""

    def inspection(self, container_id: str, answer: Answer, moment: Moment) -> Inspection:
        """Read the answer to an inspect."""


@dataclass(frozen=True, slots=True)
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
    connections: int = CONNECTIONS,
) -> Iterator[Inspection]:
    """Inspect each container once.

    A connection that fails is given up, and its container is read by itself, with retries; what fails then comes out.

    Args:
        link: opens connections of its own for this.
        container_ids: full ids, each once.
        target_of: the path of a container's inspect.
        reader: reads single ones.
        connections: how many at once, at most.
    """
    return _Inspections(link, container_ids, target_of, reader).run(connections)


class _Inspections:
    def __init__(
        self, link: EngineLink, container_ids: Sequence[str], target_of: Callable[[str], str], reader: SingleReader
    ) -> None:
        self._link = link
        self._waiting = deque(container_ids)
        self._target_of = target_of
        self._reader = reader
        self._under_way: deque[_UnderWay] = deque()
        self._failed: deque[str] = deque()

    def run(self, connections: int) -> Iterator[Inspection]:
        try:
            for _ in range(min(connections, len(self._waiting))):
                self._start(self._connect())
            while self._under_way:
                inspection = self._finish(self._under_way.popleft())
                if inspection is not None:
                    yield inspection
            while self._failed or self._waiting:
                yield self._reader.inspect((self._failed or self._waiting).popleft())
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
            begun_at_s = self._link.ask(connection, "inspect", self._target_of(container_id))
        except EngineError:
            self._give_up(connection, container_id)
            return
        self._under_way.append(_UnderWay(connection, container_id, begun_at_s))

    def _finish(self, under_way: _UnderWay) -> Inspection | None:
        connection, container_id = under_way.connection, under_way.container_id

        def read(answer: Answer, moment: Moment) -> Inspection:
            return self._reader.inspection(container_id, answer, moment)

        try:
            target = self._target_of(container_id)
            inspection = self._link.hear(connection, "inspect", target, under_way.begun_at_s, read)
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

    def _give_up(self, connection: HttpConnection, container_id: str) -> None:
        self._link.disconnect(connection)
        self._failed.append(container_id)
