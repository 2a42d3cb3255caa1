"""Requests to the proxy over HTTP, HTTPS, HTTP/2 and WebSocket, under whatever host name."""

from __future__ import annotations

import http.client
import json
import re
import socket
import ssl
import struct
import subprocess
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

TIMEOUT_S = 60.0


@dataclass(frozen=True)
class Answer:
    """What came back.

    Attributes:
        status: the HTTP status.
        location: where a redirect points.
        body: the text.
        fields: the answer's own headers, by their names in lower case.
    """

    status: int
    location: str
    body: str
    fields: Mapping[str, str] = field(default_factory=dict)

    @property
    def backend(self) -> str:
        """Which backend answered, '' where none did."""
        return str(self.data.get("backend", ""))

    @property
    def path(self) -> str:
        """The path that the backend was asked for."""
        return str(self.data.get("path", ""))

    @property
    def headers(self) -> dict[str, str]:
        """The headers, or variables, that the backend got."""
        return dict(self.data.get("headers", {}))

    @property
    def data(self) -> dict[str, Any]:
        """The body read as JSON, empty where it is none."""
        return dict(json.loads(self.body)) if self.body.startswith("{") else {}


def tls_context(*protocols: str) -> ssl.SSLContext:
    """Takes any certificate: which it was is asked apart."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if protocols:
        context.set_alpn_protocols(list(protocols))
    return context


def get(
    port: int,
    host: str,
    path: str = "/",
    *,
    tls: bool = False,
    address: str = "127.0.0.1",
    headers: Mapping[str, str] = MappingProxyType({}),
    method: str = "GET",
    context: ssl.SSLContext | None = None,
    preface: bytes = b"",
) -> Answer:
    """One request, as a browser that looks for `host` makes it; `preface` goes before all else."""
    name = host if host.startswith("[") else host.partition(":")[0]
    with socket.create_connection((address, port), timeout=TIMEOUT_S) as plain:
        plain.sendall(preface)
        connected = (context or tls_context()).wrap_socket(plain, server_hostname=name) if tls else plain
        with connected:
            connection = http.client.HTTPConnection(address, port)
            connection.sock = connected
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for header, value in {"Host": host, **headers}.items():
                connection.putheader(header, value)
            connection.endheaders()
            with connection.getresponse() as response:
                body = response.read().decode()
                fields = {name.lower(): value for name, value in response.headers.items()}
                return Answer(response.status, fields.get("location", ""), body, fields)


def certificate_of(port: int, host: str) -> str:
    """The certificate that a server shows for a name, as PEM; ssl.SSLError where it refuses."""
    with (
        socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_S) as plain,
        tls_context().wrap_socket(plain, server_hostname=host) as secure,
    ):
        return ssl.DER_cert_to_PEM_cert(secure.getpeercert(binary_form=True) or b"")


def temporary_key(port: int, host: str, cipher: str) -> int:
    """The bits of the key that a server makes for one handshake of TLS 1.2 with a cipher; 0 where it refuses."""
    command = [
        "openssl",
        "s_client",
        "-connect",
        f"127.0.0.1:{port}",
        "-servername",
        host,
        "-tls1_2",
        "-cipher",
        cipher,
    ]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=TIMEOUT_S
    )
    found = re.search(r"Server Temp Key: DH, (\d+) bits", done.stdout)
    return int(found[1]) if found else 0


def echoed(port: int, host: str, message: bytes) -> bytes:
    """What a WebSocket gives back for a message."""
    with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_S) as connection:
        head = f"GET /chat HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
        connection.sendall(head.encode())
        with connection.makefile("rb") as stream:
            status = stream.readline()
            assert b" 101 " in status, status
            while stream.readline() not in {b"\r\n", b""}:
                pass
            connection.sendall(message)
            return stream.read(len(message))


_DATA, _HEADERS, _SETTINGS = 0, 1, 4
_END_STREAM, _END_HEADERS = 1, 4
_STATUS_200 = 0x88


def get_http2(port: int, host: str) -> Answer:
    """`GET /` over HTTP/2, agreed on in the handshake; just enough of it for one answer with status 200."""
    with (
        socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_S) as plain,
        tls_context("h2", "http/1.1").wrap_socket(plain, server_hostname=host) as secure,
        secure.makefile("rb") as stream,
    ):
        assert secure.selected_alpn_protocol() == "h2"
        # GET, https, / from HPACK's table, and :authority in full.
        fields = b"\x82\x87\x84\x01" + bytes([len(host)]) + host.encode()
        preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + _frame(_SETTINGS, 0, 0, b"")
        secure.sendall(preface + _frame(_HEADERS, _END_HEADERS | _END_STREAM, 1, fields))
        status, body = 0, b""
        while True:
            kind, flags, content = _read_frame(stream)
            if kind == _HEADERS:
                status = 200 if _STATUS_200 in content[:4] else 0
            elif kind == _DATA:
                body += content
            if kind in {_HEADERS, _DATA} and flags & _END_STREAM:
                return Answer(status, "", body.decode())


def _frame(kind: int, flags: int, stream_id: int, content: bytes) -> bytes:
    return struct.pack(">I", len(content))[1:] + struct.pack(">BBI", kind, flags, stream_id) + content


def _read_frame(stream: Any) -> tuple[int, int, bytes]:
    head = stream.read(9)
    size = int.from_bytes(head[:3], "big")
    return head[3], head[4], stream.read(size)
