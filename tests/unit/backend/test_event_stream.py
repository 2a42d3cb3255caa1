"""Tests of the subscription to an engine's events: what arrives, and that every end is an error with a reason."""

from __future__ import annotations

import itertools
import json
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.backend.event_stream import event_of
from reconciler.backend.port import EngineError
from tests.support.fake_engine import Ending, FakeEngine

if TYPE_CHECKING:
    from models.event import EngineEvent
    from reconciler.backend.engine_reader import HttpEngineReader
    from tests.unit.backend.conftest import MakeReader
    from tests.unit.backend.recording_observer import RecordingObserver


def _drain(stream: Any) -> tuple[list[EngineEvent], EngineError]:
    events: list[EngineEvent] = []
    with pytest.raises(EngineError) as caught:
        events.extend(_one_by_one(stream, events))
    return events, caught.value


def _one_by_one(stream: Any, events: list[EngineEvent]) -> list[EngineEvent]:
    for event in stream:
        events.append(event)  # noqa: PERF402 - kept one by one, because the iteration ends by raising
    return []


def test_events_arrive_with_the_engines_time(engine: FakeEngine, reader: HttpEngineReader) -> None:
    """An event says what happened to whom, and when by the engine's clock."""
    stream = reader.events()
    container_id = engine.add_container("web", labels={"a": "b"})
    engine.set_health(container_id, "healthy")
    engine.die(container_id)
    engine.events.end_all()
    events, error = _drain(stream)
    assert [(event.kind, event.action) for event in events] == [
        ("container", "create"),
        ("network", "connect"),
        ("container", "start"),
        ("container", "health_status: healthy"),
        ("container", "die"),
        ("network", "disconnect"),
    ]
    assert events[0].actor_id == container_id
    assert events[0].attributes == {"a": "b", "image": "busybox:local", "name": "web"}
    assert events[1].attributes["container"] == container_id
    assert all(before.time_ns <= after.time_ns for before, after in itertools.pairwise(events))
    assert abs(events[0].time_ns - engine.clock.now_ns()) < 60e9
    assert (error.operation, error.reason) == ("events", "ended")


def test_the_newest_engines_events_are_read_the_same(make_reader: MakeReader) -> None:
    """From API 1.52 on events have no `status`, `id` and `from`."""
    with FakeEngine(api_version="1.52", min_api_version="1.44") as engine:
        stream = make_reader(engine.address).events()
        container_id = engine.add_container("web", networks=[])
        engine.events.end_all()
        events, _ = _drain(stream)
    assert [(event.action, event.actor_id) for event in events] == [("create", container_id), ("start", container_id)]


def test_execs_are_not_subscribed_to(engine: FakeEngine, reader: HttpEngineReader) -> None:
    """The engine itself leaves out what is not asked for."""
    stream = reader.events()
    engine.emit("container", "exec_create: kill -HUP 1", "a" * 64, {})
    engine.emit("container", "exec_start: kill -HUP 1", "a" * 64, {})
    engine.emit("container", "exec_die", "a" * 64, {})
    engine.emit("container", "top", "a" * 64, {})
    engine.emit("image", "pull", "busybox", {})
    engine.emit("container", "oom", "a" * 64, {})
    engine.events.end_all()
    events, _ = _drain(stream)
    assert [event.action for event in events] == ["oom"]


def test_the_filters_name_types_and_actions(engine: FakeEngine, reader: HttpEngineReader) -> None:
    """What is subscribed to are containers and networks, and no exec of them."""
    reader.events().close()
    query = parse_qs(urlsplit(engine.requests[-1][1]).query)
    filters = json.loads(query["filters"][0])
    assert filters["type"] == ["container", "network"]
    assert {"start", "die", "destroy", "rename", "update", "health_status", "connect", "disconnect"} <= set(
        filters["event"]
    )
    assert not any("exec" in action for action in filters["event"])


def test_a_subscription_counts_when_it_stands(
    engine: FakeEngine, reader: HttpEngineReader, observer: RecordingObserver
) -> None:
    """`events` returns once the engine has accepted, and nothing that happens afterwards is missed."""
    stream = reader.events()
    assert (engine.calls["events"], observer.requests["events", "success"]) == (1, 1)
    engine.add_container("web")
    assert next(iter(stream)).action == "create"
    stream.close()


def test_a_stream_that_breaks_in_a_line_ends_with_a_reason(engine: FakeEngine, reader: HttpEngineReader) -> None:
    """Half an event is no event."""
    stream = reader.events()
    engine.add_container("web", networks=[])
    engine.events.end_all(Ending.BROKEN)
    events, error = _drain(stream)
    assert ([event.action for event in events], error.reason) == (["create", "start"], "ended")


@pytest.mark.parametrize("data", [b"<html>\n", b"{]\n", b"[]\n", b"null\n", b"[" * 100_000 + b"\n"])
def test_a_line_that_is_no_event_ends_the_stream(engine: FakeEngine, reader: HttpEngineReader, data: bytes) -> None:
    """Something else on the stream means that it can't be trusted any more."""
    stream = reader.events()
    engine.events.send_raw(data)
    events, error = _drain(stream)
    assert (events, error.reason) == ([], "malformed")


def test_events_may_be_cut_and_joined(engine: FakeEngine, reader: HttpEngineReader) -> None:
    """Lines are put together from chunks, and blank ones are skipped."""
    stream = reader.events()
    engine.events.send_raw(b'{"Type":"container","Act')
    engine.events.send_raw(b'ion":"start"}\n\n\r\n{"Type":"network","Action":"connect"}\n')
    engine.events.end_all()
    events, _ = _drain(stream)
    assert [(event.kind, event.action) for event in events] == [("container", "start"), ("network", "connect")]


def test_a_silent_stream_ends_where_silence_is_not_believed(engine: FakeEngine, make_reader: MakeReader) -> None:
    """A half-open connection is silence; after the time that was handed in it is an error."""
    stream = make_reader(silence_timeout_s=0.2).events()
    engine.events.go_silent()
    engine.add_container("web")
    events, error = _drain(stream)
    assert (events, error.reason) == ([], "silent")


def test_an_engine_that_goes_away_ends_the_stream(engine: FakeEngine, reader: HttpEngineReader) -> None:
    """A cut connection is an end like any other."""
    stream = reader.events()
    engine.break_connections()
    assert _drain(stream)[1].reason == "ended"


@pytest.mark.parametrize("ended_by", ["stream", "reader"])
def test_closing_wakes_the_thread_that_reads(engine: FakeEngine, reader: HttpEngineReader, ended_by: str) -> None:
    """A stream is ended from another thread; its reader gets an error that says that it was us."""
    stream = reader.events()
    first = threading.Event()
    caught: list[EngineError] = []

    def read() -> None:
        try:
            for _ in stream:
                first.set()
        except EngineError as error:
            caught.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    engine.add_container("web")
    assert first.wait(30)
    (stream if ended_by == "stream" else reader).close()
    thread.join(30)
    assert [error.reason for error in caught] == ["closed"]
    stream.close()


@pytest.mark.parametrize(
    ("fail", "reason", "tries"),
    [
        ({"status": 403}, "refused", 1),
        ({"status": 500}, "status", 3),
        ({"how": "close"}, "ended", 3),
        ({"status": 404, "body": "<html>", "content_type": "text/html"}, "status", 1),
    ],
)
def test_a_refused_subscription_is_an_error(
    *, engine: FakeEngine, reader: HttpEngineReader, observer: RecordingObserver, fail: Any, reason: str, tries: int
) -> None:
    """An HTTP error on `/events` is never an empty stream."""
    engine.fault("events", times=None, **fail)
    with pytest.raises(EngineError) as caught:
        reader.events()
    assert (caught.value.operation, caught.value.reason) == ("events", reason)
    assert observer.requests["events", "error"] == tries


def test_a_page_in_the_place_of_the_stream_is_malformed_or_ended(engine: FakeEngine, reader: HttpEngineReader) -> None:
    """A proxy's page with status 200 is no stream."""
    engine.html_fault("events")
    stream = reader.events()
    assert _drain(stream)[1].reason in {"malformed", "ended"}


@pytest.mark.parametrize("action", ["connect", "disconnect"])
def test_podman_s_connects_and_disconnects_name_the_container_as_docker_does(action: str) -> None:
    """Its actor is the container, as seen on 4.3; Docker's is the network."""
    actor = {"ID": "c" * 64, "Attributes": {"containerExitCode": "0", "image": "", "name": "web", "podId": ""}}
    event = event_of({"Type": "network", "Action": action, "Actor": actor, "timeNano": 1})
    assert (event.kind, event.action, event.actor_id) == ("network", action, "")
    assert event.attributes["container"] == "c" * 64
    docker = {"ID": "a" * 64, "Attributes": {"container": "c" * 64, "name": "front", "type": "bridge"}}
    event = event_of({"Type": "network", "Action": action, "Actor": docker, "timeNano": 1})
    assert (event.actor_id, event.attributes["container"]) == ("a" * 64, "c" * 64)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(
    st.fixed_dictionaries(
        {}, optional={"Type": JSON, "Action": JSON, "Actor": JSON | st.fixed_dictionaries({}, optional={"ID": JSON,
                      "Attributes": JSON}), "timeNano": JSON}
    )
)  # fmt: skip
def test_an_event_with_anything_missing_or_odd_is_read(value: dict[str, Any]) -> None:
    """What can't be read in an event is empty."""
    event = event_of(value)
    assert isinstance(event.kind, str)
    assert isinstance(event.short_action, str)
    assert all(isinstance(text, str) for text in event.attributes.values())
