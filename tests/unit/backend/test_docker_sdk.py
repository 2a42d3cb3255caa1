"""Tests of telling containers through the SDK: what the engine gets, and what each failure becomes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from notify.port import DeliveryError, EngineRefused, EngineTimeout, EngineUnavailable
from reconciler.backend.address import EngineAddress
from reconciler.backend.docker_sdk import SdkNotifyPort
from tests.support.fake_clock import FakeClock
from tests.support.fake_engine import DeliveredSignal, FakeEngine
from tests.unit.backend.recording_observer import becomes

if TYPE_CHECKING:
    from tests.unit.backend.recording_observer import RecordingObserver

GONE = "f" * 64
KILL_HUP = ("kill", "-HUP", "1")


@pytest.fixture
def port(engine: FakeEngine, observer: RecordingObserver) -> Iterator[SdkNotifyPort]:
    """A port to the fake engine."""
    made = SdkNotifyPort(EngineAddress.parse(engine.address, {}), observer=observer, sleep=observer.sleep)
    yield made
    made.close()


@pytest.fixture
def web(engine: FakeEngine) -> str:
    """A running container's id."""
    return engine.add_container("web", restart_policy="always", stop_signal="SIGQUIT", stop_timeout_s=3)


def test_a_state_is_read_whole(engine: FakeEngine, port: SdkNotifyPort, web: str) -> None:
    """Everything that a delivery must know comes from one inspect, with the engine's time."""
    engine.clock.offset_ns = 7_200_000_000_000
    engine.change(web, None, pid_mode="host", paused=True)
    state = port.inspect("any", web, timeout_s=30)
    assert state is not None
    assert (state.running, state.restarting, state.paused) == (True, False, True)
    assert state.started_at == engine.container(web).started_at
    assert (state.stop_signal, state.restart_policy, state.pid_mode, state.stop_timeout_s) == (
        "SIGQUIT", "always", "host", 3,
    )  # fmt: skip
    assert state.engine_ns_max is not None
    assert abs(state.engine_ns_max - engine.clock.now_ns()) < 60e9


def test_unset_fields_are_empty(engine: FakeEngine, port: SdkNotifyPort) -> None:
    """A stopped container without any settings reads as such."""
    container_id = engine.add_container("bare", running=False)
    state = port.inspect("any", container_id, timeout_s=30)
    assert state is not None
    assert (state.running, state.stop_signal, state.restart_policy, state.pid_mode, state.stop_timeout_s) == (
        False, "", "no", "", None,
    )  # fmt: skip


def test_a_container_that_is_gone_has_no_state(port: SdkNotifyPort) -> None:
    """The engine's own 404 means that nothing is owed any more."""
    assert port.inspect("any", GONE, timeout_s=30) is None


def test_a_404_of_a_proxy_is_no_proof_of_absence(engine: FakeEngine, port: SdkNotifyPort, web: str) -> None:
    """A page that was not found is an error."""
    engine.fault("inspect", times=None, status=404, body="<html>", content_type="text/html")
    with pytest.raises(EngineRefused) as caught:
        port.inspect("any", web, timeout_s=30)
    assert caught.value.status == 404


def test_a_signal_arrives_once(engine: FakeEngine, port: SdkNotifyPort, web: str) -> None:
    """`docker kill` with the signal's name."""
    port.kill("any", web, "SIGUSR1", timeout_s=30)
    run = engine.container(web).started_at
    assert engine.signals == [DeliveredSignal(web, run, "SIGUSR1", "kill")]
    assert engine.requests[-1] == ("POST", f"/v1.41/containers/{web}/kill?signal=SIGUSR1")


def test_a_real_time_signal_keeps_its_plus(engine: FakeEngine, port: SdkNotifyPort, web: str) -> None:
    """A plus in a name is no blank for the engine."""
    port.kill("any", web, "SIGRTMIN+3", timeout_s=30)
    assert [delivered.signal for delivered in engine.signals] == ["SIGRTMIN+3"]


def test_a_restart_sends_a_timeout_only_where_one_is_given(engine: FakeEngine, port: SdkNotifyPort, web: str) -> None:
    """Without one the container's own stop timeout holds, which `t` would override."""
    port.restart("any", web, stop_timeout_s=None, timeout_s=30)
    port.restart("any", web, stop_timeout_s=0, timeout_s=30)
    assert [restart.stop_timeout_s for restart in engine.restarts] == [None, 0]
    targets = [target for _, target in engine.requests if "restart" in target]
    assert targets == [f"/v1.41/containers/{web}/restart", f"/v1.41/containers/{web}/restart?t=0"]


def test_a_start_starts_and_starting_again_is_no_error(engine: FakeEngine, port: SdkNotifyPort, web: str) -> None:
    """304 is fine."""
    engine.stop_container(web)
    port.start("any", web, timeout_s=30)
    port.start("any", web, timeout_s=30)
    assert engine.container(web).running
    assert engine.calls["start"] == 2


@pytest.mark.parametrize("command", [KILL_HUP, ("sh", "-c", "kill -HUP 1")])
def test_a_command_runs_inside_and_its_status_comes_back(
    engine: FakeEngine, port: SdkNotifyPort, web: str, command: tuple[str, ...]
) -> None:
    """An exec is created, started, waited for and looked at."""
    assert port.execute("any", web, command, timeout_s=30).status == 0
    assert [(delivered.signal, delivered.via) for delivered in engine.signals] == [("SIGHUP", "exec")]
    assert [engine.calls[name] for name in ("exec_create", "exec_start", "exec_inspect")] == [1, 1, 1]


def test_the_user_and_the_exit_status_are_passed_on(engine: FakeEngine, port: SdkNotifyPort, web: str) -> None:
    """The container's own user is asked for by saying nothing."""
    engine.container(web).exec_status = {("", "kill"): 126, ("0", "kill"): 0}
    assert port.execute("any", web, KILL_HUP, timeout_s=30).status == 126
    assert port.execute("any", web, KILL_HUP, user="0", timeout_s=30).status == 0
    assert [created.user for created in engine.routes.execs.values()] == ["", "0"]


def test_an_end_that_the_engine_has_yet_to_hear_of_is_waited_for(
    engine: FakeEngine, port: SdkNotifyPort, web: str, observer: RecordingObserver
) -> None:
    """The exit status counts only once the command is known to have ended."""
    engine.fault("exec_inspect", times=2, status=200, body='{"Running":true,"ExitCode":null}')
    engine.container(web).exec_status = {("", "kill"): 3}
    assert port.execute("any", web, KILL_HUP, timeout_s=30).status == 3
    assert observer.slept_s == [0.05, 0.05]


def test_a_command_that_never_ends_is_a_timeout(engine: FakeEngine, observer: RecordingObserver, web: str) -> None:
    """The timeout holds for the whole of an exec."""
    clock = FakeClock()
    port = SdkNotifyPort(EngineAddress.parse(engine.address, {}), clock=clock, sleep=clock.sleep)
    engine.fault("exec_inspect", times=None, status=200, body='{"Running":true,"ExitCode":null}')
    with pytest.raises(EngineTimeout, match="did not end in time"):
        port.execute("any", web, KILL_HUP, timeout_s=5)
    port.close()


Act = Callable[[SdkNotifyPort, str], object]
ACTS: dict[str, Act] = {
    "inspect": lambda port, web: port.inspect("any", web, timeout_s=30),
    "kill": lambda port, web: port.kill("any", web, "SIGHUP", timeout_s=30),
    "restart": lambda port, web: port.restart("any", web, stop_timeout_s=None, timeout_s=30),
    "start": lambda port, web: port.start("any", web, timeout_s=30),
    "exec_create": lambda port, web: port.execute("any", web, KILL_HUP, timeout_s=30),
    "exec_start": lambda port, web: port.execute("any", web, KILL_HUP, timeout_s=30),
    "exec_inspect": lambda port, web: port.execute("any", web, KILL_HUP, timeout_s=30),
}


@pytest.mark.parametrize("operation", ACTS)
@pytest.mark.parametrize("status", [400, 403, 404, 405, 409, 500, 503])
def test_an_error_status_is_a_refusal(
    engine: FakeEngine, port: SdkNotifyPort, web: str, operation: str, status: int
) -> None:
    """The status comes out, with the engine's own words; nothing is tried again here."""
    engine.fault(operation, times=None, status=status, body='{"message":"because I say so"}')
    with pytest.raises(EngineRefused, match="because I say so") as caught:
        ACTS[operation](port, web)
    assert caught.value.status == status
    assert engine.calls[operation] == 1


@pytest.mark.parametrize("operation", ACTS)
@pytest.mark.parametrize("status", [403, 405])
def test_a_forbidden_request_names_what_must_be_allowed(
    engine: FakeEngine, port: SdkNotifyPort, web: str, operation: str, status: int
) -> None:
    """The message has the method and the path, as an access list has them."""
    paths = {
        "inspect": "GET /containers/{container}/json", "kill": "POST /containers/{container}/kill",
        "restart": "POST /containers/{container}/restart", "start": "POST /containers/{container}/start",
        "exec_create": "POST /containers/{container}/exec", "exec_start": "POST /exec/{exec}/start",
        "exec_inspect": "GET /exec/{exec}/json",
    }  # fmt: skip
    engine.fault(operation, times=None, status=status)
    with pytest.raises(EngineRefused) as caught:
        ACTS[operation](port, web)
    assert f"has to allow {paths[operation]}" in str(caught.value)


@pytest.mark.parametrize("operation", ACTS)
@pytest.mark.parametrize("how", ["close", "half"])
def test_a_broken_connection_is_unavailable(
    engine: FakeEngine, port: SdkNotifyPort, web: str, operation: str, how: Any
) -> None:
    """A connection that ends without an answer is no refusal and no timeout."""
    engine.fault(operation, times=None, how=how, body="x" * 50)
    with pytest.raises(DeliveryError) as caught:
        ACTS[operation](port, web)
    assert type(caught.value) in ({EngineUnavailable} if how == "close" else {EngineUnavailable, DeliveryError})
    # Half of an exec's output ends like the whole of it: the exec's state tells them apart.
    assert caught.value.__cause__ is not None or (operation, how) == ("exec_start", "half")


@pytest.mark.parametrize("operation", ACTS)
def test_a_silent_engine_is_a_timeout(engine: FakeEngine, port: SdkNotifyPort, web: str, operation: str) -> None:
    """No answer in time: what the engine did is not known."""
    port.inspect("any", web, timeout_s=30)
    engine.fault(operation, times=None, how="hang")
    acts: dict[str, Act] = {
        "inspect": lambda port, web: port.inspect("any", web, timeout_s=0.3),
        "kill": lambda port, web: port.kill("any", web, "SIGHUP", timeout_s=0.3),
        "restart": lambda port, web: port.restart("any", web, stop_timeout_s=None, timeout_s=0.3),
        "start": lambda port, web: port.start("any", web, timeout_s=0.3),
        "exec": lambda port, web: port.execute("any", web, KILL_HUP, timeout_s=1),
    }
    with pytest.raises(EngineTimeout):
        acts.get(operation, acts["exec"])(port, web)


@pytest.mark.parametrize("operation", ["inspect", "exec_create", "exec_inspect"])
@pytest.mark.parametrize("body", ["<html>", "[]", '{"Id":', '""'])
def test_an_unreadable_answer_is_a_failed_delivery(
    engine: FakeEngine, port: SdkNotifyPort, web: str, operation: str, body: str
) -> None:
    """What is no JSON object is never taken for a state."""
    engine.fault(operation, times=None, status=200, body=body)
    with pytest.raises(DeliveryError, match="not an engine's"):
        ACTS[operation](port, web)


@pytest.mark.parametrize("body", ["{}", '{"Id":7}', '{"Id":"../x"}'])
def test_an_exec_without_an_id_is_a_failed_delivery(
    engine: FakeEngine, port: SdkNotifyPort, web: str, body: str
) -> None:
    """An id that is none is not asked for."""
    engine.fault("exec_create", status=201, body=body)
    with pytest.raises(DeliveryError, match="not an engine's"):
        port.execute("any", web, KILL_HUP, timeout_s=30)
    assert engine.calls["exec_start"] == 0


def test_an_engine_that_is_away_is_unavailable_and_used_again_when_back(
    engine: FakeEngine, port: SdkNotifyPort, web: str
) -> None:
    """A delivery that failed for lack of an engine gets through later over a new connection."""
    port.kill("any", web, "SIGHUP", timeout_s=30)
    engine.stop()
    with pytest.raises(EngineUnavailable, match="there is no socket"):
        port.kill("any", web, "SIGHUP", timeout_s=30)
    engine.start()
    port.kill("any", web, "SIGHUP", timeout_s=30)
    assert len(engine.signals) == 2


def test_an_engine_that_is_away_from_the_start_is_unavailable(engine: FakeEngine) -> None:
    """Agreeing on a version fails in the port's own words."""
    engine.stop()
    port = SdkNotifyPort(EngineAddress.parse(engine.address, {}))
    with pytest.raises(EngineUnavailable, match="there is no socket"):
        port.inspect("any", GONE, timeout_s=30)
    port.close()


def test_a_forbidden_version_is_a_refusal(engine: FakeEngine, port: SdkNotifyPort, web: str) -> None:
    """A proxy that does not let us agree on a version is told apart too."""
    engine.fault("version", times=None, status=403)
    with pytest.raises(EngineRefused, match="GET /version"):
        port.kill("any", web, "SIGHUP", timeout_s=30)


def test_threads_that_begin_together_agree_on_a_version_once(
    engine: FakeEngine, port: SdkNotifyPort, web: str, observer: RecordingObserver
) -> None:
    """Answering takes Podman a second or more, and longer for several at once."""
    engine.fault("version", times=None, delay_s=0.3)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: port.kill("any", web, "SIGHUP", timeout_s=30), range(4)))
    assert len(engine.signals) == 4
    assert observer.requests == {("version", "success"): 1, ("kill", "success"): 4}


def test_an_exchanged_engine_is_agreed_with_anew(engine: FakeEngine, port: SdkNotifyPort, web: str) -> None:
    """A downgrade is one refused delivery; the next one speaks the new version."""
    engine.routes.api_version = "1.47"
    port.kill("any", web, "SIGHUP", timeout_s=30)
    engine.routes.api_version = "1.43"
    with pytest.raises(EngineRefused, match="too new"):
        port.kill("any", web, "SIGHUP", timeout_s=30)
    port.kill("any", web, "SIGHUP", timeout_s=30)
    assert engine.requests[-1][1].startswith("/v1.43/")


def test_requests_are_counted_by_operation(
    engine: FakeEngine, port: SdkNotifyPort, web: str, observer: RecordingObserver
) -> None:
    """Successes and errors are told apart; the requests of an exec are one operation."""
    port.inspect("any", web, timeout_s=30)
    port.execute("any", web, KILL_HUP, timeout_s=30)
    engine.fault("kill", status=500)
    with pytest.raises(EngineRefused):
        port.kill("any", web, "SIGHUP", timeout_s=30)
    assert observer.requests == {
        ("version", "success"): 1,
        ("inspect", "success"): 1,
        ("exec", "success"): 3,
        ("kill", "error"): 1,
    }


def test_deliveries_side_by_side_do_not_wait_for_each_other(engine: FakeEngine, port: SdkNotifyPort, web: str) -> None:
    """While one delivery hangs, others get through; no client is shared meanwhile."""
    other = engine.add_container("other")
    port.inspect("any", web, timeout_s=30)
    engine.fault("kill", how="hang", container=web)
    ended: list[BaseException] = []

    def hang() -> None:
        try:
            port.kill("any", web, "SIGHUP", timeout_s=60)
        except DeliveryError as error:
            ended.append(error)

    thread = threading.Thread(target=hang)
    thread.start()
    for _ in range(5):
        port.kill("any", other, "SIGHUP", timeout_s=30)
    assert [delivered.container_id for delivered in engine.signals] == [other] * 5
    engine.heal()
    thread.join(60)
    assert [type(error) for error in ended] == [EngineUnavailable]


def test_clients_are_kept_and_closed(engine: FakeEngine, port: SdkNotifyPort, web: str) -> None:
    """One after the other, deliveries need one connection; a closed port holds none."""
    for _ in range(4):
        port.kill("any", web, "SIGHUP", timeout_s=30)
    assert becomes(lambda: engine.open_connections == 1)
    port.close()
    assert port._idle == []
    port.kill("any", web, "SIGHUP", timeout_s=30)
    assert port._idle == []
