"""Any sequence of changes, and of events lost, doubled, late and out of order, ends in the engine's state."""

from __future__ import annotations

import random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.examples import examples
from tests.unit.informer.informer_harness import InformerHarness, failure

NAMES = ["a", "b", "c", "d"]
ACTIONS = ["start", "die", "rename", "pause", "unpause", "health", "connect", "disconnect", "remove", "add", "restart"]
FATES = ["told", "lost", "doubled", "late", "shuffled"]

steps = st.lists(
    st.tuples(st.sampled_from(ACTIONS), st.sampled_from(NAMES), st.sampled_from(FATES), st.floats(0, 40)), max_size=25
)


def _act(  # noqa: C901, PLR0912 - one branch for each action
    harness: InformerHarness, action: str, name: str
) -> None:
    world = harness.world
    exists = any(world.container(each).name == name for each in world.container_ids)
    if action == "add":
        if not exists:
            world.add_container(name, health="starting")
        return
    if not exists:
        return
    container = world.container(name)
    match action:
        case "start" if not container.running:
            world.start_container(name)
        case "die" if container.running:
            world.die(name)
        case "rename" if not any(world.container(each).name == f"{name}x" for each in world.container_ids):
            world.rename(name, f"{name}x")
        case "pause" if container.alive and not container.paused:
            world.pause(name)
        case "unpause" if container.paused:
            world.unpause(name)
        case "health" if container.running:
            world.set_health(name, "healthy")
        case "connect" if "back" not in container.endpoints:
            world.connect(name, "back")
        case "disconnect" if "back" in container.endpoints:
            world.disconnect(name, "back")
        case "restart":
            world.restart(name)
        case "remove":
            world.remove(name)
        case _:
            pass


def _pass_on(harness: InformerHarness, fate: str) -> None:
    events = list(harness.world.told)
    if fate == "late":
        return
    harness.world.told.clear()
    if fate == "lost":
        return
    if fate == "doubled":
        events *= 2
    if fate == "shuffled":
        random.Random(len(events)).shuffle(events)
    for event in events:
        harness.informer.on_event(event)
        harness.informer.sync()


def _truth(harness: InformerHarness) -> list[tuple[str, str, str, str, tuple[str, ...]]]:
    world = harness.world
    containers = sorted((world.container(each) for each in world.container_ids), key=lambda c: (c.name, c.id))
    return [(c.id, c.name, c.status, c.started_at, tuple(sorted(c.endpoints))) for c in containers]


def _believed(harness: InformerHarness) -> list[tuple[str, str, str, str, tuple[str, ...]]]:
    assert harness.state.snapshot is not None
    return [
        (c.id, c.name, c.status, c.started_at, tuple(sorted(network.name for network in c.networks)))
        for c in harness.state.snapshot.all_containers
    ]


@settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=steps, failing=st.booleans())
def test_after_a_quiet_resync_the_snapshot_is_the_engine_s_state(
    steps: list[tuple[str, str, str, float]], *, failing: bool
) -> None:
    """Whatever happened to the events, and whether or not the engine failed meanwhile, two resyncs put it right."""
    harness = InformerHarness()
    harness.world.add_network("back")
    harness.world.add_container("a")
    harness.open_stream()
    for number, (action, name, fate, wait_s) in enumerate(steps):
        if failing and number % 5 == 0:
            harness.reader.broken["inspect"] = failure()
        _act(harness, action, name)
        _pass_on(harness, fate)
        harness.reader.broken.clear()
        harness.pass_by(wait_s)
        harness.informer.sync()
    for _ in range(2):
        harness.pass_by(31)
        assert harness.informer.sync()
    assert _believed(harness) == _truth(harness)
