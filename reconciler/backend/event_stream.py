"""One subscription to an engine's events: a body of JSON lines without an end."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from models.event import EngineEvent
from reconciler.backend import errors
from reconciler.backend.http_answer import MalformedAnswerError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.backend.engine_link import EngineLink
    from reconciler.backend.http_answer import Head
    from reconciler.backend.http_connection import HttpConnection
    from reconciler.backend.port import EngineError

TYPES = ("container", "network")
CONTAINER_ACTIONS = (
    "create", "start", "restart", "stop", "die", "oom", "pause", "unpause", "rename", "update", "destroy",
    "health_status", "init", "died", "cleanup", "remove",
)  # fmt: skip
"""What may change a container's state, the last four in Podman's words. Left out: execs, which are many, and what
changes nothing, such as `attach`."""

_OF_A_CONTAINER = ("connect", "disconnect")
NETWORK_ACTIONS = ("create", *_OF_A_CONTAINER, "update", "remove", "destroy")

_LINE_BYTES_MAX = 16 * 1024 * 1024


def events_target() -> str:
    """Path and query of the subscription."""
    from urllib.parse import quote  # late: only here

    actions = list(dict.fromkeys((*CONTAINER_ACTIONS, *NETWORK_ACTIONS)))
    filters = json.dumps({"type": list(TYPES), "event": actions}, separators=(",", ":"))
    return f"/events?filters={quote(filters, safe='')}"


class HttpEventStream:
    """Implements `port.EventStream`.

    Args:
        link: the engine; told when the connection is over.
        connection: where the subscription was accepted; owned from now on.
        head: the answer's head.
        silence_timeout_s: after so long without an event the stream ends; None is never.
    """

    def __init__(
        self, link: EngineLink, connection: HttpConnection, head: Head, *, silence_timeout_s: float | None
    ) -> None:
        self._link = link
        self._connection = connection
        self._head = head
        self._silence_timeout_s = silence_timeout_s
        self._is_closed = False
        self._is_read = False

    def __iter__(self) -> Iterator[EngineEvent]:
        """Events as they come; ends by an EngineError, and the connection is closed with it."""
        self._is_read = True
        try:
            self._connection.set_timeout(self._silence_timeout_s)
            yield from self._events()
        except (OSError, MalformedAnswerError) as error:
            raise self._translated(error) from error
        finally:
            self._link.disconnect(self._connection)
        raise self._ended()

    def close(self) -> None:
        """End it, from any thread; the thread that iterates closes the connection."""
        self._is_closed = True
        self._connection.abort()
        if not self._is_read:
            self._link.disconnect(self._connection)

    def _events(self) -> Iterator[EngineEvent]:
        rest = b""
        for piece in self._connection.pieces(self._head):
            *lines, rest = (rest + piece).split(b"\n")
            if len(rest) > _LINE_BYTES_MAX:
                raise MalformedAnswerError("an event does not end")
            # Read as a whole before the first is handed on: who waits for it then finds all that belong together, and
            # the interpreter's lock free.
            yield from [self._event(line) for line in lines if line and not line.isspace()]

    def _event(self, line: bytes) -> EngineEvent:
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise errors.malformed(errors.not_json(line), "events", self._link.address) from error
        if not isinstance(value, dict):
            raise errors.malformed("an event is JSON, but not an object", "events", self._link.address)
        return event_of(value)

    def _translated(self, error: Exception) -> EngineError:
        if self._is_closed:
            return errors.closed("events", self._link.address)
        if isinstance(error, TimeoutError) and self._silence_timeout_s is not None:
            return errors.silent(self._silence_timeout_s, self._link.address)
        return self._link.translated(error, "events")

    def _ended(self) -> EngineError:
        if self._is_closed or self._link.is_closed:
            return errors.closed("events", self._link.address)
        return errors.ended("events", self._link.address)


def event_of(value: dict[str, object]) -> EngineEvent:
    """Read an event; what is missing or of another type is empty."""
    actor = value.get("Actor")
    fields = actor if isinstance(actor, dict) else {}
    attributes = fields.get("Attributes")
    time_ns = value.get("timeNano")
    event = EngineEvent(
        kind=_text(value.get("Type")),
        action=_text(value.get("Action")),
        actor_id=_text(fields.get("ID")),
        attributes={key: _text(text) for key, text in attributes.items()} if isinstance(attributes, dict) else {},
        time_ns=time_ns if isinstance(time_ns, int) else 0,
    )
    return _as_docker_says_it(event)


def _as_docker_says_it(event: EngineEvent) -> EngineEvent:
    """Podman's connects and disconnects have the container as their actor, and name no network (seen on 4.3)."""
    if event.kind == "network" and event.action in _OF_A_CONTAINER and "container" not in event.attributes:
        return replace(event, actor_id="", attributes={**event.attributes, "container": event.actor_id})
    return event


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
