"""The page `/metrics`. prometheus_client is imported by the first scrape, so that no start waits for it."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

    from metrics.instruments import Metrics

_ODD_VERSION = re.compile(r"version=(?!\d{1,3}\.\d{1,3}\.\d{1,3}\s*(?:[;,]|\Z))[^;,]*", re.ASCII)
"""What prometheus_client raises for: a version of a format that is not three numbers."""


class MetricsPage:
    """Shows all metrics in the format that the client asks for.

    Args:
        metrics: what is shown, beside the process's and Python's own.
        registry: where it is registered; None for one of its own.
    """

    def __init__(self, metrics: Metrics, registry: CollectorRegistry | None = None) -> None:
        self._metrics = metrics
        self._registry = registry
        self._registered = False
        self._lock = threading.Lock()

    def __call__(self, accept: str) -> tuple[str, bytes]:
        """Content type and body for an Accept header."""
        from prometheus_client.exposition import choose_encoder  # slow to import: see the module

        encoder, content_type = choose_encoder(_ODD_VERSION.sub("", accept))
        return content_type, encoder(self._ready_registry())

    def _ready_registry(self) -> CollectorRegistry:
        from prometheus_client import CollectorRegistry  # slow to import: see the module

        from metrics.exposition.collector import register  # imports the same

        with self._lock:
            if self._registry is None:
                self._registry = CollectorRegistry()
            if not self._registered:
                register(self._metrics, self._registry)
                self._registered = True
            return self._registry
