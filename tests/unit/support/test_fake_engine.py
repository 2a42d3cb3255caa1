"""Tests of the fake engine: what others rest their tests on has to be as real engines are."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.fake_engine import FakeEngine, RemoteFakeEngine
from tests.support.fake_engine.bodies import human_duration
from tests.support.fake_engine.control import _UnixConnection
from tests.support.fake_engine.signal_names import canonical

if TYPE_CHECKING:
    from collections.abc import Iterator


class Client:
    """A plain client of the engine's API."""

    def __init__(self, engine: FakeEngine) -> None:
        assert engine.socket_path is not None
        self._connection = _UnixConnection(engine.socket_path)

    def __call__(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Ask; returns the status and the decoded body."""
        self._connection.request(method, path, None if body is None else json.dumps(body))
        response = self._connection.getresponse()
        data = response.read()
        return response.status, json.loads(data) if data.startswith((b"{", b"[")) else data

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


@pytest.fixture
def engine() -> Iterator[FakeEngine]:
    """A fake engine."""
    with FakeEngine() as running:
        yield running


@pytest.fixture
def ask(engine: FakeEngine) -> Iterator[Client]:
    """A client of it."""
    client = Client(engine)
    yield client
    client.close()


def actions(engine: FakeEngine) -> list[str]:
    """The events that a subscriber was sent since the last call."""
    queue = engine._test_subscriber.queue  # type: ignore[attr-defined]
    lines = []
    while not queue.empty():
        lines.append(json.loads(queue.get()[1])["Action"])
    return lines


@pytest.fixture
def listening(engine: FakeEngine) -> FakeEngine:
    """The fake engine with somebody who listens to all events."""
    engine._test_subscriber = engine.events.subscribe({})  # type: ignore[attr-defined]
    return engine


def test_starts_and_ends_have_the_events_of_a_real_engine(listening: FakeEngine) -> None:
    """In the order in which engine 20.10 sends them."""
    web = listening.add_container("web", running=False)
    assert actions(listening) == ["create"]
    listening.start_container(web)
    assert actions(listening) == ["connect", "start"]
    listening.die(web)
    assert actions(listening) == ["die", "disconnect"]
    listening.start_container(web)
    actions(listening)
    listening.stop_container(web)
    assert actions(listening) == ["kill", "die", "disconnect", "stop"]
    listening.restart(web)
    assert actions(listening) == ["connect", "start", "restart"]
    listening.remove(web)
    assert actions(listening) == ["die", "disconnect", "destroy"]


def test_a_paused_or_renamed_container_has_its_event(listening: FakeEngine) -> None:
    """As have health, updates and networks."""
    web = listening.add_container("web")
    listening.add_network("app")
    actions(listening)
    listening.pause(web)
    listening.unpause(web)
    listening.rename(web, "other")
    listening.set_health(web, "healthy")
    listening.update(web, restart_policy="always")
    listening.connect(web, "app")
    listening.disconnect(web, "app")
    assert actions(listening) == [
        "pause", "unpause", "rename", "health_status: healthy", "update", "connect", "disconnect",
    ]  # fmt: skip


def test_a_run_has_its_own_start(engine: FakeEngine) -> None:
    """Each start is later than the one before, and shows in the body."""
    web = engine.add_container("web")
    starts = [engine.container(web).started_at]
    for _ in range(5):
        engine.restart(web)
        starts.append(json.loads(engine.inspect_body(web))["State"]["StartedAt"])
    assert sorted(set(starts)) == starts


def test_a_crash_heeds_the_restart_policy_and_kill_makes_it_forgotten(engine: FakeEngine) -> None:
    """As moby does: a kill without another StopSignal cancels the policy until the next start."""
    always = engine.add_container("always", restart_policy="always")
    other = engine.add_container("other", restart_policy="always", stop_signal="SIGQUIT")
    never = engine.add_container("never")
    assert [engine.crash(each) for each in (always, other, never)] == [True, True, False]
    engine.kill(always, "HUP")
    engine.kill(other, "HUP")
    assert [engine.crash(each) for each in (always, other)] == [False, True]
    engine.start_container(always)
    assert engine.crash(always)


def test_signals_by_exec_leave_the_policy_alone(engine: FakeEngine, ask: Client) -> None:
    """And KILL and STOP from inside do nothing."""
    web = engine.add_container("web", restart_policy="always")
    for name in ("HUP", "KILL", "STOP"):
        _, created = ask("POST", f"/v1.41/containers/{web}/exec", {"Cmd": ["kill", f"-{name}", "1"]})
        ask("POST", f"/v1.41/exec/{created['Id']}/start", {"Detach": False})
        assert ask("GET", f"/v1.41/exec/{created['Id']}/json")[1]["ExitCode"] == 0
    assert [delivered.signal for delivered in engine.signals] == ["SIGHUP"]
    assert engine.crash(web)


def test_a_restarting_container_gets_no_signal_and_loses_its_policy(engine: FakeEngine, ask: Client) -> None:
    """A kill answers 204, and nobody was told."""
    web = engine.add_container("web", restart_policy="always")
    engine.die(web, restarting=True)
    assert ask("POST", f"/v1.41/containers/{web}/kill?signal=HUP")[0] == 204
    assert engine.signals == []
    assert engine.container(web).policy_cancelled
    state = ask("GET", f"/v1.41/containers/{web}/json")[1]["State"]
    assert (state["Running"], state["Restarting"], state["Status"]) == (True, True, "restarting")


def test_what_cannot_be_is_refused_as_a_real_engine_does(engine: FakeEngine, ask: Client) -> None:
    """404 for the unknown, 409 where the state does not allow it, 400 for nonsense, 304 for nothing to do."""
    web = engine.add_container("web")
    stopped = engine.add_container("stopped", running=False)
    assert ask("GET", "/v1.41/containers/nope/json") == (404, {"message": "No such container: nope"})
    assert ask("POST", f"/v1.41/containers/{stopped}/kill?signal=HUP")[0] == 409
    assert ask("POST", f"/v1.41/containers/{web}/kill?signal=FOO") == (400, {"message": "Invalid signal: FOO"})
    assert ask("POST", f"/v1.41/containers/{web}/start")[0] == 304
    assert ask("POST", f"/v1.41/containers/{stopped}/exec", {"Cmd": ["x"]})[0] == 409
    assert ask("GET", "/v1.99/containers/json")[0] == 400
    assert ask("GET", "/v1.2/containers/json")[0] == 400
    assert ask("GET", "/v1.41/nothing")[0] == 404
    engine.pause(web)
    assert ask("POST", f"/v1.41/containers/{web}/exec", {"Cmd": ["x"]})[0] == 409


def test_the_list_tells_what_the_bodies_tell(engine: FakeEngine, ask: Client) -> None:
    """Names, states, health and addresses are the same in both."""
    web = engine.add_container("web", health="healthy", published={"80/tcp": [("0.0.0.0", 8080)]})
    engine.add_container("stopped", running=False)
    running = ask("GET", "/v1.41/containers/json")[1]
    everything = ask("GET", "/v1.41/containers/json?all=1")[1]
    assert ([entry["Id"] for entry in running], len(everything)) == ([web], 2)
    body = ask("GET", f"/v1.41/containers/{web}/json")[1]
    assert running[0]["State"] == body["State"]["Status"] == "running"
    assert running[0]["Status"].endswith(" (healthy)")
    address = body["NetworkSettings"]["Networks"]["bridge"]["IPAddress"]
    assert running[0]["NetworkSettings"]["Networks"]["bridge"]["IPAddress"] == address != ""
    assert running[0]["Ports"] == [{"IP": "0.0.0.0", "PrivatePort": 80, "PublicPort": 8080, "Type": "tcp"}]


def test_a_frozen_list_is_behind_the_bodies(engine: FakeEngine, ask: Client) -> None:
    """As a real engine's is for a moment after a crash."""
    web = engine.add_container("web")
    engine.freeze_list()
    engine.die(web)
    assert ask("GET", "/v1.41/containers/json")[1][0]["State"] == "running"
    assert not ask("GET", f"/v1.41/containers/{web}/json")[1]["State"]["Running"]
    engine.thaw_list()
    assert ask("GET", "/v1.41/containers/json")[1] == []


def test_faults_are_taken_in_order_and_by_container(engine: FakeEngine, ask: Client) -> None:
    """Each spoils as many requests as it was ordered to, of its container only."""
    one, two = engine.add_container("one"), engine.add_container("two")
    engine.fault("inspect", times=2, status=500, container="one")
    engine.fault("inspect", status=503)
    path = "/v1.41/containers/{}/json"
    statuses = [ask("GET", path.format(each))[0] for each in (one, two, two, one, one)]
    assert statuses == [500, 503, 200, 500, 200]
    assert engine.calls == {"inspect": 5}


def test_a_fault_can_come_after_the_deed(engine: FakeEngine, ask: Client) -> None:
    """The engine did it, or half of it, and says that it failed."""
    web = engine.add_container("web")
    engine.fault("kill", status=500, effect="full")
    engine.fault("restart", status=500, effect="stop")
    assert ask("POST", f"/v1.41/containers/{web}/kill?signal=HUP")[0] == 500
    assert ask("POST", f"/v1.41/containers/{web}/restart")[0] == 500
    assert (len(engine.signals), engine.restarts, engine.container(web).status) == (1, [], "exited")


def test_lost_doubled_and_swapped_events(listening: FakeEngine) -> None:
    """What goes wrong with events can be ordered."""
    web = listening.add_container("web")
    actions(listening)
    with listening.without_events():
        listening.pause(web)
    listening.events.faults.copies = 2
    listening.unpause(web)
    listening.events.faults.copies = 1
    listening.events.faults.reorder = True
    listening.pause(web)
    listening.unpause(web)
    listening.events.faults.reorder = False
    listening.events.faults.drop_rate = 1.0
    listening.pause(web)
    assert actions(listening) == ["unpause", "unpause", "unpause", "pause"]


def test_a_body_can_be_anything(engine: FakeEngine) -> None:
    """Overrides reach every field, at every depth."""
    web = engine.add_container("web", overrides={"Config": {"Env": None}, "Odd": [1]})
    body = json.loads(engine.inspect_body(web))
    assert (body["Config"]["Env"], body["Odd"], body["Config"]["Image"]) == (None, [1], "busybox:local")
    with pytest.raises(TypeError, match="no field"):
        engine.change(web, None, colour="red")


def test_it_comes_back_with_what_it_had(engine: FakeEngine) -> None:
    """A restart of the engine keeps its containers and its address, and cuts every connection."""
    engine.add_container("web")
    address = engine.address
    engine.stop()
    assert engine.socket_path is not None
    assert not Path(engine.socket_path).exists()
    engine.start()
    client = Client(engine)
    assert len(client("GET", "/v1.41/containers/json")[1]) == 1
    assert engine.address == address
    client.close()


@pytest.mark.processes
def test_as_a_process_it_is_driven_over_its_socket() -> None:
    """With realistic bodies, counts, and an end on SIGTERM."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        path = f"{folder}/docker.sock"
        command = [sys.executable, "-m", "tests.support.fake_engine", path, "--containers", "30"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            try:
                assert process.stdout is not None
                assert process.stdout.readline() == "ready\n"
                with RemoteFakeEngine(path) as remote:
                    _drive(remote, path)
            finally:
                process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
        assert not Path(path).exists()


def _drive(remote: RemoteFakeEngine, path: str) -> None:
    connection = _UnixConnection(path)
    connection.request("GET", "/v1.41/containers/json")
    entries = json.loads(connection.getresponse().read())
    sizes = []
    for entry in entries:
        connection.request("GET", f"/v1.41/containers/{entry['Id']}/json")
        sizes.append(len(connection.getresponse().read()))
    connection.close()
    assert len(entries) == 30
    assert 5_000 <= min(sizes) <= max(sizes) <= 10_000
    made = remote.call("add_container", name="more")
    remote.call("stop_container", reference=made)
    assert remote.calls() == {"list": 1, "inspect": 30}
    remote.reset()
    assert remote.calls() == {}
    with pytest.raises(RuntimeError, match="No such container"):
        remote.call("die", reference="nobody")
    with pytest.raises(RuntimeError, match="no such method"):
        remote.call("_handle")


@pytest.mark.parametrize(
    ("text", "name"),
    [("HUP", "SIGHUP"), ("sighup", "SIGHUP"), ("1", "SIGHUP"), ("RTMIN+3", "SIGRTMIN+3"), ("37", "SIGRTMIN+3"),
     ("34", "SIGRTMIN")],
)  # fmt: skip
def test_signals_are_known_by_every_name(text: str, name: str) -> None:
    """As the engine reads them."""
    assert canonical(text) == name


@pytest.mark.parametrize("text", ["", "FOO", "0", "65", "-1"])
def test_what_is_no_signal_is_refused(text: str) -> None:
    """The engine would answer 400."""
    with pytest.raises(ValueError, match="Invalid signal"):
        canonical(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.5, "Less than a second"), (1, "1 second"), (59.9, "59 seconds"), (60, "About a minute"), (150, "2 minutes"),
     (3600, "About an hour"), (5400, "2 hours"), (200_000, "2 days")],
)  # fmt: skip
def test_uptimes_read_as_docker_writes_them(seconds: float, text: str) -> None:
    """With docker's roundings."""
    assert human_duration(seconds) == text


def test_a_hanging_request_ends_with_healing(engine: FakeEngine, ask: Client) -> None:
    """Nothing hangs longer than a test wants it to."""
    fault = engine.fault("list", how="hang")
    ask._connection.request("GET", "/v1.41/containers/json")
    deadline = time.monotonic() + 30
    while engine.calls["list"] == 0:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    engine.heal("list")
    assert fault.healed.is_set()
    with pytest.raises(ConnectionError):
        ask._connection.getresponse()
