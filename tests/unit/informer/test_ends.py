"""Ends that are known from their events: out of the state at once, but never against the engine's last word."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.event import Change, EngineEvent
from reconciler.informer.invalidation import DEFERRED_S
from reconciler.informer.state import PROVES_NOTHING_S
from tests.support.examples import examples
from tests.unit.informer.informer_harness import InformerHarness, failure

if TYPE_CHECKING:
    from collections.abc import Callable


def one_running(harness: InformerHarness) -> str:
    """`web` runs, and is known."""
    container_id = harness.world.add_container("web")
    harness.world.add_container("other")
    harness.open_stream()
    return container_id


@pytest.mark.parametrize("action", ["die", "died"])
def test_an_end_is_published_before_anything_is_asked(action: str) -> None:
    """The engine answers no inspect of it for a while; nobody has to wait for that."""
    harness = InformerHarness()
    container_id = one_running(harness)
    harness.world.die("web")
    harness.lose()
    harness.informer.on_event(EngineEvent("container", action, container_id, {}, harness.world.clock.now_ns()))
    harness.informer.sync()
    assert harness.names() == ["other"]
    assert harness.calls() == 0
    assert harness.take_changes() == [Change("web", "stopped")]
    reading = harness.state.readings[container_id]
    assert (reading.container.status, reading.container.is_current) == ("exited", False)
    assert reading.read_at_s == PROVES_NOTHING_S


def test_the_inspect_that_follows_settles_the_rest() -> None:
    """One, a moment later, and what it shows is no news for people."""
    harness = InformerHarness()
    container_id = one_running(harness)
    harness.world.die("web", exit_code=3)
    harness.tell()
    harness.informer.sync()
    harness.take_changes()
    harness.pass_by(0.3)
    assert harness.informer.sync()
    assert harness.reader.calls == {"inspect": 1}
    assert harness.state.readings[container_id].container.raw.attrs["State"]["ExitCode"] == 3
    assert harness.state.readings[container_id].read_at_s == pytest.approx(harness.clock.now_s)


@pytest.mark.parametrize("how", ["die", "crash", "stop_container", "restart"])
def test_a_change_of_runs_costs_few_states_and_one_inspect_each(how: str) -> None:
    """An end is published twice, the second time with nothing new but `raw`; a start once; nothing is, for nothing."""
    harness = InformerHarness()
    harness.world.add_network("back")
    container_id = harness.world.add_container(
        "web", health="healthy", networks=["bridge", "back"], published={"80/tcp": [("0.0.0.0", 8080)]}
    )
    harness.world.add_container("other")
    harness.open_stream()
    states = harness.keep_states()
    getattr(harness.world, how)("web")
    for event in harness.world.told:
        harness.informer.on_event(event)
        harness.informer.sync()
    harness.lose()
    harness.pass_by(DEFERRED_S + 0.01)
    harness.informer.sync()
    harness.informer.sync()
    assert harness.reader.calls == {"inspect": 1}
    assert len(states) == 2
    first, second = (state.readings[container_id].container for state in states)
    assert first.is_over
    assert not second.is_over
    assert first.same_fields(second) == (how != "restart")


def test_what_is_told_of_an_end_again_publishes_nothing() -> None:
    """Each event wakes the informer; only what is new goes out."""
    harness = InformerHarness()
    container_id = one_running(harness)
    harness.world.die("web")
    harness.tell()
    harness.informer.sync()
    states = harness.keep_states()
    for kind, action in [("container", "die"), ("container", "stop"), ("container", "kill"), ("network", "disconnect")]:
        event = EngineEvent(kind, action, container_id, {"container": container_id}, harness.world.clock.now_ns())
        harness.informer.on_event(event)
        harness.informer.sync()
    assert states == []
    assert harness.calls() == 0


def test_an_end_is_published_while_the_engine_can_not_be_read() -> None:
    """It is the engine's own word; what else is known stays."""
    harness = InformerHarness()
    one_running(harness)
    harness.reader.broken["inspect"] = failure()
    harness.world.rename("other", "renamed")
    harness.tell()
    assert not harness.informer.sync()
    harness.world.die("web")
    harness.tell()
    harness.informer.sync()
    assert harness.names() == ["other"]
    assert harness.state.trouble


def test_the_end_of_an_earlier_run_proves_nothing() -> None:
    """A late event is a hint, as any other."""
    harness = InformerHarness()
    one_running(harness)
    harness.world.die("web")
    late = list(harness.world.told)
    harness.world.start_container("web")
    harness.tell()
    harness.informer.sync()
    harness.pass_by(1)
    harness.informer.sync()
    for event in late:
        harness.informer.on_event(event)
    harness.informer.sync()
    assert harness.names() == ["other", "web"]


def test_an_event_never_proves_a_beginning() -> None:
    """`start` alone changes nothing: the inspect does."""
    harness = InformerHarness()
    container_id = harness.world.add_container("web", running=False)
    harness.open_stream()
    harness.informer.on_event(EngineEvent("container", "start", container_id, {}, harness.world.clock.now_ns()))
    assert harness.informer.sync()
    assert harness.names() == []


def stale_bodies(harness: InformerHarness, container_id: str, count: int) -> None:
    """The next inspects of a container show it as it is now."""
    body = harness.world.inspect_body(container_id)
    left = [count]

    def old(current: bytes) -> bytes:
        left[0] -= 1
        return body if left[0] >= 0 else current

    harness.reader.spoilt[container_id] = old


@pytest.mark.parametrize("time_is_told", [True, False])
def test_an_inspect_that_contradicts_is_asked_again_soon(*, time_is_told: bool) -> None:
    """Podman shows a container as running for a moment after its end; no resync is needed to put that right."""
    harness = InformerHarness()
    container_id = one_running(harness)
    stale_bodies(harness, container_id, 2)
    harness.world.die("web")
    harness.lose()
    time_ns = harness.world.clock.now_ns() if time_is_told else 0
    harness.informer.on_event(EngineEvent("container", "die", container_id, {}, time_ns))
    harness.informer.sync()
    assert harness.names() == (["other"] if time_is_told else ["other", "web"])
    begun_s = harness.clock.now_s
    while harness.reader.calls["inspect"] < 3:
        harness.pass_by(max(0.0, harness.informer.next_due() - harness.clock.now_s))
        harness.informer.sync()
    assert harness.names() == ["other"]
    assert harness.reader.calls == {"inspect": 3}
    assert harness.clock.now_s - begun_s < 2


def test_an_engine_that_goes_on_contradicting_is_believed() -> None:
    """An event with a false time does not hide a container for long."""
    harness = InformerHarness()
    container_id = one_running(harness)
    event = EngineEvent("container", "die", container_id, {}, harness.world.clock.now_ns() + 10**12)
    harness.informer.on_event(event)
    harness.informer.sync()
    assert harness.names() == ["other"]
    for _ in range(10):
        harness.pass_by(1)
        harness.informer.sync()
    assert harness.names() == ["other", "web"]
    assert harness.reader.calls["inspect"] <= 6


def test_cleanup_is_a_hint_that_does_not_wait() -> None:
    """Podman says so once an inspect shows the end."""
    harness = InformerHarness()
    container_id = one_running(harness)
    harness.world.die("web")
    harness.lose()
    harness.informer.on_event(EngineEvent("container", "cleanup", container_id, {}, 0))
    assert harness.informer.sync()
    assert harness.names() == ["other"]


def lag_for(harness: InformerHarness, container_id: str, seconds: float) -> None:
    """Inspects of a container show it as it is now for so long."""
    body, until_s = harness.world.inspect_body(container_id), harness.clock.now_s + seconds
    harness.reader.spoilt[container_id] = lambda current: body if harness.clock.now_s < until_s else current


def act(harness: InformerHarness, action: str) -> None:
    """Do something to `web`, where that is possible."""
    if action in {"crash", "die"} and not harness.world.container("web").alive:
        return
    acts: dict[str, Callable[[str], object]] = {
        "crash": harness.world.crash,
        "die": harness.world.die,
        "start": harness.world.start_container,
        "restart": harness.world.restart,
        "stop": harness.world.stop_container,
    }
    acts[action]("web")


FATES: dict[str, Callable[[list[EngineEvent]], list[EngineEvent]]] = {
    "in order": list,
    "twice": lambda events: [event for event in events for _ in range(2)],
    "all twice": lambda events: events * 2,
    "backwards": lambda events: events[::-1],
    "lost": lambda _: [],
    "without times": lambda events: [EngineEvent(e.kind, e.action, e.actor_id, e.attributes, 0) for e in events],
    "an hour ahead": lambda events: [
        EngineEvent(e.kind, e.action, e.actor_id, e.attributes, e.time_ns + 3600 * 10**9) for e in events
    ],
}


@settings(max_examples=examples(80), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["crash", "die", "start", "restart", "stop"]),
            st.sampled_from(sorted(FATES)),
            st.integers(0, 3),
            st.floats(0, 3),
            st.booleans(),
        ),
        max_size=15,
    ),
    seed=st.integers(0, 1000),
)
def test_whatever_happens_to_events_of_ends_the_engine_is_right_in_the_end(
    steps: list[tuple[str, str, int, float, bool]], seed: int
) -> None:
    """Late, doubled, of an earlier run, out of order, or contradicted by inspects: two resyncs later all is so."""
    chance = random.Random(seed)
    harness = InformerHarness()
    container_id = harness.world.add_container("web", restart_policy="always")
    harness.open_stream()
    late: list[EngineEvent] = []
    for action, fate, stale_count, wait_s, is_late in steps:
        lag_for(harness, container_id, stale_count / 2)
        act(harness, action)
        events = FATES[fate](list(harness.world.told))
        harness.lose()
        (late if is_late else events).extend(late and [chance.choice(late)])
        late.extend(events if is_late else [])
        for event in [] if is_late else events:
            harness.informer.on_event(event)
            harness.informer.sync()
        harness.pass_by(wait_s)
        harness.informer.sync()
    for event in late:
        harness.informer.on_event(event)
    for _ in range(20):
        harness.pass_by(1)
        harness.informer.sync()
    for _ in range(2):
        harness.pass_by(31)
        assert harness.informer.sync()
    body = json.loads(harness.world.inspect_body(container_id))
    shown = harness.state.readings[container_id].container
    assert (shown.status, shown.started_at) == (body["State"]["Status"], body["State"]["StartedAt"])
    assert shown.is_current == harness.world.container("web").alive
    assert harness.names() == (["web"] if harness.world.container("web").alive else [])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["crash", "die", "start", "restart", "stop"]),
            st.integers(0, 5),
            st.floats(0, 8),
            st.booleans(),
        ),
        max_size=10,
    )
)
def test_an_engine_that_contradicts_for_a_while_is_asked_often_enough_and_no_oftener(
    steps: list[tuple[str, int, float, bool]],
) -> None:
    """However many inspects show what is over, no list is needed, and each event costs a few requests at most."""
    harness = InformerHarness(resync_s=1e6)
    container_id = harness.world.add_container("web", restart_policy="no")
    harness.open_stream()
    events = 0
    for action, stale_count, wait_s, is_told_one_by_one in steps:
        if harness.world.container("web").alive:  # what a beginning looks like, no event tells
            stale_bodies(harness, container_id, stale_count)
        act(harness, action)
        events += len(harness.world.told)
        for event in harness.world.told:
            harness.informer.on_event(event)
            if is_told_one_by_one:
                harness.informer.sync()
        harness.lose()
        harness.informer.sync()
        let_time_pass(harness, wait_s)
    let_time_pass(harness, 10)
    body = json.loads(harness.world.inspect_body(container_id))
    shown = harness.state.readings[container_id].container
    assert (shown.status, shown.started_at) == (body["State"]["Status"], body["State"]["StartedAt"])
    assert not shown.is_over
    assert harness.reader.calls["list"] == 0
    assert harness.reader.calls["inspect"] <= events + 6 * len(steps)


def let_time_pass(harness: InformerHarness, seconds: float) -> None:
    """Bring the informer up to date whenever it is due."""
    until_s = harness.clock.now_s + seconds
    while (due_s := harness.informer.next_due()) <= until_s:
        harness.pass_by(max(0.0, due_s - harness.clock.now_s))
        harness.informer.sync()
    harness.pass_by(max(0.0, until_s - harness.clock.now_s))
