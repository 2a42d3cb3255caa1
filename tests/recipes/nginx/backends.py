"""What stands behind the proxy: small servers on loopback addresses, each of which says what it was asked."""

from __future__ import annotations

import json
import socket
import socketserver
import struct
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


class HttpBackend(ThreadingHTTPServer):
    """Answers with its name, the path and the headers that it got, as JSON; a WebSocket gets back what it sends.

    `/status/N` is answered with that status.

    Attributes:
        connections: how many were made to it.
    """

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, name: str, host: str) -> None:
        self.name = name
        self.connections = 0
        super().__init__((host, 0), _HttpHandler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Count it."""
        self.connections += 1
        super().process_request(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is none of our business."""


class _HttpHandler(BaseHTTPRequestHandler):
    server: HttpBackend
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.headers["Upgrade"] == "websocket" and self.headers["Connection"] == "upgrade":
            self._echo()
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = json.dumps({"backend": self.server.name, "path": self.path, "headers": headers}).encode()
        wanted = self.path.removeprefix("/status/")
        self.send_response(int(wanted) if wanted.isdecimal() else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _echo(self) -> None:
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.end_headers()
        self.wfile.flush()
        while data := self.connection.recv(1000):
            self.connection.sendall(data)
        self.close_connection = True

    def log_message(self, *_args: Any) -> None:
        """Nothing is written to the tests' output."""


class VariablesBackend(socketserver.ThreadingTCPServer):
    """Speaks uwsgi or FastCGI, and answers with the variables that it got, as JSON."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, name: str, host: str, protocol: str) -> None:
        self.name = name
        super().__init__((host, 0), _UwsgiHandler if protocol == "uwsgi" else _FastcgiHandler)

    def answer(self, variables: dict[str, str]) -> bytes:
        """The body, with CGI's header lines before it."""
        found = json.dumps({"backend": self.name, "path": variables.get("REQUEST_URI", ""), "headers": variables})
        return b"Content-Type: application/json\r\n\r\n" + found.encode()


class _UwsgiHandler(socketserver.StreamRequestHandler):
    server: VariablesBackend

    def handle(self) -> None:
        _, size, _ = struct.unpack("<BHB", self.rfile.read(4))
        packet, variables = self.rfile.read(size), {}
        while packet:
            name, packet = _sized(packet)
            value, packet = _sized(packet)
            variables[name] = value
        self.wfile.write(b"HTTP/1.1 200 OK\r\n" + self.server.answer(variables))


def _sized(packet: bytes) -> tuple[str, bytes]:
    end = 2 + struct.unpack_from("<H", packet)[0]
    return packet[2:end].decode(), packet[end:]


_PARAMS, _STDOUT, _END = 4, 6, 3


class _FastcgiHandler(socketserver.StreamRequestHandler):
    server: VariablesBackend

    def handle(self) -> None:
        packet = b""
        while True:
            kind, content = self._record()
            if kind == _PARAMS:
                packet += content
                if not content:
                    break
        body = self.server.answer(_pairs(packet))
        self.wfile.write(struct.pack(">BBHHBB", 1, _STDOUT, 1, len(body), 0, 0) + body)
        self.wfile.write(struct.pack(">BBHHBB", 1, _END, 1, 8, 0, 0) + bytes(8))

    def _record(self) -> tuple[int, bytes]:
        _, kind, _, size, padding, _ = struct.unpack(">BBHHBB", self.rfile.read(8))
        content = self.rfile.read(size)
        self.rfile.read(padding)
        return kind, content


def _pairs(packet: bytes) -> dict[str, str]:
    found = {}
    while packet:
        name_size, packet = _length(packet)
        value_size, packet = _length(packet)
        name, value = packet[:name_size], packet[name_size : name_size + value_size]
        found[name.decode()] = value.decode()
        packet = packet[name_size + value_size :]
    return found


def _length(packet: bytes) -> tuple[int, bytes]:
    if packet[0] < 128:
        return packet[0], packet[1:]
    return struct.unpack_from(">I", packet)[0] & 0x7FFFFFFF, packet[4:]


@contextmanager
def serving(server: socketserver.TCPServer) -> Iterator[tuple[str, int]]:
    """Run a server in a thread; gives its address and port."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        host, port = server.server_address[:2]
        yield str(host), int(port)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def free_address() -> str:
    """An address of this machine that is not everybody's: 127.0.0.1 is the proxy's own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return f"127.1.{port // 256}.{port % 256}"
