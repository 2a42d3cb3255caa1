"""The control channel: a fake engine in another process is driven over its own socket, beside the engine's API.

`POST /_control/call` with `{"method": "start_container", "arguments": {"reference": "web-1"}}` calls a method of
`FakeEngine`; `GET /_control/calls` gives the counts; `POST /_control/reset` sets them to zero.
"""

from __future__ import annotations

import http.client
import json
import socket
from dataclasses import asdict, is_dataclass
from typing import TYPE_CHECKING, Any, Protocol

from tests.support.fake_engine.wire import Answer, Request, message

if TYPE_CHECKING:
    from collections import Counter
    from types import TracebackType

PREFIX = "/_control/"


class Controlled(Protocol):
    """What the channel needs of `FakeEngine`."""

    calls: Counter[str]

    def reset_calls(self) -> None:
        """Count from zero."""

    def control_call(self, method: str, arguments: dict[str, Any]) -> Any:
        """Call a method by its name."""


def answer(engine: Controlled, request: Request) -> Answer:
    """Answer a request of the control channel."""
    asked = request.path.removeprefix(PREFIX)
    if asked == "calls":
        return _json(dict(engine.calls))
    if asked == "reset":
        engine.reset_calls()
        return _json({})
    if asked != "call":
        return message(404, f"no such control: {asked}")
    order = request.json()
    try:
        result = engine.control_call(order["method"], order.get("arguments", {}))
    except Exception as error:  # noqa: BLE001 - whatever went wrong is the caller's to see
        return message(400, f"{type(error).__name__}: {error}")
    return _json(_plain(result))


def _json(value: object) -> Answer:
    return Answer(200, json.dumps(value).encode())


def _plain(value: object) -> object:
    if isinstance(value, str | int | float | bool | None):
        return value
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else None


class RemoteFakeEngine:
    """Drives a fake engine in another process. A context manager; for one thread."""

    def __init__(self, socket_path: str) -> None:
        self._connection = _UnixConnection(socket_path)

    def call(self, method: str, **arguments: Any) -> Any:
        """Call a method of `FakeEngine`.

        Raises:
            RuntimeError: the engine's own words about what went wrong.
        """
        return self._request("POST", "call", json.dumps({"method": method, "arguments": arguments}))

    def calls(self) -> dict[str, int]:
        """Requests by operation since the last reset."""
        counts: dict[str, int] = self._request("GET", "calls", None)
        return counts

    def reset(self) -> None:
        """Count from zero."""
        self._request("POST", "reset", None)

    def _request(self, method: str, name: str, body: str | None) -> Any:
        self._connection.request(method, f"{PREFIX}{name}", body)
        response = self._connection.getresponse()
        value = json.loads(response.read())
        if response.status != 200:
            raise RuntimeError(value["message"])
        return value

    def close(self) -> None:
        """Close the connection; the engine goes on."""
        self._connection.close()

    def __enter__(self) -> RemoteFakeEngine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, socket_path: str) -> None:
        super().__init__("localhost", timeout=60)
        self._socket_path = socket_path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._socket_path)
