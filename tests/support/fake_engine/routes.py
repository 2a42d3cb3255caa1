"""Which operation a request is, and what the engine answers when nothing goes wrong."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.support.fake_engine.container import fake_id
from tests.support.fake_engine.signal_names import canonical
from tests.support.fake_engine.wire import Answer, Request, message
from tests.support.fake_engine.world import ConflictError, NoSuchThingError, World

if TYPE_CHECKING:
    from collections.abc import Callable

_BY_SHAPE = {
    ("GET", "_ping"): "ping",
    ("HEAD", "_ping"): "ping",
    ("GET", "version"): "version",
    ("GET", "info"): "info",
    ("GET", "events"): "events",
    ("GET", "networks"): "networks",
    ("GET", "networks/*"): "network",
    ("GET", "containers/json"): "list",
    ("GET", "containers/*/json"): "inspect",
    ("POST", "containers/*/kill"): "kill",
    ("POST", "containers/*/restart"): "restart",
    ("POST", "containers/*/start"): "start",
    ("POST", "containers/*/stop"): "stop",
    ("POST", "containers/*/exec"): "exec_create",
    ("POST", "exec/*/start"): "exec_start",
    ("GET", "exec/*/json"): "exec_inspect",
}
WRITES = frozenset({"kill", "restart", "start", "stop", "exec_create", "exec_start"})


def _is_in(filters: dict[str, list[str]], entry: dict[str, Any]) -> bool:
    """Whether a list's entry is in filters: all labels have to fit, and one of the ids."""
    if unknown := filters.keys() - {"label", "id"}:
        raise ValueError(f"invalid filter {sorted(unknown)}")
    pairs = {f"{key}={value}" for key, value in entry["Labels"].items()} | entry["Labels"].keys()
    return pairs >= set(filters.get("label", ())) and ("id" not in filters or entry["Id"] in filters["id"])


def operation_of(request: Request) -> str:
    """The operation's name, or `unknown`."""
    parts = request.parts
    if len(parts) > 1 and parts[:2] != ["containers", "json"]:
        parts = [parts[0], "*", *parts[2:]]
    return _BY_SHAPE.get((request.method, "/".join(parts)), "unknown")


@dataclass(slots=True)
class Exec:
    """An exec that was created."""

    container_id: str
    command: list[str]
    user: str
    running: bool = False
    exit_code: int | None = None
    output: bytes = b""


class Routes:
    """Answers requests from the world. Thread-safe, because the world is.

    Attributes:
        execs: by id, in the order of their making.
    """

    def __init__(self, world: World, *, api_version: str, min_api_version: str) -> None:
        self.world = world
        self.api_version = api_version
        self.min_api_version = min_api_version
        self.execs: dict[str, Exec] = {}
        self._answers: dict[str, Callable[[Request], Answer]] = {
            "ping": lambda _: Answer(200, b"OK", "text/plain; charset=utf-8"),
            "version": self._version,
            "info": lambda _: Answer(200, json.dumps({"ID": "FAKE", "Name": "fake"}).encode()),
            "networks": lambda _: Answer(200, world.networks_body()),
            "network": self._network,
            "list": self._list,
            "inspect": lambda request: Answer(200, world.inspect_body(request.parts[1])),
            "kill": self._kill,
            "restart": self._restart,
            "start": lambda request: Answer(204 if world.start_container(request.parts[1]) else 304),
            "stop": lambda request: Answer(204 if world.stop_container(request.parts[1]) else 304),
            "exec_create": self._exec_create,
            "exec_start": self._exec_start,
            "exec_inspect": self._exec_inspect,
        }

    def answer(self, operation: str, request: Request) -> Answer:
        """What the engine answers, its own errors included."""
        refusal = self._version_refusal(request.version)
        if refusal is not None:
            return refusal
        try:
            return self._answers.get(operation, _unknown)(request)
        except NoSuchThingError as error:
            return message(404, str(error))
        except ConflictError as error:
            return message(409, str(error))
        except ValueError as error:
            return message(400, str(error))

    def is_about(self, request: Request, reference: str) -> bool:
        """Whether a request is about this container, by id or name."""
        parts = request.parts
        try:
            wanted = self.world.container(reference).id
        except NoSuchThingError:
            wanted = reference
        if len(parts) < 2:
            return False
        if parts[0] == "exec":
            return parts[1] in self.execs and self.execs[parts[1]].container_id == wanted
        return parts[1] in {wanted, reference}

    def _version_refusal(self, version: str) -> Answer | None:
        if not version:
            return None
        asked = _as_numbers(version)
        if asked > _as_numbers(self.api_version):
            return message(
                400, f"client version {version} is too new. Maximum supported API version is {self.api_version}"
            )
        if asked < _as_numbers(self.min_api_version):
            text = f"client version {version} is too old. Minimum supported API version is {self.min_api_version}, "
            return message(400, text + "please upgrade your client to a newer version")
        return None

    def _version(self, _: Request) -> Answer:
        versions = {"Version": "20.10.24", "ApiVersion": self.api_version, "MinAPIVersion": self.min_api_version}
        return Answer(200, json.dumps(versions).encode())

    def _list(self, request: Request) -> Answer:
        wants_all = request.query.get("all", "0").lower() in {"1", "true"}
        body = self.world.list_body(all_containers=wants_all)
        filters = json.loads(request.query.get("filters", "{}"))
        if filters:
            body = json.dumps([each for each in json.loads(body) if _is_in(filters, each)]).encode()
        return Answer(200, body)

    def _network(self, request: Request) -> Answer:
        network_id = self.world.network(request.parts[1]).id
        networks = json.loads(self.world.networks_body())
        return Answer(200, json.dumps(next(n for n in networks if n["Id"] == network_id)).encode())

    def _kill(self, request: Request) -> Answer:
        self.world.kill(request.parts[1], request.query.get("signal", "SIGKILL"))
        return Answer(204)

    def _restart(self, request: Request) -> Answer:
        timeout = request.query.get("t")
        self.world.restart(request.parts[1], stop_timeout_s=None if timeout is None else int(timeout))
        return Answer(204)

    def _exec_create(self, request: Request) -> Answer:
        container = self.world.container(request.parts[1])
        if not container.alive:
            raise ConflictError(f"Container {container.id} is not running")
        if container.paused:
            raise ConflictError(f"Container {container.id} is paused, unpause the container before exec")
        asked: dict[str, Any] = request.json()
        exec_id = fake_id(f"exec {len(self.execs)} {container.id}")
        self.execs[exec_id] = Exec(container.id, list(asked["Cmd"]), asked.get("User") or "")
        return Answer(201, json.dumps({"Id": exec_id}).encode())

    def _exec_start(self, request: Request) -> Answer:
        started = self._exec(request)
        container = self.world.container(started.container_id)
        key = (started.user, started.command[0])
        status = container.exec_status.get(key, container.exec_status.get(("*", key[1]), 0))
        started.exit_code = status
        if status == 0:
            self._run_kill(started)
        return Answer(200, started.output, "application/vnd.docker.raw-stream")

    def _run_kill(self, started: Exec) -> None:
        words = started.command
        if words[0].rsplit("/", 1)[-1] in {"sh", "ash", "bash"} and "-c" in words:
            words = words[words.index("-c") + 1].split()
        if len(words) >= 3 and words[0].rsplit("/", 1)[-1] == "kill" and words[-1] == "1":
            container = self.world.container(started.container_id)
            name = words[2] if words[1] == "-s" else words[1].removeprefix("-")
            self.world.signal_process(container, canonical(name), "exec")

    def _exec_inspect(self, request: Request) -> Answer:
        asked = self._exec(request)
        body = {
            "ID": request.parts[1],
            "Running": asked.running,
            "ExitCode": asked.exit_code,
            "ContainerID": asked.container_id,
            "ProcessConfig": {"entrypoint": asked.command[0], "arguments": asked.command[1:], "user": asked.user},
        }
        return Answer(200, json.dumps(body).encode())

    def _exec(self, request: Request) -> Exec:
        if request.parts[1] not in self.execs:
            raise NoSuchThingError(f"No such exec instance: {request.parts[1]}")
        return self.execs[request.parts[1]]


def _unknown(_: Request) -> Answer:
    return message(404, "page not found")


def _as_numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
