"""The page `/metrics`, in the format that the client asks for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from prometheus_client.exposition import choose_encoder

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

    from metrics.exposition.routes import Scrape

_ODD_VERSION = re.compile(r"version=(?!\d{1,3}\.\d{1,3}\.\d{1,3}\s*(?:[;,]|\Z))[^;,]*", re.ASCII)
"""What prometheus_client raises for: a version of a format that is not three numbers."""


def metrics_page(registry: CollectorRegistry) -> Scrape:
    """Content type and body for an Accept header."""

    def page(accept: str) -> tuple[str, bytes]:
        encoder, content_type = choose_encoder(_ODD_VERSION.sub("", accept))
        return content_type, encoder(registry)

    return page
