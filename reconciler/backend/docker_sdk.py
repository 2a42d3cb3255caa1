"""Tells containers through the Docker SDK: signals, restarts, starts, execs. The one module that imports it.

The SDK is the transport (`APIClient`, a session of requests); paths, parameters and statuses are the engine API's own,
because the SDK's methods add what nobody asked for: its `restart` always sends `t=10`. Whatever it, requests or urllib3
raise is translated here into the port's errors.
"""

from __future__ import annotations

import json
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Literal

from notify.output import Tail
from notify.port import ContainerState, DeliveryError, EngineRefused, EngineTimeout, EngineUnavailable, Executed
from reconciler.backend import sdk_errors
from reconciler.backend.container_state import read_container_state
from reconciler.backend.engine_link import EngineLink, NullObserver, Timeouts
from reconciler.backend.exec_output import ExecOutput
from reconciler.backend.http_dates import engine_ns_max
from reconciler.backend.port import EngineError, EngineObserver
from reconciler.backend.sockets import open_socket

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from docker.api.client import APIClient
    from requests import Response

    from reconciler.backend.address import EngineAddress

CONNECT_TIMEOUT_S = 5.0
EXEC_POLL_S = 0.05
_NOT_MODIFIED, _BAD_REQUEST, _NOT_FOUND = 304, 400, 404
_IDLE_CLIENTS_MAX = 4
_PIECE_BYTES = 1 << 16


@contextmanager
def _cut_after(response: Response, seconds: float) -> Iterator[None]:
    """End the reading of a stream when its time is up: a byte now and then would keep a read going forever."""

    def cut() -> None:
        with suppress(Exception):  # it has ended meanwhile
            response.raw.shutdown()

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


class SdkNotifyPort:
    """Implements `notify.port.NotifyPort` for one engine, whatever name it is called by. Any thread may call it.

    Args:
        address: where writes go, of kind `unix` or `tcp`.
        observer: counts requests; the three of an exec as `exec`.
        clock: monotonic, seconds.
        sleep: waits so many seconds.
    """

    def __init__(
        self,
        address: EngineAddress,
        *,
        observer: EngineObserver | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._address = address
        self._observer = observer or NullObserver()
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._idle: list[APIClient] = []
        self._version = ""
        self._agreeing = threading.Lock()
        self._is_closed = False

    def inspect(self, engine: str, container_id: str, *, timeout_s: float) -> ContainerState | None:  # noqa: ARG002
        """Read the container's state; None where the engine itself says that it is gone."""
        with self._request("inspect", "GET", f"/containers/{container_id}/json", timeout_s) as response:
            if response.status_code == _NOT_FOUND and sdk_errors.is_no_such_container(response.content):
                return None
            self._check(response, "inspect")
            body = self._json(response, "inspect")
            date = response.headers.get("Date", "")
        return read_container_state(body, engine_ns_max=engine_ns_max(date.encode("latin-1", "replace")))

    def kill(self, engine: str, container_id: str, signal: str, *, timeout_s: float) -> None:  # noqa: ARG002
        """Send a signal."""
        self._post("kill", f"/containers/{container_id}/kill", timeout_s, {"signal": signal})

    def restart(self, engine: str, container_id: str, *, stop_timeout_s: int | None, timeout_s: float) -> None:  # noqa: ARG002
        """Restart; `t` is sent only where a stop timeout is given."""
        parameters = {} if stop_timeout_s is None else {"t": str(stop_timeout_s)}
        self._post("restart", f"/containers/{container_id}/restart", timeout_s, parameters)

    def start(self, engine: str, container_id: str, *, timeout_s: float) -> None:  # noqa: ARG002
        """Start; one that runs already is no error."""
        self._post("start", f"/containers/{container_id}/start", timeout_s, {})

    def execute(
        self,
        engine: str,  # noqa: ARG002
        container_id: str,
        command: Sequence[str],
        *,
        user: str = "",
        timeout_s: float,
    ) -> Executed:
        """Run a command inside and wait for its end."""
        deadline_s = self._clock() + timeout_s
        order = {"Cmd": list(command), "User": user, "AttachStdout": True, "AttachStderr": True}
        path = f"/containers/{container_id}/exec"
        with self._request("exec_create", "POST", path, timeout_s, body=order) as response:
            self._check(response, "exec_create")
            exec_id = self._json(response, "exec_create").get("Id")
        if not isinstance(exec_id, str) or not exec_id.isalnum():
            raise DeliveryError(sdk_errors.unreadable("exec_create", self._address))
        output = self._run_to_its_end(exec_id, deadline_s)
        return Executed(self._exit_status(exec_id, deadline_s), output)

    def close(self) -> None:
        """Close idle clients; those in use are closed after their request."""
        with self._lock:
            self._is_closed = True
            idle, self._idle = self._idle, []
        for client in idle:
            client.close()

    def _post(self, operation: str, path: str, timeout_s: float, parameters: Mapping[str, str]) -> None:
        with self._request(operation, "POST", path, timeout_s, parameters=parameters) as response:
            self._check(response, operation)

    def _run_to_its_end(self, exec_id: str, deadline_s: float) -> bytes:
        """Start the exec and read what it prints, which ends when it does; the end of it is kept."""
        order = {"Detach": False, "Tty": False}
        path = f"/exec/{exec_id}/start"
        left_s = self._left_s(deadline_s)
        kept = Tail()
        with self._request("exec_start", "POST", path, left_s, body=order, stream=True) as response:
            self._check(response, "exec_start")
            output = ExecOutput(kept)
            with _cut_after(response, left_s):
                for piece in response.iter_content(_PIECE_BYTES):
                    output.add(piece)
                    self._left_s(deadline_s)
        # A stream that was cut ends like any other.
        self._left_s(deadline_s)
        return bytes(kept)

    def _exit_status(self, exec_id: str, deadline_s: float) -> int:
        while True:
            path = f"/exec/{exec_id}/json"
            with self._request("exec_inspect", "GET", path, self._left_s(deadline_s)) as response:
                self._check(response, "exec_inspect")
                state = self._json(response, "exec_inspect")
            status, is_running = state.get("ExitCode"), state.get("Running")
            if isinstance(status, int) and is_running is False:
                return status
            if is_running is False:
                raise EngineUnavailable(f"the engine {self._address.name}: the command was not started")
            # Its output ended, and the engine has yet to hear of its end.
            self._sleep(EXEC_POLL_S)

    def _left_s(self, deadline_s: float) -> float:
        left_s = deadline_s - self._clock()
        if left_s <= 0:
            raise EngineTimeout(f"the engine {self._address.name}: the command did not end in time")
        return left_s

    # Requests

    @contextmanager
    def _request(
        self,
        operation: str,
        method: Literal["GET", "POST"],
        path: str,
        timeout_s: float,
        *,
        parameters: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        stream: bool = False,
    ) -> Iterator[Response]:
        """Ask, and hand out the answer; everything that is raised meanwhile comes out translated, and is counted."""
        begun_s = self._clock()
        result: Literal["success", "error"] = "error"
        try:
            self._probe_socket(timeout_s)
            with self._client(timeout_s) as client:
                response = client.request(
                    method,
                    f"{client.base_url}/v{client.api_version}{path}",
                    params=dict(parameters or {}),
                    data=None if body is None else json.dumps(body),
                    headers={} if body is None else {"Content-Type": "application/json"},
                    timeout=(min(CONNECT_TIMEOUT_S, timeout_s), timeout_s),
                    stream=stream,
                    allow_redirects=False,
                )
                with response:
                    yield response
            result = "success"
        except (DeliveryError, EngineError):
            raise
        except Exception as error:
            raise sdk_errors.translated(error, operation, self._address) from error
        finally:
            counted = "exec" if operation.startswith("exec") else operation
            self._observer.request(counted, result, self._clock() - begun_s)

    def _probe_socket(self, timeout_s: float) -> None:
        """See whether anybody listens on a unix socket: the SDK leaves its own open where it can't connect."""
        if self._address.kind == "unix":
            open_socket(self._address, timeout_s=min(CONNECT_TIMEOUT_S, timeout_s)).close()

    def _check(self, response: Response, operation: str) -> None:
        if response.ok or response.status_code == _NOT_MODIFIED:
            return
        if response.status_code == _BAD_REQUEST and b"client version" in response.content:
            # Another engine came into this one's place: agree with it anew, at the next try.
            self._forget_clients()
        text = sdk_errors.refusal(response.status_code, response.content, operation, self._address)
        raise EngineRefused(text, response.status_code)

    def _json(self, response: Response, operation: str) -> dict[str, Any]:
        try:
            value = response.json()
        except ValueError as error:
            raise DeliveryError(sdk_errors.unreadable(operation, self._address)) from error
        if not isinstance(value, dict):
            raise DeliveryError(sdk_errors.unreadable(operation, self._address))
        return value

    # Clients

    @contextmanager
    def _client(self, timeout_s: float) -> Iterator[APIClient]:
        """A client that nobody else uses meanwhile; kept for the next one only after a good end."""
        with self._lock:
            client = self._idle.pop() if self._idle else None
        if client is None:
            client = self._new_client(timeout_s)
        try:
            yield client
        except BaseException:
            client.close()
            raise
        with self._lock:
            is_kept = not self._is_closed and len(self._idle) < _IDLE_CLIENTS_MAX
            if is_kept:
                self._idle.append(client)
        if not is_kept:
            client.close()

    def _forget_clients(self) -> None:
        with self._lock:
            self._version = ""
            idle, self._idle = self._idle, []
        for client in idle:
            client.close()

    def _new_client(self, timeout_s: float) -> APIClient:
        version = self._version or self._agree_on_version(timeout_s)
        import docker.api.client  # late: loading it takes 140 ms, and most programs tell nobody at their start

        address = self._address
        client = docker.api.client.APIClient(
            base_url=f"https://{address.authority}" if address.tls else address.name,
            version=version,
            timeout=int(CONNECT_TIMEOUT_S),
            tls=self._tls_config(),
        )
        # Proxies and certificate bundles of the environment are for the web, not for the engine.
        client.trust_env = False
        return client

    def _tls_config(self) -> Any:
        tls = self._address.tls
        if tls is None:
            return False
        import urllib3
        from docker.tls import TLSConfig

        if not tls.verify:
            # The user said so, by DOCKER_CERT_PATH without DOCKER_TLS_VERIFY; it need not be said with each request.
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        return TLSConfig(client_cert=tls.client, ca_cert=tls.authority, verify=tls.verify)

    def _agree_on_version(self, timeout_s: float) -> str:
        """One thread asks and the others wait for it: Podman runs a dozen programs to answer, a second or more."""
        is_ours = self._agreeing.acquire(timeout=timeout_s)
        try:
            return self._version or self._ask_for_version(timeout_s)
        finally:
            if is_ours:
                self._agreeing.release()

    def _ask_for_version(self, timeout_s: float) -> str:
        link = EngineLink(
            self._address,
            timeouts=Timeouts(min(CONNECT_TIMEOUT_S, timeout_s), timeout_s, timeout_s),
            clock=self._clock,
            observer=self._observer,
        )
        try:
            link.disconnect(link.connect("version"))
        except EngineError as error:
            raise sdk_errors.as_delivery_error(error) from error
        self._version = link.version
        return self._version
