"""What is counted of an engine: requests, retries, events, streams. The methods are those that the backend calls."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from metrics.known import EVENT_ACTIONS, OPERATIONS, RESULTS, STREAM_END_REASONS, among, event_labels
from metrics.series import Counter, Gauge, Histogram, Series

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

REQUEST_BOUNDS_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class EngineMetrics:
    """Instruments of what is asked and heard of engines.

    Args:
        engines: the names of all engines that are read, the label `engine`.
    """

    def __init__(self, engines: Sequence[str] = ()) -> None:
        self._requests = Counter(
            "pygen_docker_requests_total",
            "Requests to the engine",
            ("operation", "result"),
            product(OPERATIONS, RESULTS),
        )
        self._request_s = Histogram(
            "pygen_docker_request_duration_seconds", "How long a request to the engine took", REQUEST_BOUNDS_S
        )
        self._retries = Counter(
            "pygen_docker_retries_total", "Requests that were made again", ("operation",), product(OPERATIONS)
        )
        self._events = Counter(
            "pygen_events_total",
            "Events heard",
            ("type", "action"),
            ((kind, action) for kind, actions in EVENT_ACTIONS.items() for action in actions),
        )
        self._stream_up = Gauge("pygen_event_stream_up", "1 while the event stream is open")
        self._restarts = Counter(
            "pygen_event_stream_restarts_total",
            "Ends of the event stream, and failed tries to open it",
            ("reason",),
            product(STREAM_END_REASONS),
        )
        self._missed = Counter(
            "pygen_missed_changes_total", "Changes that a resync found and no event had told within 2 s"
        )

        self._quarantined = Gauge(
            "pygen_quarantined_containers",
            "Containers that the engine lists and can't show, so that the others go on without news of them",
            ("engine",),
            product(engines),
        )

    def request(self, operation: str, result: str, duration_s: float) -> None:
        """A request ended; any result but `success` is an error."""
        self._requests.add(among(operation, OPERATIONS), "success" if result == "success" else "error")
        self._request_s.observe(duration_s)

    def retry(self, operation: str) -> None:
        """A request is made again."""
        self._retries.add(among(operation, OPERATIONS))

    def event(self, kind: str, action: str) -> None:
        """An event was heard: `Type` and `Action` as the engine sent them."""
        self._events.add(*event_labels(kind, action))

    def stream_up(self, *, up: bool) -> None:
        """The event stream opened or ended."""
        self._stream_up.set(value=float(up))

    def stream_restarted(self, reason: str) -> None:
        """The event stream ended, or could not be opened, for a reason of EngineError."""
        self._restarts.add(among(reason, STREAM_END_REASONS))

    def missed_change(self) -> None:
        """A resync found what no event had told."""
        self._missed.add()

    def quarantined(self, engine: str, count: int) -> None:
        """How many containers of an engine are in quarantine."""
        self._quarantined.set(engine, value=count)

    def series(self) -> Iterator[Series]:
        """All of them, for an exposition."""
        yield from (self._requests, self._request_s, self._retries, self._events)
        yield from (self._stream_up, self._restarts, self._missed, self._quarantined)
