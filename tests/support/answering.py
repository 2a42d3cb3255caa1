"""A server on loopback that answers what it is told to, byte for byte."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

OK = b"HTTP/1.1 204 No Content\r\n\r\n"


class Answering:
    """One server; each connection has a thread.

    Args:
        listening: a bound socket that listens.
        talk: says something to a client whose request was read.
    """

    def __init__(self, listening: socket.socket, talk: Callable[[socket.socket], object]) -> None:
        self.port: int = listening.getsockname()[1]
        self.heard: list[str] = []
        self.talk = talk
        self.is_over = threading.Event()
        self._listening = listening
        self._clients: list[socket.socket] = []

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}/-/reload"

    def serve(self) -> None:
        """Take connections until the listening socket is shut down."""
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                self._clients.append(client)
                threading.Thread(target=self._hear, args=(client,), daemon=True).start()

    def close(self) -> None:
        """Let everybody go."""
        self.is_over.set()
        for each in (self._listening, *self._clients):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _hear(self, client: socket.socket) -> None:
        heard = b""
        with suppress(OSError):
            while b"\r\n\r\n" not in heard and (piece := client.recv(65536)):
                heard += piece
            self.heard.append(heard.decode("latin-1"))
            self.talk(client)
            client.shutdown(socket.SHUT_WR)


@contextmanager
def answering(answer: bytes | Callable[[socket.socket], object] = OK) -> Iterator[Answering]:
    """A server that answers so, or talks so."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        talk = (lambda client: client.sendall(answer)) if isinstance(answer, bytes) else answer
        server = Answering(listening, talk)
        thread = threading.Thread(target=server.serve, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.close()
            thread.join(30)
