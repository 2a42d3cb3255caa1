"""`FakeEngine`: a Docker engine for tests, true to engine 20.10 where it matters and faulty on demand."""

from __future__ import annotations

import json
import tempfile
import threading
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, Self

from tests.support.fake_engine import control
from tests.support.fake_engine.faults import Fault, FaultBook, How
from tests.support.fake_engine.routes import WRITES, Routes, operation_of
from tests.support.fake_engine.server import Connection, Server
from tests.support.fake_engine.wire import Answer, Request, head_bytes, message, whole_bytes
from tests.support.fake_engine.world import World

if TYPE_CHECKING:
    import ssl
    from pathlib import Path

Callback = Callable[[], object]


class FakeEngine(World):
    """A whole engine behind a socket: state, events, faults, counts. A context manager.

    What it knows is changed by the methods of `World`: `add_container`, `start_container`, `die`, `crash`,
    `stop_container`, `remove`, `rename`, `connect`, `disconnect`, `set_health`, `pause`, `unpause`, `update`,
    `restart`, `kill`, `change`. What reached containers is in `signals` and `restarts`. Its clock is `clock`.

    Args:
        socket_path: where the unix socket is made; a short path in a folder of its own where not given.
        tcp: serve on a port of the loopback address instead.
        tls: the TLS side of a server on a port.
        api_version: the newest API version it speaks.
        min_api_version: the oldest one.
        sends_date: whether answers have a `Date` header.

    Attributes:
        calls: requests by operation: `ping`, `list`, `inspect`, `networks`, `events`, `kill`, `restart`, `start`,
            `stop`, `exec_create`, `exec_start`, `exec_inspect`, ...
        requests: the last 10,000 requests as (method, target).
    """

    def __init__(
        self,
        socket_path: str | Path | None = None,
        *,
        tcp: bool = False,
        tls: ssl.SSLContext | None = None,
        api_version: str = "1.41",
        min_api_version: str = "1.12",
        sends_date: bool = True,
    ) -> None:
        super().__init__(newest_shapes=tuple(map(int, api_version.split("."))) >= (1, 52))
        self._folder = None if socket_path or tcp or tls else tempfile.TemporaryDirectory(prefix="pg", dir="/tmp")
        if self._folder is not None:
            socket_path = f"{self._folder.name}/docker.sock"
        self.socket_path = None if socket_path is None else str(socket_path)
        self.calls: Counter[str] = Counter()
        self.requests: deque[tuple[str, str]] = deque(maxlen=10_000)
        self.sends_date = sends_date
        self.routes = Routes(self, api_version=api_version, min_api_version=min_api_version)
        self._faults = FaultBook()
        self._callbacks: defaultdict[str, list[Callback]] = defaultdict(list)
        self._count_lock = threading.Lock()
        self._server = Server(self._handle, socket_path=self.socket_path, tls=tls)
        self._scheme = "tcp" if socket_path is None else "unix"

    # Life

    @property
    def address(self) -> str:
        """Where it is, as for `--docker-address`."""
        if self._scheme == "unix":
            return f"unix://{self.socket_path}"
        return f"tcp://127.0.0.1:{self._server.port}"

    @property
    def port(self) -> int:
        """The port it listens on, 0 on a unix socket."""
        return self._server.port

    def start(self) -> Self:
        """Listen; again after a `stop`, on the same address, with the same containers."""
        self._server.start()
        return self

    def stop(self) -> None:
        """Go away: connections are cut, the socket's file is removed. Containers stay for a `start`."""
        self._faults.heal()
        self.events.end_all()
        self._server.stop()

    def close(self) -> None:
        """Stop, for good."""
        self.stop()
        if self._folder is not None:
            self._folder.cleanup()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    # Faults and counts

    def fault(
        self,
        operation: str,
        *,
        times: int | None = 1,
        delay_s: float = 0.0,
        status: int | None = None,
        body: bytes | str | None = None,
        content_type: str = "application/json",
        headers: dict[str, str] | None = None,
        cut: bool = False,
        how: How = "answer",
        effect: Literal["none", "full", "stop"] = "none",
        container: str | None = None,
        ends: bool = False,
    ) -> Fault:
        """Order that the next `times` requests of an operation go wrong; see `Fault` for the arguments.

        `fault('list', status=500)`, `fault('inspect', cut=True)`, `fault('events', how='hang')`,
        `fault('list', how='half_then_hang')`, `fault('restart', how='hang', effect='full')`.
        """
        data = body.encode() if isinstance(body, str) else body
        fault = Fault(operation, times, delay_s, status, data, content_type, headers or {}, cut, how, effect, container)
        self._faults.add(fault)
        return fault

    def html_fault(self, operation: str, *, times: int | None = 1, status: int = 200) -> Fault:
        """The answer is a proxy's page."""
        page = "<html><body><h1>502 Bad Gateway</h1></body></html>"
        return self.fault(operation, times=times, status=status, body=page, content_type="text/html")

    def heal(self, operation: str | None = None) -> None:
        """Take faults back, of one operation or all; requests that hang get their end."""
        self._faults.heal(operation)

    def on(self, operation: str, callback: Callback) -> None:
        """Run something once, after the next answer to an operation was computed and before it is sent."""
        self._callbacks[operation].append(callback)

    def break_connections(self) -> None:
        """Cut every open connection; the engine goes on."""
        self._server.break_connections()

    @property
    def open_connections(self) -> int:
        """How many connections are open now."""
        return self._server.open_connections

    @property
    def accepted_connections(self) -> int:
        """How many connections there were."""
        return self._server.accepted

    def reset_calls(self) -> None:
        """Count from zero."""
        with self._count_lock:
            self.calls.clear()
            self.requests.clear()

    # Requests

    def _handle(self, request: Request, connection: Connection) -> bool:
        if request.path.startswith(control.PREFIX):
            connection.send(self._whole(control.answer(self, request)))
            return True
        operation = operation_of(request)
        with self._count_lock:
            self.calls[operation] += 1
            self.requests.append((request.method, request.target))
        fault = self._faults.take(operation, lambda reference: self.routes.is_about(request, reference))
        if fault is not None and fault.delay_s:
            connection.wait(fault.healed, fault.delay_s)
        if operation == "events" and (fault is None or not fault.replaces_answer):
            return self._stream(request, connection)
        return self._send(self._answer(operation, request, fault), operation, connection, fault)

    def _answer(self, operation: str, request: Request, fault: Fault | None) -> Answer:
        if fault is None or not fault.replaces_answer:
            answer = self.routes.answer(operation, request)
        else:
            answer = self._spoilt(operation, request, fault)
        while self._callbacks[operation]:
            self._callbacks[operation].pop(0)()
        if fault is None:
            return answer
        body = answer.body[: len(answer.body) // 2] if fault.cut else answer.body
        return Answer(answer.status, body, answer.content_type, fault.headers)

    def _spoilt(self, operation: str, request: Request, fault: Fault) -> Answer:
        if operation in WRITES and fault.effect == "full":
            self.routes.answer(operation, request)
        elif fault.effect == "stop":
            self.stop_container(request.parts[1])
        status = 200 if fault.status is None else fault.status
        if fault.body is None:
            text = message(status, "the fake engine was told to fail")
            return Answer(status, text.body, fault.content_type, fault.headers)
        return Answer(status, fault.body, fault.content_type, fault.headers)

    def _send(self, answer: Answer, operation: str, connection: Connection, fault: Fault | None) -> bool:
        how = "answer" if fault is None else fault.how
        if fault is not None and how == "hang":
            connection.wait(fault.healed)
        if how in {"hang", "close"}:
            return False
        data = self._exec_stream(answer) if operation == "exec_start" and answer.status == 200 else self._whole(answer)
        if how == "answer":
            connection.send(data)
            return operation != "exec_start" and not (fault is not None and fault.ends)
        connection.send(data[: len(data) - len(answer.body) // 2 - 8])
        if fault is not None and how == "half_then_hang":
            connection.wait(fault.healed)
        return False

    def _whole(self, answer: Answer) -> bytes:
        return whole_bytes(answer, api_version=self.routes.api_version, date=self._date())

    def _exec_stream(self, answer: Answer) -> bytes:
        return head_bytes(answer, api_version=self.routes.api_version, date="", framing="") + answer.body

    def _date(self) -> str:
        return self.clock.http_date() if self.sends_date else ""

    def _stream(self, request: Request, connection: Connection) -> bool:
        refusal = self.routes.answer("ping", request)
        if refusal.status != 200:
            connection.send(self._whole(refusal))
            return True
        # Listening begins before the head is sent: a client that has the head misses nothing from then on.
        subscriber = self.events.subscribe(json.loads(request.query.get("filters", "{}")))
        try:
            framing = "Transfer-Encoding: chunked"
            date = self._date()
            connection.send(head_bytes(Answer(200), api_version=self.routes.api_version, date=date, framing=framing))
            connection.stream(subscriber)
        finally:
            self.events.unsubscribe(subscriber)
        return False

    def control_call(self, method: str, arguments: dict[str, Any]) -> Any:
        """What the control channel may ask for: any public method of the engine, by name."""
        if method.startswith("_") or method in {"control_call", "start", "stop", "close", "on"}:
            raise ValueError(f"no such method: {method}")
        return getattr(self, method)(**arguments)
