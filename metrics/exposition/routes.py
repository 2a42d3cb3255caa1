"""Which path shows what. All paths are known at the start; every other one is a 404."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from metrics.exposition.http import Request, Response, text_response

Page = Callable[[], tuple[str, bytes]]
"""Gives a content type and a body; called in a server's thread, each time anew."""

Check = Callable[[], tuple[bool, str]]
"""Gives whether all is well, and a reason in one line."""

Scrape = Callable[[str], tuple[str, bytes]]
"""Gives content type and body for an Accept header."""

CONTENT_POLICY = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; script-src 'self' 'unsafe-inline'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""A page may load nothing from anywhere else."""


class Routes:
    """Answers requests.

    Args:
        scrape: for `/metrics`.
        healthy: for `/healthz`.
        ready: for `/readyz`.
        pages: more paths, such as `/` and `/status.json`.
    """

    def __init__(
        self, *, scrape: Scrape, healthy: Check, ready: Check, pages: Mapping[str, Page] | None = None
    ) -> None:
        self._answers: dict[str, Callable[[Request], Response]] = {
            "/metrics": lambda request: _shown(scrape(request.headers.get("accept", ""))),
            "/healthz": lambda _: _checked(healthy()),
            "/readyz": lambda _: _checked(ready()),
        }
        for path, page in (pages or {}).items():
            self._answers[path] = lambda _, page=page: _shown(page())  # type: ignore[misc] # a default binds the page

    def answer(self, request: Request) -> Response:
        """The answer to a request; whatever a page raises comes out."""
        answer = self._answers.get(request.path)
        if answer is None:
            return text_response(404, "there is no such page")
        if request.method not in ("GET", "HEAD"):
            return Response(405, b"only GET and HEAD\n", headers={"Allow": "GET, HEAD"})
        return answer(request)


def _shown(page: tuple[str, bytes]) -> Response:
    content_type, body = page
    headers = {"Content-Security-Policy": CONTENT_POLICY} if content_type.startswith("text/html") else {}
    return Response(200, body, content_type, headers)


def _checked(outcome: tuple[bool, str]) -> Response:
    ok, reason = outcome
    return text_response(200 if ok else 503, reason or ("ok" if ok else "not ok"))
