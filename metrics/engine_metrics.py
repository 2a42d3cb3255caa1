"""What is counted of an engine: requests, retries, events, streams. The methods are those that the backend calls."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from metrics.client import Counter, Gauge, Histogram
from metrics.labels import (
    EVENT_ACTIONS,
    OPERATIONS,
    RESULTS,
    STREAM_END_REASONS,
    among,
    event_labels,
    from_zero,
    labelled,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from metrics.client import CollectorRegistry

REQUEST_BOUNDS_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class EngineMetrics:
    """Instruments of what is asked and heard of engines.

    Args:
        registry: where they are shown.
        engines: the names of all engines that are read, the label `engine`.
    """

    def __init__(self, registry: CollectorRegistry, engines: Sequence[str] = ()) -> None:
        self._requests = from_zero(
            Counter(
                "pygen_docker_requests_total", "Requests to the engine", ("operation", "result"), registry=registry
            ),
            product(OPERATIONS, RESULTS),
        )
        self._request_s = Histogram(
            "pygen_docker_request_duration_seconds",
            "How long a request to the engine took",
            buckets=REQUEST_BOUNDS_S,
            registry=registry,
        )
        self._retries = from_zero(
            Counter("pygen_docker_retries_total", "Retried requests", ("operation",), registry=registry),
            product(OPERATIONS),
        )
        self._events = from_zero(
            Counter("pygen_events_total", "Events received", ("type", "action"), registry=registry),
            ((kind, action) for kind, actions in EVENT_ACTIONS.items() for action in actions),
        )
        self._stream_up = Gauge("pygen_event_stream_up", "1 while the event stream is open", registry=registry)
        self._open_streams = dict.fromkeys(engines, False)
        self._restarts = from_zero(
            Counter(
                "pygen_event_stream_restarts_total",
                "Ends of the event stream, and failed attempts to open it",
                ("reason",),
                registry=registry,
            ),
            product(STREAM_END_REASONS),
        )
        self._missed = Counter(
            "pygen_missed_changes_total",
            "Changes that a resync found and no event had reported within 2 s",
            registry=registry,
        )

        self._quarantined = from_zero(
            Gauge(
                "pygen_quarantined_containers",
                "Containers that the engine lists but can't inspect, kept as they were last known",
                ("engine",),
                registry=registry,
            ),
            product(engines),
        )

    def request(self, operation: str, result: str, duration_s: float) -> None:
        """A request ended; any result but `success` is an error."""
        labelled(self._requests, among(operation, OPERATIONS), "success" if result == "success" else "error").inc()
        self._request_s.observe(duration_s)

    def retry(self, operation: str) -> None:
        """A request is made again."""
        labelled(self._retries, among(operation, OPERATIONS)).inc()

    def event(self, kind: str, action: str) -> None:
        """An event was heard: `Type` and `Action` as the engine sent them."""
        labelled(self._events, *event_labels(kind, action)).inc()

    def stream_up(self, engine: str, *, up: bool) -> None:
        """The event stream of an engine opened or ended; shown is whether those of all are open."""
        self._open_streams[engine] = up
        self._stream_up.set(float(all(self._open_streams.values())))

    def stream_restarted(self, reason: str) -> None:
        """The event stream ended, or could not be opened, for a reason of EngineError."""
        labelled(self._restarts, among(reason, STREAM_END_REASONS)).inc()

    def missed_change(self) -> None:
        """A resync found what no event had told."""
        self._missed.inc()

    def quarantined(self, engine: str, count: int) -> None:
        """How many containers of an engine are in quarantine."""
        labelled(self._quarantined, engine).set(count)
