"""Ends that are known from their events: out of the state at once, but never against the engine's last word."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.change import Change
from models.event import EngineEvent
from reconciler.informer.invalidation import DEFERRED_S
from reconciler.informer.state import PROVES_NOTHING_S
from tests.unit.informer.world import Scene, failure

if TYPE_CHECKING:
    from collections.abc import Callable


def one_running(scene: Scene) -> str:
    """`web` runs, and is known."""
    container_id = scene.world.add_container("web")
    scene.world.add_container("other")
    scene.open_stream()
    return container_id


@pytest.mark.parametrize("action", ["die", "died"])
def test_an_end_is_published_before_anything_is_asked(action: str) -> None:
    """The engine answers no inspect of it for a while; nobody has to wait for that."""
    scene = Scene()
    container_id = one_running(scene)
    scene.world.die("web")
    scene.lose()
    scene.informer.on_event(EngineEvent("container", action, container_id, {}, scene.world.clock.now_ns()))
    scene.informer.sync()
    assert scene.names() == ["other"]
    assert scene.calls() == 0
    assert scene.take_changes() == [Change("web", "stopped")]
    reading = scene.state.readings[container_id]
    assert (reading.container.status, reading.container.is_current) == ("exited", False)
    assert reading.read_at_s == PROVES_NOTHING_S


def test_the_inspect_that_follows_settles_the_rest() -> None:
    """One, a moment later, and what it shows is no news for people."""
    scene = Scene()
    container_id = one_running(scene)
    scene.world.die("web", exit_code=3)
    scene.tell()
    scene.informer.sync()
    scene.take_changes()
    scene.pass_by(0.3)
    assert scene.informer.sync()
    assert scene.reader.calls == {"inspect": 1}
    assert scene.state.readings[container_id].container.raw.attrs["State"]["ExitCode"] == 3
    assert scene.state.readings[container_id].read_at_s == pytest.approx(scene.clock.now_s)


@pytest.mark.parametrize("how", ["die", "crash", "stop_container", "restart"])
def test_a_change_of_runs_costs_few_states_and_one_inspect_each(how: str) -> None:
    """An end is published twice, the second time with nothing new but `raw`; a start once; nothing is, for nothing."""
    scene = Scene()
    scene.world.add_network("back")
    container_id = scene.world.add_container(
        "web", health="healthy", networks=["bridge", "back"], published={"80/tcp": [("0.0.0.0", 8080)]}
    )
    scene.world.add_container("other")
    scene.open_stream()
    states = scene.keep_states()
    getattr(scene.world, how)("web")
    for event in scene.world.told:
        scene.informer.on_event(event)
        scene.informer.sync()
    scene.lose()
    scene.pass_by(DEFERRED_S + 0.01)
    scene.informer.sync()
    scene.informer.sync()
    assert scene.reader.calls == {"inspect": 1}
    assert len(states) == 2
    first, second = (state.readings[container_id].container for state in states)
    assert first.is_over
    assert not second.is_over
    assert first.same_fields(second) == (how != "restart")


def test_what_is_told_of_an_end_again_publishes_nothing() -> None:
    """Each event wakes the informer; only what is new goes out."""
    scene = Scene()
    container_id = one_running(scene)
    scene.world.die("web")
    scene.tell()
    scene.informer.sync()
    states = scene.keep_states()
    for kind, action in [("container", "die"), ("container", "stop"), ("container", "kill"), ("network", "disconnect")]:
        event = EngineEvent(kind, action, container_id, {"container": container_id}, scene.world.clock.now_ns())
        scene.informer.on_event(event)
        scene.informer.sync()
    assert states == []
    assert scene.calls() == 0


def test_an_end_is_published_while_the_engine_can_not_be_read() -> None:
    """It is the engine's own word; what else is known stays."""
    scene = Scene()
    one_running(scene)
    scene.reader.broken["inspect"] = failure()
    scene.world.rename("other", "renamed")
    scene.tell()
    assert not scene.informer.sync()
    scene.world.die("web")
    scene.tell()
    scene.informer.sync()
    assert scene.names() == ["other"]
    assert scene.state.trouble


def test_the_end_of_an_earlier_run_proves_nothing() -> None:
    """A late event is a hint, as any other."""
    scene = Scene()
    one_running(scene)
    scene.world.die("web")
    late = list(scene.world.told)
    scene.world.start_container("web")
    scene.tell()
    scene.informer.sync()
    scene.pass_by(1)
    scene.informer.sync()
    for event in late:
        scene.informer.on_event(event)
    scene.informer.sync()
    assert scene.names() == ["other", "web"]


def test_an_event_never_proves_a_beginning() -> None:
    """`start` alone changes nothing: the inspect does."""
    scene = Scene()
    container_id = scene.world.add_container("web", running=False)
    scene.open_stream()
    scene.informer.on_event(EngineEvent("container", "start", container_id, {}, scene.world.clock.now_ns()))
    assert scene.informer.sync()
    assert scene.names() == []


def stale_bodies(scene: Scene, container_id: str, count: int) -> None:
    """The next inspects of a container show it as it is now."""
    body = scene.world.inspect_body(container_id)
    left = [count]

    def old(current: bytes) -> bytes:
        left[0] -= 1
        return body if left[0] >= 0 else current

    scene.reader.spoilt[container_id] = old


@pytest.mark.parametrize("time_is_told", [True, False])
def test_an_inspect_that_contradicts_is_asked_again_soon(*, time_is_told: bool) -> None:
    """Podman shows a container as running for a moment after its end; no resync is needed to put that right."""
    scene = Scene()
    container_id = one_running(scene)
    stale_bodies(scene, container_id, 2)
    scene.world.die("web")
    scene.lose()
    time_ns = scene.world.clock.now_ns() if time_is_told else 0
    scene.informer.on_event(EngineEvent("container", "die", container_id, {}, time_ns))
    scene.informer.sync()
    assert scene.names() == (["other"] if time_is_told else ["other", "web"])
    begun_s = scene.clock.now_s
    while scene.reader.calls["inspect"] < 3:
        scene.pass_by(max(0.0, scene.informer.next_due() - scene.clock.now_s))
        scene.informer.sync()
    assert scene.names() == ["other"]
    assert scene.reader.calls == {"inspect": 3}
    assert scene.clock.now_s - begun_s < 2


def test_an_engine_that_goes_on_contradicting_is_believed() -> None:
    """An event with a false time does not hide a container for long."""
    scene = Scene()
    container_id = one_running(scene)
    event = EngineEvent("container", "die", container_id, {}, scene.world.clock.now_ns() + 10**12)
    scene.informer.on_event(event)
    scene.informer.sync()
    assert scene.names() == ["other"]
    for _ in range(10):
        scene.pass_by(1)
        scene.informer.sync()
    assert scene.names() == ["other", "web"]
    assert scene.reader.calls["inspect"] <= 6


def test_cleanup_is_a_hint_that_does_not_wait() -> None:
    """Podman says so once an inspect shows the end."""
    scene = Scene()
    container_id = one_running(scene)
    scene.world.die("web")
    scene.lose()
    scene.informer.on_event(EngineEvent("container", "cleanup", container_id, {}, 0))
    assert scene.informer.sync()
    assert scene.names() == ["other"]


def lag_for(scene: Scene, container_id: str, seconds: float) -> None:
    """Inspects of a container show it as it is now for so long."""
    body, until_s = scene.world.inspect_body(container_id), scene.clock.now_s + seconds
    scene.reader.spoilt[container_id] = lambda current: body if scene.clock.now_s < until_s else current


def act(scene: Scene, action: str) -> None:
    """Do something to `web`, where that is possible."""
    if action in {"crash", "die"} and not scene.world.container("web").alive:
        return
    acts: dict[str, Callable[[str], object]] = {
        "crash": scene.world.crash,
        "die": scene.world.die,
        "start": scene.world.start_container,
        "restart": scene.world.restart,
        "stop": scene.world.stop_container,
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


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
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
    scene = Scene()
    container_id = scene.world.add_container("web", restart_policy="always")
    scene.open_stream()
    late: list[EngineEvent] = []
    for action, fate, stale_count, wait_s, is_late in steps:
        lag_for(scene, container_id, stale_count / 2)
        act(scene, action)
        events = FATES[fate](list(scene.world.told))
        scene.lose()
        (late if is_late else events).extend(late and [chance.choice(late)])
        late.extend(events if is_late else [])
        for event in [] if is_late else events:
            scene.informer.on_event(event)
            scene.informer.sync()
        scene.pass_by(wait_s)
        scene.informer.sync()
    for event in late:
        scene.informer.on_event(event)
    for _ in range(20):
        scene.pass_by(1)
        scene.informer.sync()
    for _ in range(2):
        scene.pass_by(31)
        assert scene.informer.sync()
    body = json.loads(scene.world.inspect_body(container_id))
    shown = scene.state.readings[container_id].container
    assert (shown.status, shown.started_at) == (body["State"]["Status"], body["State"]["StartedAt"])
    assert shown.is_current == scene.world.container("web").alive
    assert scene.names() == (["web"] if scene.world.container("web").alive else [])


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
    scene = Scene(resync_s=1e6)
    container_id = scene.world.add_container("web", restart_policy="no")
    scene.open_stream()
    events = 0
    for action, stale_count, wait_s, is_told_one_by_one in steps:
        if scene.world.container("web").alive:  # what a beginning looks like, no event tells
            stale_bodies(scene, container_id, stale_count)
        act(scene, action)
        events += len(scene.world.told)
        for event in scene.world.told:
            scene.informer.on_event(event)
            if is_told_one_by_one:
                scene.informer.sync()
        scene.lose()
        scene.informer.sync()
        let_time_pass(scene, wait_s)
    let_time_pass(scene, 10)
    body = json.loads(scene.world.inspect_body(container_id))
    shown = scene.state.readings[container_id].container
    assert (shown.status, shown.started_at) == (body["State"]["Status"], body["State"]["StartedAt"])
    assert not shown.is_over
    assert scene.reader.calls["list"] == 0
    assert scene.reader.calls["inspect"] <= events + 6 * len(steps)


def let_time_pass(scene: Scene, seconds: float) -> None:
    """Bring the informer up to date whenever it is due."""
    until_s = scene.clock.now_s + seconds
    while (due_s := scene.informer.next_due()) <= until_s:
        scene.pass_by(max(0.0, due_s - scene.clock.now_s))
        scene.informer.sync()
    scene.pass_by(max(0.0, until_s - scene.clock.now_s))
