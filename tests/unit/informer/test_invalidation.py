"""What an event makes the informer look at, and changes without an event."""

from __future__ import annotations

import pytest

from models.container import Container
from models.event import EngineEvent
from models.run import parse_ns
from reconciler.informer.invalidation import GRACE_S, NOTHING, Hint, MissedChanges, hint_of, is_end, subject_of
from tests.unit.informer.informer_harness import RecordingWorld


def _container(*, running: bool) -> Container:
    world = RecordingWorld()
    container_id = world.add_container("web", running=running)
    return Container.from_inspect(world.inspect_body(container_id), engine="e", networks={}, warn=print)


def _event(kind: str, action: str, **attributes: str) -> EngineEvent:
    return EngineEvent(kind, action, "actor", attributes, 1)


@pytest.mark.parametrize(
    "action",
    [
        "start",
        "die",
        "pause",
        "unpause",
        "rename",
        "update",
        "destroy",
        "health_status: healthy",
        "died",
        "cleanup",
        "remove",
    ],
)
def test_what_changes_a_container_is_looked_at_at_once(action: str) -> None:
    """Whether or not the container is known."""
    assert hint_of(_event("container", action), None) == Hint("actor")


@pytest.mark.parametrize(("after_s", "is_prompt"), [(-0.1, True), (0.0, False), (1.9, False), (2.0, True)])
def test_a_start_that_an_inspect_has_shown_is_no_hurry(after_s: float, is_prompt: bool) -> None:  # noqa: FBT001 - pytest's parameters
    """By the engine's own times: that of the run, and that of the event which tells its start."""
    known = _container(running=True)
    started_ns = parse_ns(known.started_at)
    assert started_ns is not None
    event = EngineEvent("container", "start", "actor", {}, started_ns + round(after_s * 1e9))
    assert hint_of(event, known) == Hint("actor", prompt=is_prompt)
    assert hint_of(event, known.ended()) == Hint("actor")
    assert hint_of(event, _container(running=False)) == Hint("actor")


@pytest.mark.parametrize("action", ["create", "init", "oom"])
def test_what_a_start_or_an_end_follows_waits_for_it(action: str) -> None:
    """One look shows both."""
    assert hint_of(_event("container", action), None) == Hint("actor", prompt=False)


def test_a_health_that_is_known_is_not_looked_at() -> None:
    """An event that came twice, or after a look that showed it; another health, or none that is told, is."""
    world = RecordingWorld()
    container_id = world.add_container("web", health="healthy")
    known = Container.from_inspect(world.inspect_body(container_id), engine="e", networks={}, warn=print)
    assert hint_of(_event("container", "health_status: healthy"), known) == NOTHING
    assert hint_of(_event("container", "health_status: unhealthy"), known) == Hint("actor")
    assert hint_of(_event("container", "health_status"), known) == Hint("actor")
    assert hint_of(_event("container", "health_status: healthy"), known.ended()) == Hint("actor")


@pytest.mark.parametrize("action", ["kill", "attach", "resize", "exec_start: sh", "top", "archive-path", ""])
def test_what_changes_nothing_is_not_looked_at(action: str) -> None:
    """A signal that was sent, an exec, a copy."""
    assert hint_of(_event("container", action), None) == NOTHING


def test_the_end_of_a_stop_is_looked_at_only_where_the_container_seems_to_run() -> None:
    """Its `die` was looked at already."""
    assert hint_of(_event("container", "stop"), _container(running=False)) == NOTHING
    assert hint_of(_event("container", "stop"), _container(running=True)) == Hint("actor", prompt=False)
    assert hint_of(_event("container", "stop"), None) == Hint("actor", prompt=False)


def test_the_end_of_a_restart_is_looked_at_only_where_the_container_seems_not_to_run() -> None:
    """Its `start` was looked at already."""
    assert hint_of(_event("container", "restart"), _container(running=True)) == NOTHING
    assert hint_of(_event("container", "restart"), _container(running=False)) == Hint("actor", prompt=False)


@pytest.mark.parametrize("action", ["connect", "disconnect"])
def test_a_network_s_event_is_about_its_container(action: str) -> None:
    """A connection is looked at at once where the container runs; what may belong to a start or an end waits for it."""
    event = _event("network", action, container="c1")
    assert hint_of(event, _container(running=True)) == Hint("c1", prompt=action == "connect")
    assert hint_of(event, _container(running=False)) == Hint("c1", prompt=False)
    assert hint_of(event, None) == Hint("c1", prompt=False)
    assert subject_of(event) == "c1"


@pytest.mark.parametrize("action", ["create", "destroy", "remove", "update", "prune"])
def test_a_network_that_changes_itself_has_the_networks_listed(action: str) -> None:
    """It may be internal now, or have another name."""
    assert hint_of(_event("network", action), None) == Hint(networks=True)


@pytest.mark.parametrize("event", [_event("volume", "create"), _event("network", "connect"), _event("network", "x")])
def test_other_events_hint_at_nothing(event: EngineEvent) -> None:
    """Other kinds, and events without their attributes, are survived."""
    assert hint_of(event, None) == NOTHING
    assert subject_of(event) == ""


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (_event("container", "die"), True),
        (_event("container", "died"), True),
        (_event("container", "stop"), False),
        (_event("network", "die"), False),
    ],
)
def test_ends_are_told_by_the_engine_s_words(event: EngineEvent, *, expected: bool) -> None:
    """Docker's and Podman's."""
    assert is_end(event) == expected


def test_what_no_event_tells_is_missed_after_a_while() -> None:
    """It is counted once, when its time is over."""
    missed = MissedChanges()
    missed.found("a", 10)
    missed.found("b", 11)
    assert missed.next_due() == 10 + GRACE_S
    assert missed.expired(11) == 0
    assert missed.expired(12) == 1
    assert missed.expired(20) == 1
    assert missed.expired(30) == 0
    assert missed.next_due() is None


def test_an_event_acquits() -> None:
    """Only the container that it is about."""
    missed = MissedChanges()
    missed.found("a", 10)
    missed.found("b", 10)
    missed.event("a")
    missed.event("unknown")
    assert missed.expired(20) == 1


def test_the_end_of_the_stream_acquits_all() -> None:
    """Its own end is counted elsewhere."""
    missed = MissedChanges()
    missed.found("a", 10)
    missed.forget()
    assert missed.expired(20) == 0


def test_found_twice_is_missed_once_and_not_later() -> None:
    """A second resync does not prolong the wait."""
    missed = MissedChanges()
    missed.found("a", 10)
    missed.found("a", 11)
    assert missed.expired(12) == 1
