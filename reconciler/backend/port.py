"""What the rest of the reconciler needs from an engine, and the one kind of error it may raise.

The informer reads through `EngineReader`; nothing above this file knows HTTP, sockets or the Docker SDK. The port for
telling containers is declared by whoever needs it, in `notify.port`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, Protocol

from models.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from models.event import EngineEvent


class EngineError(Exception):
    """An engine did not do what it was asked; raised at the wall with `from`, never below it.

    Attributes:
        operation: what was asked: `ping`, `list`, `inspect`, `networks`, `events`, ...
        reason: a short machine-readable word for metrics: `unreachable`, `timeout`, `refused`, `status`, `malformed`,
            `ended`, `silent`, `closed` (we closed it ourselves).
        status: the HTTP status where the engine gave one, else None.
    """

    def __init__(self, message: str, *, operation: str, reason: str, status: int | None = None) -> None:
        super().__init__(message)
        self.operation = operation
        self.reason = reason
        self.status = status

    def bare(self) -> EngineError:
        """The same error without what it was made of: no cause, no frames, and so no answer."""
        return EngineError(str(self), operation=self.operation, reason=self.reason, status=self.status)


@frozen
class RequestTime:
    """When a request was made, on both clocks.

    Attributes:
        begun_at_s: our monotonic clock just before the request was sent, in seconds.
        engine_ns_max: an upper bound of the engine's own clock when the request was begun (the answer's `Date` header
            plus one second, because it is cut to seconds), nanoseconds since the epoch; None without a usable header.
    """

    begun_at_s: float
    engine_ns_max: int | None


@frozen
class Listing:
    """The answer to one list call: every container, stopped ones included.

    Attributes:
        entries: the list's own objects, decoded JSON, one for each container, each with at least a str `Id`.
        moment: when it was asked.
    """

    entries: Sequence[Mapping[str, Any]]
    moment: RequestTime


@frozen
class Inspection:
    """The answer to one inspect call.

    Attributes:
        container_id: the full id that was asked for.
        body: the bytes of the engine's JSON object, or None where the engine says that there is no such
            container (404).
        moment: when it was asked.
    """

    container_id: str
    body: bytes | None
    moment: RequestTime


@frozen
class InspectFailed:
    """An inspect that told nothing.

    Attributes:
        container_id: the full id that was asked for.
        begun_at_s: our monotonic clock just before the request was sent, in seconds.
        error: why; it holds neither the answer nor anything else of the request.
    """

    container_id: str
    begun_at_s: float
    error: EngineError


@frozen
class InspectPending:
    """An inspect that is not waited for any longer: it goes on beside, and its outcome comes by itself.

    Attributes:
        container_id: the full id that was asked for.
        begun_at_s: our monotonic clock just before the request was sent, in seconds.
    """

    container_id: str
    begun_at_s: float


LateInspection = Inspection | InspectFailed
"""What becomes of an inspect that goes on beside."""

LateSink = Callable[[LateInspection], object]
"""Takes it, from any thread."""


class EngineObserver(Protocol):
    """Who counts what is asked of an engine. Called from any thread."""

    def request(self, operation: str, result: Literal["success", "error"], duration_s: float) -> None:
        """One request ended; a 404 of an inspect is a success. For `events` it is the subscription.

        Operations are those of `backend.permissions`; the three requests of an exec are all `exec`.
        """

    def retry(self, operation: str) -> None:
        """A request that failed is about to be tried again."""


class EngineReader(Protocol):
    """Read access to one engine. Every method may raise EngineError and nothing else of the engine's.

    Short retries on a new connection (tenacity) have been made inside before an error comes out. An error keeps nothing
    of the answer that it is about. Safe for one thread at a time, except `events` and the inspects of several, which
    keep connections of their own, and `close`.
    """

    @property
    def name(self) -> str:
        """The engine's address without credentials, as people wrote it."""

    def list(self) -> Listing:
        """`GET /containers/json?all=1`."""

    def inspect(self, container_id: str) -> Inspection:
        """`GET /containers/{id}/json`; a 404 is an answer, not an error."""

    def inspect_many(self, container_ids: Sequence[str]) -> Iterator[Inspection]:
        """Inspect several, a few connections at once (never more than 8), in any order, each id once."""

    def inspect_each(
        self, container_ids: Sequence[str], late: LateSink
    ) -> Iterator[Inspection | InspectFailed | InspectPending]:
        """Inspect several, each id once, such that none of them holds up the others.

        What has no answer after a second or so comes out as pending, and its outcome goes to `late` from another
        thread. What fails comes out as failed; nothing is raised.
        """

    def inspect_beside(self, container_id: str, late: LateSink) -> bool:
        """Inspect one on a connection and in a thread of its own; nobody waits for it.

        Returns:
            Whether there was room: only a few of them run at once.
        """

    def networks(self) -> Sequence[Mapping[str, Any]]:
        """`GET /networks`: decoded JSON objects with `Id`, `Name`, `Internal`, ..."""

    def events(self) -> EventStream:
        """Subscribe to container and network events, from now on, execs left out.

        Returns once the engine has accepted the subscription (its answer's head has arrived).
        """

    def close(self) -> None:
        """Close all connections; a request under way fails with EngineError."""


class EventStream(Protocol):
    """One subscription."""

    def __iter__(self) -> Iterator[EngineEvent]:
        """Events as they come; always ends by raising EngineError (`ended`, `silent`, `malformed`, ...)."""

    def close(self) -> None:
        """End it, from any thread: the iteration raises EngineError soon."""
