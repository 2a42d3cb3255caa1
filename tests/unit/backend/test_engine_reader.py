"""Tests of reading an engine: what comes out, what it costs, and what each fault becomes."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.backend.beside import BESIDE_MAX, Beside
from reconciler.backend.engine_link import Timeouts
from reconciler.backend.port import EngineError, InspectFailed, Inspection, InspectPending
from tests.support.fake_engine import FakeEngine
from tests.unit.backend.recording_observer import becomes

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.backend.engine_reader import HttpEngineReader
    from reconciler.backend.port import LateInspection
    from tests.unit.backend.conftest import MakeReader
    from tests.unit.backend.recording_observer import RecordingObserver

GONE = "f" * 64


def test_the_list_holds_stopped_containers_too(engine: FakeEngine, reader: HttpEngineReader) -> None:
    """Every container is listed, and the list has a moment on both clocks."""
    engine.clock.offset_ns = -3_600_000_000_000
    running, stopped = engine.add_container("runs"), engine.add_container("stopped", running=False)
    listing = reader.list()
    assert {entry["Id"] for entry in listing.entries} == {running, stopped}
    assert listing.moment.engine_ns_max is not None
    assert 0 <= listing.moment.engine_ns_max - engine.clock.now_ns() + 60e9 <= 62e9


def test_a_missing_date_gives_no_bound(make_reader: MakeReader) -> None:
    """Without a Date header the engine's clock is not known."""
    with FakeEngine(sends_date=False) as engine:
        assert make_reader(engine.address).list().moment.engine_ns_max is None


def test_an_inspect_hands_on_the_bytes(engine: FakeEngine, reader: HttpEngineReader) -> None:
    """The body is exactly the engine's."""
    container_id = engine.add_container("web", env={"A": "ä"})
    inspection = reader.inspect(container_id)
    assert inspection.container_id == container_id
    assert inspection.body == engine.inspect_body(container_id)


def test_a_404_of_the_engine_is_an_answer(reader: HttpEngineReader, observer: RecordingObserver) -> None:
    """A container that is not there has no body; nothing is retried, nothing counts as an error."""
    assert reader.inspect(GONE).body is None
    assert observer.requests == {("version", "success"): 1, ("inspect", "success"): 1}


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("<html>404 Not Found</html>", "text/html"),
        ('{"message":"page not found"}', "application/json"),
        ("", "text/plain"),
        ("404 page not found", "text/plain"),
    ],
)
def test_a_404_of_somebody_else_is_an_error(
    engine: FakeEngine, reader: HttpEngineReader, body: str, content_type: str
) -> None:
    """A proxy that does not find the engine does not make containers vanish."""
    container_id = engine.add_container("web")
    engine.fault("inspect", times=None, status=404, body=body, content_type=content_type)
    with pytest.raises(EngineError) as caught:
        reader.inspect(container_id)
    assert (caught.value.reason, caught.value.status) == ("status", 404)


def test_podmans_404_is_an_answer_too(engine: FakeEngine, reader: HttpEngineReader) -> None:
    """Podman has words of its own."""
    body = '{"cause":"no such container","message":"no container with name or ID \\"x\\" found","response":404}'
    engine.fault("inspect", status=404, body=body)
    assert reader.inspect(GONE).body is None


def test_names_are_asked_for_safely(engine: FakeEngine, reader: HttpEngineReader) -> None:
    """Whatever is asked for stays in its place in the path."""
    engine.add_container("web.1")
    assert reader.inspect("web.1").body is not None
    assert reader.inspect("../info?x=1 HTTP/1.1\r\n").body is None
    assert engine.calls == {"version": 1, "inspect": 2}


def test_networks_are_listed(engine: FakeEngine, reader: HttpEngineReader) -> None:
    """Networks come as the engine's objects."""
    network_id = engine.add_network("inside", internal=True)
    inside = [network for network in reader.networks() if network["Internal"]]
    assert [(network["Id"], network["Name"]) for network in inside] == [(network_id, "inside")]


def test_one_connection_is_kept(engine: FakeEngine, reader: HttpEngineReader) -> None:
    """The version is agreed on once, and everything is asked over one connection."""
    container_id = engine.add_container("web")
    for _ in range(5):
        reader.list()
        reader.inspect(container_id)
        reader.networks()
    assert engine.accepted_connections == 1
    assert engine.calls == {"version": 1, "list": 5, "inspect": 5, "networks": 5}


def test_the_agreed_version_is_in_every_path(engine: FakeEngine, reader: HttpEngineReader) -> None:
    """Nothing but the agreement itself is asked without a version."""
    reader.list()
    assert list(engine.requests) == [("GET", "/version"), ("GET", "/v1.41/containers/json?all=1")]


@pytest.mark.parametrize(
    ("newest", "oldest", "expected"), [("1.41", "1.12", "1.41"), ("1.44", "1.24", "1.44"), ("1.52", "1.44", "1.51"),
                                       ("1.70", "1.60", "1.60")],
)  # fmt: skip
def test_the_newest_common_version_is_spoken(make_reader: MakeReader, newest: str, oldest: str, expected: str) -> None:
    """Engines from 20.10 to those of the future are spoken to in a version that they have."""
    with FakeEngine(api_version=newest, min_api_version=oldest) as engine:
        container_id = engine.add_container("web")
        reader = make_reader(engine.address)
        assert reader.inspect(container_id).body
        assert engine.requests[-1][1] == f"/v{expected}/containers/{container_id}/json"


def test_an_engine_that_is_too_old_is_named(make_reader: MakeReader) -> None:
    """The message says which version is needed, and it is an error that waits for another engine."""
    with (
        FakeEngine(api_version="1.40") as engine,
        pytest.raises(EngineError, match=r"1\.40 is too old: 1\.41") as caught,
    ):
        make_reader(engine.address).list()
    assert (caught.value.operation, caught.value.reason) == ("version", "malformed")


@pytest.mark.parametrize(("before", "after"), [("1.51", "1.43"), ("1.43", "1.60")])
def test_an_engine_that_was_exchanged_is_spoken_to_in_its_own_version(
    engine: FakeEngine, reader: HttpEngineReader, observer: RecordingObserver, before: str, after: str
) -> None:
    """An upgrade or downgrade under our feet costs one refused request, and no error."""
    engine.routes.api_version = before
    reader.list()
    engine.routes.api_version, engine.routes.min_api_version = after, "1.43" if after == "1.43" else "1.55"
    assert reader.list().entries == []
    assert engine.calls["list"] == 3
    assert observer.retries == []


# Faults

Fail = dict[str, Any]
HTML: Fail = {"status": 200, "body": "<html>hello</html>", "content_type": "text/html"}


@pytest.mark.parametrize("operation", ["list", "inspect", "networks"])
@pytest.mark.parametrize(
    ("fail", "reason", "status"),
    [
        ({"status": 500}, "status", 500),
        ({"status": 502, "body": "<html>", "content_type": "text/html"}, "status", 502),
        ({"status": 503}, "status", 503),
        ({"status": 429}, "status", 429),
        ({"cut": True}, "malformed", None),
        (HTML, "malformed", None),
        ({"status": 200, "body": ""}, "malformed", None),
        ({"status": 200, "body": "null"}, "malformed", None),
        ({"status": 200, "body": "[" * 100_000}, "malformed", None),
        ({"how": "half"}, "ended", None),
        ({"how": "close"}, "ended", None),
    ],
)
def test_a_fault_that_passes_is_retried_on_a_new_connection(
    *, engine: FakeEngine, reader: HttpEngineReader, observer: RecordingObserver, operation: str, fail: Fail,
    reason: str, status: int | None,
) -> None:  # fmt: skip
    """Two faults in a row are survived; a third comes out, with its reason."""
    container_id = engine.add_container("web")
    ask: dict[str, Callable[[], object]] = {
        "list": reader.list,
        "inspect": lambda: reader.inspect(container_id),
        "networks": reader.networks,
    }
    engine.fault(operation, times=2, **fail)
    ask[operation]()
    assert engine.accepted_connections == 3
    assert observer.retries == [operation] * 2
    assert observer.requests[operation, "error"] == 2
    assert observer.requests[operation, "success"] == 1

    engine.fault(operation, times=3, **fail)
    with pytest.raises(EngineError) as caught:
        ask[operation]()
    assert (caught.value.operation, caught.value.reason, caught.value.status) == (operation, reason, status)
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)


@pytest.mark.parametrize("how", ["hang", "half_then_hang"])
def test_a_silent_request_is_given_up_and_retried(
    engine: FakeEngine, make_reader: MakeReader, observer: RecordingObserver, how: Any
) -> None:
    """After the read timeout the request is made again on a new connection."""
    engine.add_container("web")
    reader = make_reader(timeouts=Timeouts(connect_s=30, read_s=0.2, answer_s=60))
    engine.fault("list", times=1, how=how)
    assert len(reader.list().entries) == 1
    assert (observer.retries, engine.accepted_connections) == (["list"], 2)
    engine.fault("list", times=None, how=how)
    with pytest.raises(EngineError) as caught:
        reader.list()
    assert caught.value.reason == "timeout"


def test_waits_between_retries_grow_and_the_first_after_a_dead_connection_is_none(
    engine: FakeEngine, reader: HttpEngineReader, observer: RecordingObserver
) -> None:
    """A connection that an engine's restart killed costs no wait; faults of the engine do."""
    engine.fault("list", times=2, status=500)
    reader.list()
    assert observer.slept_s == [0.1, 0.2]
    observer.slept_s.clear()
    engine.break_connections()
    reader.list()
    assert observer.slept_s == [0.0]


@pytest.mark.parametrize("status", [400, 409])
def test_a_refusal_that_stays_is_not_retried(
    engine: FakeEngine, reader: HttpEngineReader, observer: RecordingObserver, status: int
) -> None:
    """What is wrong with the request is wrong again the next time."""
    engine.fault("list", times=None, status=status, body='{"message":"you\\nmay not"}')
    with pytest.raises(EngineError, match=rf"status {status} \(you may not\)"):
        reader.list()
    assert observer.retries == []


@pytest.mark.parametrize("status", [401, 403, 405])
@pytest.mark.parametrize(
    ("operation", "line"),
    [("version", "GET /version"), ("list", "GET /containers/json"), ("inspect", "GET /containers/{container}/json"),
     ("networks", "GET /networks"), ("events", "GET /events")],
)  # fmt: skip
def test_a_forbidden_request_names_what_must_be_allowed(
    engine: FakeEngine, reader: HttpEngineReader, operation: str, line: str, status: int
) -> None:
    """A socket proxy that forbids one request is told apart, and the message names method and path."""
    container_id = engine.add_container("web")
    ask: dict[str, Callable[[], object]] = {
        "version": reader.list,
        "list": reader.list,
        "inspect": lambda: reader.inspect(container_id),
        "networks": reader.networks,
        "events": reader.events,
    }
    engine.fault(operation, times=None, status=status, body="Forbidden", content_type="text/plain")
    with pytest.raises(EngineError, match="has to allow") as caught:
        ask[operation]()
    assert line in str(caught.value)
    assert (caught.value.reason, caught.value.status, caught.value.operation) == ("refused", status, operation)
    assert engine.calls[operation] == 1


def test_an_engine_that_restarts_is_read_on(engine: FakeEngine, reader: HttpEngineReader) -> None:
    """A kept connection dies with the engine; the next request finds the new socket."""
    engine.add_container("web")
    reader.list()
    engine.stop()
    with pytest.raises(EngineError, match="there is no socket"):
        reader.list()
    engine.start()
    assert len(reader.list().entries) == 1


def test_an_engine_that_is_back_during_the_retries_costs_no_error(engine: FakeEngine, make_reader: MakeReader) -> None:
    """The short retries bridge a quick restart."""
    engine.stop()
    reader = make_reader(sleep=lambda _: engine.start())
    assert reader.list().entries == []


@pytest.mark.parametrize("body", ["[1]", "[{}]", '[{"Id":1}]', '[{"Id":"a"},null]', '{"Id":"a"}', '"a"'])
def test_a_list_of_something_else_is_malformed(engine: FakeEngine, reader: HttpEngineReader, body: str) -> None:
    """Every entry of a list has an Id, or it is no list."""
    engine.fault("list", times=None, status=200, body=body)
    with pytest.raises(EngineError) as caught:
        reader.list()
    assert caught.value.reason == "malformed"


def test_no_answer_is_repeated_in_a_message(engine: FakeEngine, reader: HttpEngineReader) -> None:
    """What an odd answer holds may be a secret."""
    engine.fault("list", times=None, status=200, body="<html>hunter2</html>", content_type="text/html")
    with pytest.raises(EngineError, match="HTML, not JSON") as caught:
        reader.list()
    assert "hunter2" not in str(caught.value)


# Budgets and ends


def test_a_budget_shortens_every_wait(engine: FakeEngine, make_reader: MakeReader) -> None:
    """With a budget nearly used up a hanging engine is given up long before its read timeout."""
    left_s = iter([*[30.0] * 4, *[0.05] * 40])
    reader = make_reader(timeouts=Timeouts(connect_s=600, read_s=600, answer_s=600), remaining_s=lambda: next(left_s))
    reader.list()
    engine.fault("list", times=None, how="hang")
    with pytest.raises(EngineError) as caught:
        reader.list()
    assert caught.value.reason == "timeout"


def test_closing_ends_a_request_under_way(engine: FakeEngine, reader: HttpEngineReader) -> None:
    """Whoever waits for an answer is let go, and nothing is asked afterwards."""
    arrived = threading.Event()
    engine.on("list", arrived.set)
    engine.fault("list", how="half_then_hang")
    caught: list[EngineError] = []

    def read() -> None:
        try:
            reader.list()
        except EngineError as error:
            caught.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    assert arrived.wait(30)
    reader.close()
    thread.join(30)
    assert [error.reason for error in caught] == ["closed"]
    with pytest.raises(EngineError, match="pygen is shutting down"):
        reader.list()
    with pytest.raises(EngineError, match="pygen is shutting down"):
        reader.events()


def test_threads_may_share_a_reader(engine: FakeEngine, reader: HttpEngineReader) -> None:
    """Each gets the answer to its own question."""
    ids = [engine.add_container(f"web-{number}") for number in range(8)]
    wrong: list[str] = []

    def read(container_id: str) -> None:
        for _ in range(20):
            body = reader.inspect(container_id).body
            if body is None or json.loads(body)["Id"] != container_id:
                wrong.append(container_id)

    threads = [threading.Thread(target=read, args=(container_id,)) for container_id in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert (wrong, engine.calls["inspect"]) == ([], 160)


# Many at once


def test_many_are_inspected_once_each_over_few_connections(engine: FakeEngine, reader: HttpEngineReader) -> None:
    """Each container is asked for once, and never more than eight connections are open."""
    ids = [engine.add_container(f"web-{number}") for number in range(50)]
    most = 0
    bodies = {}
    for inspection in reader.inspect_many(ids):
        most = max(most, engine.open_connections)
        bodies[inspection.container_id] = inspection.body
    assert bodies == {container_id: engine.inspect_body(container_id) for container_id in ids}
    assert engine.calls["inspect"] == 50
    assert 1 < most <= 8


def test_a_few_are_inspected_over_the_kept_connection(engine: FakeEngine, reader: HttpEngineReader) -> None:
    """A handful of changes opens no further connection."""
    ids = [engine.add_container(f"web-{number}") for number in range(5)]
    assert [inspection.container_id for inspection in reader.inspect_many(ids)] == ids
    assert engine.accepted_connections == 1


def test_containers_that_vanish_meanwhile_have_no_body(engine: FakeEngine, reader: HttpEngineReader) -> None:
    """Vanishing between list and inspect is an answer."""
    ids = [engine.add_container(f"web-{number}") for number in range(20)]
    engine.on("inspect", lambda: engine.remove(ids[10]))
    gone = [inspection.container_id for inspection in reader.inspect_many(ids) if inspection.body is None]
    assert gone == [ids[10]]


@pytest.mark.parametrize("fail", [{"how": "close"}, {"how": "half"}, {"status": 500}, {"cut": True}, HTML], ids=str)
def test_faults_among_many_lose_and_repeat_nobody(engine: FakeEngine, reader: HttpEngineReader, fail: Fail) -> None:
    """Connections that fail are given up; each container comes out exactly once all the same."""
    ids = [engine.add_container(f"web-{number}") for number in range(40)]
    for number in (0, 1, 2, 3, 11, 17, 39):
        engine.fault("inspect", container=ids[number], **fail)
    inspections = [inspection for inspection in reader.inspect_many(ids) if inspection.body]
    assert sorted(inspection.container_id for inspection in inspections) == sorted(ids)


def test_what_stays_broken_among_many_comes_out(engine: FakeEngine, reader: HttpEngineReader) -> None:
    """An error that no retry helps is raised, after all that could be read."""
    ids = [engine.add_container(f"web-{number}") for number in range(20)]
    engine.fault("inspect", times=None, status=500, container=ids[7])
    seen: list[str] = []
    with pytest.raises(EngineError) as caught:
        seen.extend(inspection.container_id for inspection in reader.inspect_many(ids))
    assert caught.value.status == 500
    seen_after_all = [inspection.container_id for inspection in reader.inspect_many([i for i in ids if i != ids[7]])]
    assert len(seen_after_all) == 19


def test_many_from_an_engine_that_is_away_is_an_error(engine: FakeEngine, reader: HttpEngineReader) -> None:
    """Without any connection the reason comes out, with retries."""
    engine.stop()
    with pytest.raises(EngineError, match="there is no socket"):
        list(reader.inspect_many([GONE] * 20))


def test_leaving_in_the_middle_closes_the_connections(engine: FakeEngine, reader: HttpEngineReader) -> None:
    """Whoever stops reading leaves nothing open behind."""
    ids = [engine.add_container(f"web-{number}") for number in range(20)]
    inspections = reader.inspect_many(ids)
    next(inspections)
    del inspections
    reader.close()
    assert becomes(lambda: engine.open_connections == 0)


def test_an_engine_that_closes_after_each_answer_is_read_without_errors(
    make_reader: MakeReader, engine: FakeEngine, observer: RecordingObserver
) -> None:
    """Proxies that keep no connections are asked on new ones, which is no retry."""
    ids = [engine.add_container(f"web-{number}") for number in range(12)]
    reader = make_reader()
    for operation in ("list", "inspect", "version"):
        engine.fault(operation, times=None, headers={"Connection": "close"}, ends=True)
    reader.list()
    reader.list()
    assert len(list(reader.inspect_many(ids))) == 12
    assert observer.retries == []
    assert all(result == "success" for _, result in observer.requests)


# Several, none of which holds up the others


class LateOutcomes:
    """Takes what comes late."""

    def __init__(self) -> None:
        self.outcomes: list[LateInspection] = []

    def __call__(self, outcome: LateInspection) -> None:
        self.outcomes.append(outcome)

    def await_count(self, count: int) -> None:
        """Wait for so many."""
        assert becomes(lambda: len(self.outcomes) >= count)


@pytest.mark.parametrize("how", ["hang", "half_then_hang"])
@pytest.mark.parametrize("count", [3, 20])
def test_an_inspect_that_hangs_goes_on_beside(
    engine: FakeEngine, make_reader: MakeReader, count: int, how: Any
) -> None:
    """The others come out meanwhile; its own outcome comes by itself, here the end of its connection."""
    ids = [engine.add_container(f"web-{number}") for number in range(count)]
    engine.fault("inspect", times=1, how=how, container=ids[1])
    late = LateOutcomes()
    outcomes = {outcome.container_id: outcome for outcome in make_reader().inspect_each(ids, late)}
    assert outcomes.keys() == set(ids)
    assert [key for key, outcome in outcomes.items() if not isinstance(outcome, Inspection)] == [ids[1]]
    assert isinstance(outcomes[ids[1]], InspectPending)
    assert late.outcomes == []
    engine.heal()
    late.await_count(1)
    [outcome] = late.outcomes
    assert isinstance(outcome, InspectFailed)
    assert (outcome.container_id, outcome.error.reason) == (ids[1], "ended")


def test_an_inspect_that_is_slow_comes_late(
    engine: FakeEngine, reader: HttpEngineReader, observer: RecordingObserver
) -> None:
    """The same request is waited for: none is made again, and none counts as an error."""
    slow, quick = engine.add_container("slow"), engine.add_container("quick")
    engine.fault("inspect", times=1, delay_s=1.5, container=slow)
    late = LateOutcomes()
    outcomes = list(reader.inspect_each([slow, quick], late))
    assert [type(outcome) for outcome in outcomes] == [InspectPending, Inspection]
    late.await_count(1)
    [outcome] = late.outcomes
    assert isinstance(outcome, Inspection)
    assert outcome.body == engine.inspect_body(slow)
    assert engine.calls["inspect"] == 2
    assert observer.retries == []
    assert observer.requests["inspect", "error"] == 0


def test_an_inspect_that_fails_comes_out_as_a_value(engine: FakeEngine, reader: HttpEngineReader) -> None:
    """Whatever it is; the others are asked all the same."""
    ids = [engine.add_container(f"web-{number}") for number in range(20)]
    engine.fault("inspect", times=None, status=500, container=ids[7])
    outcomes = {outcome.container_id: outcome for outcome in reader.inspect_each(ids, LateOutcomes())}
    failed = outcomes.pop(ids[7])
    assert isinstance(failed, InspectFailed)
    assert failed.error.status == 500
    assert all(isinstance(outcome, Inspection) for outcome in outcomes.values())


def test_no_more_than_a_few_go_on_beside(engine: FakeEngine, reader: HttpEngineReader) -> None:
    """What finds no room is given up; once there is room again it is used."""
    container_id = engine.add_container("web")
    engine.fault("inspect", times=None, how="hang")
    late = LateOutcomes()
    assert [reader.inspect_beside(container_id, late) for _ in range(BESIDE_MAX + 1)] == [True] * BESIDE_MAX + [False]
    [outcome] = reader.inspect_each([container_id], late)
    assert isinstance(outcome, InspectFailed)
    assert outcome.error.reason == "timeout"
    engine.heal()
    late.await_count(BESIDE_MAX)
    assert becomes(lambda: reader.inspect_beside(container_id, late))
    late.await_count(BESIDE_MAX + 1)
    assert isinstance(late.outcomes[-1], Inspection)


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("can't start new thread")])
def test_whatever_happens_beside_has_an_outcome_or_no_room(observer: RecordingObserver, error: Exception) -> None:
    """Somebody waits for it; and it is counted."""

    def fail(*_: object) -> Any:
        raise error

    late = LateOutcomes()
    spawn = fail if isinstance(error, RuntimeError) else observer.spawn
    beside = Beside(spawn=spawn, unexpected=observer.unexpected)
    if beside.run("a", 1.0, fail, late):
        late.await_count(1)
        [outcome] = late.outcomes
        assert isinstance(outcome, InspectFailed)
        assert outcome.error.reason == "unexpected"
    assert observer.surprises == [("inspect", error)]


def test_closing_ends_what_goes_on_beside(engine: FakeEngine, reader: HttpEngineReader) -> None:
    """As our own doing."""
    container_id = engine.add_container("web")
    engine.fault("inspect", times=None, how="hang")
    late = LateOutcomes()
    assert reader.inspect_beside(container_id, late)
    assert becomes(lambda: engine.calls["inspect"] == 1)
    reader.close()
    late.await_count(1)
    [outcome] = late.outcomes
    assert isinstance(outcome, InspectFailed)
    assert outcome.error.reason == "closed"
