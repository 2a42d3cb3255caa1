"""Which containers a notification means."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from notify.actions.http import Http
from notify.actions.restart import Restart
from notify.actions.signal import Signal
from reconciler.loop.recipients import RecipientMatcher
from tests.unit.informer.informer_harness import InformerHarness

if TYPE_CHECKING:
    from models.notification import Notification

RESTART = Restart("web")
HUP = Signal("web", "SIGHUP")
COMPOSE = "com.docker.compose."


def _matcher(upstream: InformerHarness, *notifications: Notification) -> RecipientMatcher:
    upstream.informer.on_reload()
    assert upstream.informer.sync()
    return RecipientMatcher(notifications, log=logging.getLogger("test.matcher"))


def test_stopped_containers_are_seen_without_a_run() -> None:
    """A notification must know that a container does not run."""
    upstream = InformerHarness()
    upstream.world.add_container("web", running=False)
    [observation] = _matcher(upstream, HUP).of(upstream.state.readings, None)[HUP]
    assert (observation.name, observation.run, observation.paused) == ("web", None, False)


def test_a_running_container_is_seen_with_its_run_and_reading() -> None:
    """The run says which start it is, the reading when that was known."""
    upstream = InformerHarness()
    upstream.world.add_container("web")
    upstream.world.pause("web")
    [observation] = _matcher(upstream, HUP).of(upstream.state.readings, None)[HUP]
    assert observation.run is not None
    assert observation.run.started_at == upstream.world.container("web").started_at
    assert observation.read_at_s == pytest.approx(upstream.clock.now_s)
    assert observation.paused


def test_no_restart_hits_the_program_itself(caplog: pytest.LogCaptureFixture) -> None:
    """It is left out with one warning; a signal to itself is allowed."""
    upstream = InformerHarness()
    own_id = upstream.world.add_container("web")
    matcher = _matcher(upstream, RESTART, HUP)
    for _ in range(2):
        found = matcher.of(upstream.state.readings, own_id)
    assert found[RESTART] == []
    assert len(found[HUP]) == 1
    assert caplog.text.count("which is left out") == 1


def test_several_projects_are_warned_of_by_name(caplog: pytest.LogCaptureFixture) -> None:
    """All of them are matched all the same."""
    upstream = InformerHarness()
    for project in ("blue", "green"):
        labels = {f"{COMPOSE}project": project, f"{COMPOSE}service": "web"}
        upstream.world.add_container(f"{project}-web-1", labels=labels)
    matcher = _matcher(upstream, HUP)
    for _ in range(2):
        found = matcher.of(upstream.state.readings, None)
    assert len(found[HUP]) == 2
    assert caplog.text.count("several Compose projects (blue, green)") == 1


def test_only_what_is_new_is_matched_again() -> None:
    """A container that was read anew is matched anew; one that is gone is forgotten."""
    upstream = InformerHarness()
    upstream.world.add_container("web")
    other = upstream.world.add_container("other")
    matcher = _matcher(upstream, HUP)
    assert len(matcher.of(upstream.state.readings, None)[HUP]) == 1
    upstream.world.remove("web")
    upstream.world.rename("other", "web")
    upstream.tell()
    assert upstream.informer.sync()
    assert [s.container_id for s in matcher.of(upstream.state.readings, None)[HUP]] == [other]


def test_without_notifications_nothing_is_matched() -> None:
    """And nothing is looked at."""
    upstream = InformerHarness()
    upstream.world.add_container("web")
    assert _matcher(upstream).of(upstream.state.readings, None) == {}


def test_an_expression_chooses_among_those_that_have_the_name() -> None:
    """Or among all where there is no name; what it chooses may change though the container does not."""
    upstream = InformerHarness()
    ids = {name: upstream.world.add_container(name) for name in ("web", "lb")}
    anywhere = Signal("", "SIGHUP", match="labels.a")
    named = Signal("web", "SIGHUP", match="labels.a")
    matcher = _matcher(upstream, HUP, anywhere, named)
    for chosen, expected in (({ids["web"]}, ["web"]), ({ids["lb"]}, ["lb"]), (set(ids.values()), ["web", "lb"])):
        found = matcher.of(upstream.state.readings, None, {"labels.a": chosen})
        assert sorted(each.name for each in found[anywhere]) == sorted(expected)
        assert [each.name for each in found[named]] == [name for name in expected if name == "web"]
        assert [each.name for each in found[HUP]] == ["web"]


def test_an_expression_without_an_answer_is_no_empty_choice() -> None:
    """Nobody would be told, and nobody would know."""
    upstream = InformerHarness()
    upstream.world.add_container("web")
    with pytest.raises(KeyError):
        _matcher(upstream, Signal("", "SIGHUP", match="labels.a")).of(upstream.state.readings, None)


def test_what_needs_no_container_is_matched_with_none() -> None:
    """Nothing is looked at for it; others of the job have theirs."""
    upstream = InformerHarness()
    upstream.world.add_container("web")
    reload = Http("", "http://127.0.0.1:9/-/reload")
    assert _matcher(upstream, reload).of(upstream.state.readings, None) == {}
    found = _matcher(upstream, reload, HUP).of(upstream.state.readings, None)
    assert {notification: len(matching) for notification, matching in found.items()} == {HUP: 1}
