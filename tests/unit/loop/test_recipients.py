"""Which containers a notification means."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from notify.actions.restart import Restart
from notify.actions.signal import Signal
from reconciler.loop.recipients import RecipientMatcher
from tests.unit.informer.world import Scene

if TYPE_CHECKING:
    from models.notification import Notification

RESTART = Restart("web")
HUP = Signal("web", "SIGHUP")
COMPOSE = "com.docker.compose."


def _matcher(scene: Scene, *notifications: Notification) -> RecipientMatcher:
    scene.informer.on_reload()
    assert scene.informer.sync()
    return RecipientMatcher(notifications, log=logging.getLogger("test.matcher"))


def test_stopped_containers_are_seen_without_a_run() -> None:
    """A notification must know that a container does not run."""
    scene = Scene()
    scene.world.add_container("web", running=False)
    [observation] = _matcher(scene, HUP).of(scene.state.readings, None)[HUP]
    assert (observation.name, observation.run, observation.paused) == ("web", None, False)


def test_a_running_container_is_seen_with_its_run_and_reading() -> None:
    """The run says which start it is, the reading when that was known."""
    scene = Scene()
    scene.world.add_container("web")
    scene.world.pause("web")
    [observation] = _matcher(scene, HUP).of(scene.state.readings, None)[HUP]
    assert observation.run is not None
    assert observation.run.started_at == scene.world.container("web").started_at
    assert observation.read_at_s == pytest.approx(scene.clock.now_s)
    assert observation.paused


def test_no_restart_hits_the_program_itself(caplog: pytest.LogCaptureFixture) -> None:
    """It is left out with one warning; a signal to itself is allowed."""
    scene = Scene()
    own_id = scene.world.add_container("web")
    matcher = _matcher(scene, RESTART, HUP)
    for _ in range(2):
        found = matcher.of(scene.state.readings, own_id)
    assert found[RESTART] == []
    assert len(found[HUP]) == 1
    assert caplog.text.count("which is left out") == 1


def test_several_projects_are_warned_of_by_name(caplog: pytest.LogCaptureFixture) -> None:
    """All of them are matched all the same."""
    scene = Scene()
    for project in ("blue", "green"):
        labels = {f"{COMPOSE}project": project, f"{COMPOSE}service": "web"}
        scene.world.add_container(f"{project}-web-1", labels=labels)
    matcher = _matcher(scene, HUP)
    for _ in range(2):
        found = matcher.of(scene.state.readings, None)
    assert len(found[HUP]) == 2
    assert caplog.text.count("several Compose projects (blue, green)") == 1


def test_only_what_is_new_is_matched_again() -> None:
    """A container that was read anew is matched anew; one that is gone is forgotten."""
    scene = Scene()
    scene.world.add_container("web")
    other = scene.world.add_container("other")
    matcher = _matcher(scene, HUP)
    assert len(matcher.of(scene.state.readings, None)[HUP]) == 1
    scene.world.remove("web")
    scene.world.rename("other", "web")
    scene.tell()
    assert scene.informer.sync()
    assert [s.container_id for s in matcher.of(scene.state.readings, None)[HUP]] == [other]


def test_without_notifications_nothing_is_matched() -> None:
    """And nothing is looked at."""
    scene = Scene()
    scene.world.add_container("web")
    assert _matcher(scene).of(scene.state.readings, None) == {}
