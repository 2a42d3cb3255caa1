"""Which path shows what. All paths are known at the start; every other one is a 404."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING

from metrics.http import Request, Response, text_response
from models.hosts import host_of, is_ip_address

if TYPE_CHECKING:
    from metrics.client import CollectorRegistry

Page = Callable[[], tuple[str, bytes]]
"""Gives a content type and a body; called in a server's thread, again for each request."""

Check = Callable[[], tuple[bool, str]]
"""Gives whether all is well, and a reason in one line."""

Scrape = Callable[[str], tuple[str, bytes]]
"""Gives content type and body for an Accept header."""

CONTENT_POLICY = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; script-src 'self' 'unsafe-inline'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""A page may load nothing from anywhere else."""


_ODD_VERSION = re.compile(r"version=(?!\d{1,3}\.\d{1,3}\.\d{1,3}\s*(?:[;,]|\Z))[^;,]*", re.ASCII)
"""What prometheus_client raises for: a version of a format that is not three numbers."""


class Routes:
    """Answers requests.

    Args:
        scrape: for `/metrics`.
        healthy: for `/healthz`.
        ready: for `/readyz`.
        pages: more paths, such as `/` and `/status.json`. They answer to names of this machine only: else a page from
            elsewhere, whose own name is made to lead here (DNS rebinding), could have a browser read them to it.
        names: this machine's, beside `localhost` and its addresses, in small letters.
    """

    def __init__(
        self,
        *,
        scrape: Scrape,
        healthy: Check,
        ready: Check,
        pages: Mapping[str, Page] | None = None,
        names: Collection[str] = (),
    ) -> None:
        self._names = {"localhost", *names}
        self._answers: dict[str, Callable[[Request], Response]] = {
            "/metrics": lambda request: _shown(scrape(request.headers.get("accept", ""))),
            "/healthz": lambda _: _checked(healthy()),
            "/readyz": lambda _: _checked(ready()),
        }
        for path, page in (pages or {}).items():
            self._answers[path] = lambda request, page=page: self._page(request, page)  # type: ignore[misc] # binds it

    def answer(self, request: Request) -> Response:
        """The answer to a request; whatever a page raises comes out."""
        answer = self._answers.get(request.path)
        if answer is None:
            return text_response(404, "there is no such page")
        if request.method not in ("GET", "HEAD"):
            return Response(405, b"only GET and HEAD\n", headers={"Allow": "GET, HEAD"})
        return answer(request)

    def _page(self, request: Request, page: Page) -> Response:
        host = host_of(request.headers.get("host", ""))
        if host in self._names or is_ip_address(host):
            return _shown(page())
        return text_response(
            421, "this page answers to addresses of this machine, to localhost, and to names given by --status-host"
        )


def _shown(page: tuple[str, bytes]) -> Response:
    content_type, body = page
    headers = {"Content-Security-Policy": CONTENT_POLICY} if content_type.startswith("text/html") else {}
    return Response(200, body, content_type, headers)


def _checked(outcome: tuple[bool, str]) -> Response:
    ok, reason = outcome
    return text_response(200 if ok else 503, reason or ("ok" if ok else "not ok"))


def metrics_page(registry: CollectorRegistry) -> Scrape:
    """Content type and body for an Accept header."""

    def page(accept: str) -> tuple[str, bytes]:
        from prometheus_client.exposition import choose_encoder  # with the first scrape: see `metrics.client`

        encoder, content_type = choose_encoder(_ODD_VERSION.sub("", accept))
        return content_type, encoder(registry)

    return page
