"""Who is told: a server that counts the notifications that reach it."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Told:
    """Listens on a port of its own until `close`.

    Attributes:
        address: where notifications are sent, without a path.
    """

    def __init__(self) -> None:
        self._count = 0
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def count(self) -> int:
        """Notifications so far."""
        return self._count

    def close(self) -> None:
        """Listen no more."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        told = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                with told._lock:
                    told._count += 1
                self.send_response(204)
                self.end_headers()

            def log_message(self, *arguments: Any) -> None:
                """Nothing is to be logged."""

        return Handler
