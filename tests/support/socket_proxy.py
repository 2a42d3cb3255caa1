"""A socket proxy that takes the arguments of wollomatic/socket-proxy 1.12, and decides as its documentation says.

A request passes where its method has an `-allowMETHOD=REGEX` whose expression is the whole path, the query left aside.
A method without any is answered with 405, a path that is not allowed, and a client that is none of `-allowfrom`, with
403; 502 says that the engine cannot be reached. It needs nothing but the standard library, so that it can be copied
into an image.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import re
import signal
import socket
import sys
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Sequence

_OPTION = re.compile(r"--?(\w+)=(.*)", re.DOTALL)
_PIECE_BYTES = 65536
#: What each side says about its own connection only.
_HOP_BY_HOP = frozenset({"connection", "transfer-encoding", "keep-alive"})


@dataclass
class Settings:
    """What the arguments say.

    Attributes:
        allowed: expressions of paths by method.
        values: the other options.
    """

    allowed: dict[str, list[str]] = field(default_factory=dict)
    values: dict[str, str] = field(
        default_factory=lambda: {
            "listenip": "127.0.0.1",
            "proxyport": "2375",
            "allowfrom": "127.0.0.1/32",
            "socketpath": "/var/run/docker.sock",
            "loglevel": "INFO",
        }
    )


def settings_of(arguments: Sequence[str]) -> Settings:
    """Read the arguments.

    Raises:
        SystemExit: one of them is none that the proxy takes.
    """
    settings = Settings()
    for argument in arguments:
        option = _OPTION.fullmatch(argument)
        name = option[1] if option else argument
        if option and name in settings.values:
            settings.values[name] = option[2]
        elif option and re.fullmatch("allow[A-Z]+", name):
            settings.allowed.setdefault(name.removeprefix("allow"), []).append(option[2])
        else:
            raise SystemExit(f"flag provided but not defined: {argument}")
    return settings


def verdict(settings: Settings, method: str, target: str) -> HTTPStatus | None:
    """What a request is refused with; None where it passes.

    Args:
        settings: what is allowed.
        method: of the request.
        target: its path with the query.
    """
    patterns = settings.allowed.get(method)
    if patterns is None:
        return HTTPStatus.METHOD_NOT_ALLOWED
    path = unquote(urlsplit(target).path)
    return None if any(re.fullmatch(pattern, path) for pattern in patterns) else HTTPStatus.FORBIDDEN


class SocketProxy(ThreadingHTTPServer):
    """Listens where the settings say."""

    daemon_threads = True

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        super().__init__((settings.values["listenip"], int(settings.values["proxyport"])), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is none of our business."""

    def is_welcome(self, address: str) -> bool:
        """Whether `-allowfrom` names this address: by a network, or by a name that stands for it now."""
        return any(self._stands_for(name, address) for name in self.settings.values["allowfrom"].split(","))

    def _stands_for(self, name: str, address: str) -> bool:
        with contextlib.suppress(ValueError):
            return ipaddress.ip_address(address) in ipaddress.ip_network(name)
        try:
            return address in socket.gethostbyname_ex(name)[2]
        except OSError:
            return False


class _Handler(BaseHTTPRequestHandler):
    server: SocketProxy
    protocol_version = "HTTP/1.1"

    def handle_one_request(self) -> None:
        """Like the base's, with any method."""
        self.raw_requestline = self.rfile.readline(_PIECE_BYTES)
        if not self.raw_requestline:
            self.close_connection = True
        elif self.parse_request():
            self._answer()
            self.wfile.flush()

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        welcome = self.server.is_welcome(str(self.client_address[0]))
        refusal = verdict(self.server.settings, self.command, self.path) if welcome else HTTPStatus.FORBIDDEN
        if refusal is not None:
            sys.stderr.write(f"blocked request: {self.command} {self.path}: {refusal.value}\n")
            self._say(refusal)
            return
        engine = socket.socket(socket.AF_UNIX)
        with contextlib.closing(engine):
            try:
                engine.connect(self.server.settings.values["socketpath"])
                engine.sendall(self._request(body))
                answer = http.client.HTTPResponse(engine, method=self.command)
                answer.begin()
            except (OSError, http.client.HTTPException):
                self._say(HTTPStatus.BAD_GATEWAY)
                return
            with answer:
                self._hand_on(answer)

    def _request(self, body: bytes) -> bytes:
        headers = [(name, value) for name, value in self.headers.items() if name.lower() not in _HOP_BY_HOP]
        lines = [f"{self.command} {self.path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers)]
        return "\r\n".join([*lines, "Connection: close", "", ""]).encode() + body

    def _hand_on(self, answer: http.client.HTTPResponse) -> None:
        """The answer as it comes; where it breaks off, so does ours."""
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in _HOP_BY_HOP:
                self.send_header(name, value)
        is_chunked = bool(answer.chunked)
        if is_chunked:
            self.send_header("Transfer-Encoding", "chunked")
        elif answer.length is None:
            self.send_header("Connection", "close")
        self.end_headers()
        try:
            self._hand_on_body(answer, is_chunked=is_chunked)
        except (OSError, http.client.HTTPException):
            self.close_connection = True

    def _hand_on_body(self, answer: http.client.HTTPResponse, *, is_chunked: bool) -> None:
        while piece := answer.read1(_PIECE_BYTES):
            self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece) if is_chunked else piece)
            self.wfile.flush()
        if is_chunked:
            self.wfile.write(b"0\r\n\r\n")

    def _say(self, status: HTTPStatus) -> None:
        text = f"{status.phrase}\n".encode()
        self.send_response_only(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


def _end(*_: object) -> None:
    raise SystemExit(0)


def main(arguments: Sequence[str]) -> None:
    """Serve until SIGTERM."""
    signal.signal(signal.SIGTERM, _end)
    with SocketProxy(settings_of(arguments)) as proxy:
        proxy.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1:])
