"""What happened, in words."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from models.container import Container
from models.event import Change
from reconciler.informer.changes import changes_between
from tests.unit.informer.informer_harness import RecordingWorld

Act = Callable[[RecordingWorld], object]


def _read(world: RecordingWorld) -> Container:
    body = world.inspect_body(world.container_ids[0])
    return Container.from_inspect(body, engine="e", networks={}, warn=print)


@pytest.mark.parametrize(
    ("first", "then", "words"),
    [
        (None, lambda w: w.die("web"), ["stopped"]),
        (None, lambda w: w.die("web", restarting=True), ["is restarting"]),
        (lambda w: w.die("web"), lambda w: w.start_container("web"), ["started"]),
        (None, lambda w: w.restart("web"), ["restarted"]),
        (None, lambda w: w.pause("web"), ["was paused"]),
        (lambda w: w.pause("web"), lambda w: w.unpause("web"), ["was unpaused"]),
        (None, lambda w: w.set_health("web", "healthy"), ["became healthy"]),
        (None, lambda w: w.connect("web", "back"), ["changed networks"]),
        (None, lambda w: w.update("web", restart_policy="always"), ["was updated"]),
        (None, lambda w: None, []),
    ],
)
def test_a_difference_has_words(first: Act | None, then: Act, words: list[str]) -> None:
    """Each kind of change is named as people would name it."""
    world = RecordingWorld()
    world.add_network("back")
    world.add_container("web", health="starting")
    if first is not None:
        first(world)
    before = _read(world)
    then(world)
    assert changes_between(before, _read(world)) == [Change("web", word) for word in words]


def test_a_rename_names_both() -> None:
    """The new name is the subject, the old one is told."""
    world = RecordingWorld()
    world.add_container("web")
    before = _read(world)
    world.rename("web", "front")
    assert changes_between(before, _read(world)) == [Change("front", "was renamed from web")]


def test_what_comes_and_goes_is_told() -> None:
    """A container that was not known has started or was created; one that is gone was removed."""
    world = RecordingWorld()
    world.add_container("web")
    running = _read(world)
    world.die("web")
    assert changes_between(None, running) == [Change("web", "started")]
    assert changes_between(None, _read(world)) == [Change("web", "was created")]
    assert changes_between(running, None) == [Change("web", "was removed")]
    assert changes_between(None, None) == []
