"""A request over HTTP/3, by aioquic."""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING

from aioquic.asyncio.client import connect
from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.h3.connection import H3Connection
from aioquic.h3.events import DataReceived, H3Event, HeadersReceived
from aioquic.quic.configuration import QuicConfiguration

from tests.recipes.nginx.client import TIMEOUT_S, Answer

if TYPE_CHECKING:
    from typing import Any

    from aioquic.quic.events import QuicEvent


class _Client(QuicConnectionProtocol):
    """One request on one connection."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._http = H3Connection(self._quic)
        self._fields: dict[str, str] = {}
        self._body = b""
        self._answered: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()

    async def get(self, host: str, path: str) -> Answer:
        stream = self._quic.get_next_available_stream_id()
        head = {":method": "GET", ":scheme": "https", ":authority": host, ":path": path}
        headers = [(name.encode(), value.encode()) for name, value in head.items()]
        self._http.send_headers(stream, headers, end_stream=True)
        self.transmit()
        return await self._answered

    def quic_event_received(self, event: QuicEvent) -> None:
        for each in self._http.handle_event(event):
            self._take(each)

    def _take(self, event: H3Event) -> None:
        if isinstance(event, HeadersReceived):
            self._fields |= {name.decode(): value.decode() for name, value in event.headers}
        elif isinstance(event, DataReceived):
            self._body += event.data
        if isinstance(event, HeadersReceived | DataReceived) and event.stream_ended and not self._answered.done():
            status, location = int(self._fields[":status"]), self._fields.get("location", "")
            self._answered.set_result(Answer(status, location, self._body.decode(), self._fields))


def get_http3(port: int, host: str, path: str = "/") -> Answer:
    """`GET` of a path over HTTP/3, whatever certificate is shown; ConnectionError or TimeoutError without an answer."""
    return asyncio.run(asyncio.wait_for(_get(port, host, path), TIMEOUT_S))


async def _get(port: int, host: str, path: str) -> Answer:
    configuration = QuicConfiguration(
        is_client=True, alpn_protocols=["h3"], server_name=host, verify_mode=ssl.CERT_NONE
    )
    async with connect("127.0.0.1", port, configuration=configuration, create_protocol=_Client) as client:
        assert isinstance(client, _Client)
        return await client.get(host, path)
