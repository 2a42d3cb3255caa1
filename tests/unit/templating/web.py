"""A web server on loopback that serves what a test puts there, and counts what it is asked."""

from __future__ import annotations

import contextlib
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class Page:
    """One answer: its headers besides the usual ones, and how much of the body is sent."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    sent_bytes: int | None = None
    is_silent: bool = False


@dataclass
class Request:
    """What was asked."""

    path: str
    headers: dict[str, str]


class Web:
    """The server's pages and the requests that it had.

    Attributes:
        pages: by path with query; a missing one is a 404. An ETag among its headers is honoured.
        requests: in the order of their arrival.
        address: `http://127.0.0.1:PORT`.
    """

    def __init__(self) -> None:
        self.pages: dict[str, Page] = {}
        self.requests: list[Request] = []
        self.released = threading.Event()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.port = self.server.server_address[1]
        self.address = f"http://127.0.0.1:{self.port}"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        web = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                web.requests.append(Request(self.path, dict(self.headers)))
                web.answer(self, web.pages.get(self.path, Page(b"none", 404)))

            def log_message(self, *args: object) -> None:
                pass

        return Handler

    def answer(self, handler: BaseHTTPRequestHandler, page: Page) -> None:
        """Send a page, as far as it is to be sent."""
        if page.is_silent:
            self.released.wait(60)
            return
        etag = page.headers.get("ETag")
        is_known = etag is not None and handler.headers.get("If-None-Match") == etag
        handler.send_response(304 if is_known else page.status)
        for name, value in page.headers.items():
            handler.send_header(name, value)
        if not is_known:
            handler.send_header("Content-Length", str(len(page.body)))
        handler.end_headers()
        if not is_known:
            handler.wfile.write(page.body[: page.sent_bytes])


@contextlib.contextmanager
def serving() -> Iterator[Web]:
    """A server for as long as it is needed."""
    web = Web()
    thread = threading.Thread(target=web.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield web
    finally:
        web.released.set()
        web.server.shutdown()
        web.server.server_close()
        thread.join()
