"""A rolling notification: one container at a time, the next when the last is well again, and a stop where it isn't."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from notify.actions.restart import Restart
from notify.actions.signal import Signal
from notify.port import EngineTimeout, EngineUnavailable
from notify.rollout import PAUSE_S
from notify.rules import Rules
from tests.unit.metrics.scraping import metrics_of, value
from tests.unit.notify.fakes import NotifierHarness

if TYPE_CHECKING:
    from metrics.instruments import Metrics
    from models.run import Run
    from notify.actions.action import Action

ROLLING = Restart("web", rules=Rules(max_parallel=1))


class Rolling:
    """Containers with a health check are owed a restart; each is `starting` afterwards, until the test says more."""

    def __init__(self, count: int = 3, action: Action = ROLLING, health: str = "healthy") -> None:
        self.metrics: Metrics = metrics_of(notifications=[action])
        self.harness = NotifierHarness(action, publish=self.metrics.notify.publish)
        self.action = action
        self.containers = [self.harness.engine.run_new(health=health) for _ in range(count)]
        self.harness.disk = "a"
        self.harness.render("a")
        self.has_check = bool(health)
        self.harness.engine.on_started = self._started
        self.harness.render("b")

    def _started(self, run: Run) -> None:
        if self.has_check:
            self.harness.engine.containers[run.container_id].health = "starting"

    def told(self) -> list[int]:
        """The places of those that were told, in order."""
        ids = [container.container_id for container in self.containers]
        calls = [call for call in self.harness.engine.calls if call.operation in {"restart", "kill"}]
        return [ids.index(call.container_id) for call in calls]

    def becomes(self, place: int, health: str) -> None:
        self.containers[place].health = health
        self.harness.wait(12)

    def stopped(self) -> float:
        labels = {"action": self.action.action, "container": "web"}
        return value(self.metrics, "pygen_rollout_stopped", **labels)


def test_the_next_one_when_the_last_is_healthy() -> None:
    """However long it takes to start; in the end all are told, and nothing is owed or looked at any more."""
    rolling = Rolling()
    rolling.harness.wait(100)
    assert rolling.told() == [0]
    rolling.becomes(0, "healthy")
    assert rolling.told() == [0, 1]
    rolling.becomes(1, "healthy")
    rolling.becomes(2, "healthy")
    assert rolling.told() == [0, 1, 2]
    assert rolling.harness.pending() == 0
    assert rolling.harness.notifier.next_due() is None
    assert rolling.stopped() == 0


def test_so_many_at_a_time() -> None:
    """Two, and then one for each that is healthy again."""
    rolling = Rolling(4, replace(ROLLING, rules=Rules(max_parallel=2)))
    rolling.harness.wait(100)
    assert rolling.told() == [0, 1]
    rolling.becomes(1, "healthy")
    assert rolling.told() == [0, 1, 2]
    rolling.becomes(0, "healthy")
    assert rolling.told() == [0, 1, 2, 3]


@pytest.mark.parametrize(("pause_s", "expected_s"), [(None, PAUSE_S), (3.0, 3.0), (0.0, 0.0)])
def test_without_a_health_check_time_says_that_it_is_well(pause_s: float | None, expected_s: float) -> None:
    """It has to run for as long as the rules say, or for the usual time."""
    rolling = Rolling(2, replace(ROLLING, rules=Rules(max_parallel=1, pause_s=pause_s)), health="")
    rolling.harness.clock.advance(1)
    rolling.harness.pump()
    if expected_s:
        rolling.harness.wait(expected_s - 0.5)
        assert rolling.told() == [0]
    rolling.harness.wait(1.5)
    assert rolling.told() == [0, 1]


def test_a_pause_is_waited_for_beside_the_health_check() -> None:
    """It is healthy at once, and the next one waits all the same."""
    rolling = Rolling(2, replace(ROLLING, rules=Rules(max_parallel=1, pause_s=60)))
    rolling.harness.wait(1)
    rolling.containers[0].health = "healthy"
    rolling.harness.wait(50)
    assert rolling.told() == [0]
    rolling.harness.wait(15)
    assert rolling.told() == [0, 1]


def test_it_stops_at_one_that_is_unhealthy() -> None:
    """With one line in the log and the metric; it goes on once that is healthy, with one line more."""
    rolling = Rolling()
    rolling.harness.wait(1)
    rolling.becomes(0, "unhealthy")
    rolling.harness.wait(1000)
    assert rolling.told() == [0]
    assert rolling.stopped() == 1
    assert len(rolling.harness.lines.matching("WARNING restart of web stops at web, which is unhealthy")) == 1
    assert {debt.trouble for debt in rolling.harness.notifier.pending()} == {"waits: web is unhealthy"}
    rolling.becomes(0, "healthy")
    assert rolling.told() == [0, 1]
    assert rolling.stopped() == 0
    assert len(rolling.harness.lines.matching("INFO restart of web goes on: web is well again")) == 1


@pytest.mark.parametrize(
    ("what", "words"),
    [("stopped", "does not run"), ("paused", "is paused"), ("restarting", "is being restarted by its policy")],
)
def test_it_stops_at_one_that_does_not_run(what: str, words: str) -> None:
    """Whether it has crashed, or people hold it."""
    rolling = Rolling(2, health="")
    rolling.harness.wait(1)
    first = rolling.containers[0]
    if what == "stopped":
        rolling.harness.engine.stop(first)
    setattr(first, what, True)
    rolling.harness.wait(100)
    assert rolling.told() == [0]
    assert len(rolling.harness.lines.matching(f"stops at web, which {words}")) == 1


def test_a_crash_begins_the_time_anew() -> None:
    """A container that ends and is started again within its time is not well before another such time."""
    rolling = Rolling(2, health="")
    for _ in range(5):
        rolling.harness.wait(PAUSE_S * 0.9)
        rolling.harness.engine.begin_run(rolling.containers[0])
    assert rolling.told() == [0]
    rolling.harness.wait(PAUSE_S * 3)
    assert rolling.told() == [0, 1]


def test_one_that_is_removed_is_no_hindrance() -> None:
    """Nothing is left of it that could become healthy."""
    rolling = Rolling(2)
    rolling.harness.wait(1)
    rolling.becomes(0, "unhealthy")
    rolling.harness.engine.remove(rolling.containers[0])
    rolling.harness.wait(12)
    assert rolling.told() == [0, 1]
    assert rolling.stopped() == 0


def test_one_that_no_longer_matches_is_waited_for_all_the_same() -> None:
    """`match` may be about health: a container that became unhealthy by being told must not open the way."""
    rolling = Rolling()
    rolling.harness.wait(1)
    rolling.containers[0].name = "other"
    rolling.containers[0].health = "unhealthy"
    rolling.harness.render("b")
    rolling.harness.wait(100)
    assert rolling.told() == [0]
    assert rolling.stopped() == 1


def test_what_may_heal_it_is_told_to_it_first() -> None:
    """A content that broke the first container is mended: it is told at once, and the others follow once it is well."""
    rolling = Rolling()
    rolling.harness.wait(1)
    rolling.becomes(0, "unhealthy")
    rolling.harness.render("c")
    rolling.harness.wait(12)
    assert rolling.told() == [0, 0]
    for place in range(3):
        rolling.becomes(place, "healthy")
    assert rolling.told() == [0, 0, 1, 2]
    assert rolling.harness.pending() == 0


def test_one_that_was_ill_before_is_no_hindrance() -> None:
    """It was not told by us; it is told in its turn, and waited for then."""
    rolling = Rolling()
    rolling.containers[2].health = "unhealthy"
    rolling.harness.wait(1)
    rolling.becomes(0, "healthy")
    rolling.becomes(1, "healthy")
    assert rolling.told() == [0, 1, 2]


def test_killed_in_the_middle_it_goes_on_with_the_same_care() -> None:
    """The one that was told is waited for by the next process, too, and by the one after that."""
    rolling = Rolling()
    rolling.harness.wait(1)
    for _ in range(2):
        rolling.harness.start(looks=True)
        rolling.harness.wait(100)
    assert rolling.told() == [0]
    rolling.becomes(0, "healthy")
    assert rolling.told() == [0, 1]


def test_killed_during_a_delivery_the_same_one_is_told_again() -> None:
    """Whether it was is not known: no other one is before it."""
    rolling = Rolling()
    rolling.harness.clock.advance(1)
    rolling.harness.notifier.advance(rolling.harness.clock())
    rolling.harness.start(looks=True)
    rolling.harness.wait(100)
    assert rolling.told() == [0]


def test_a_failed_delivery_stops_it() -> None:
    """It is tried again until it succeeds, and no other container is told before."""
    rolling = Rolling()
    for _ in range(3):
        rolling.harness.engine.fail("restart", EngineTimeout("no answer in time"))
    rolling.harness.wait(2)
    assert set(rolling.told()) == {0}
    assert rolling.stopped() == 1
    assert len(rolling.harness.lines.matching("stops at web, which could not be told yet")) == 1
    rolling.harness.wait(30)
    rolling.becomes(0, "healthy")
    assert rolling.told() == [0, 0, 0, 0, 1]
    assert rolling.stopped() == 0


def test_one_that_is_paused_gives_its_turn_to_the_next() -> None:
    """Nothing was sent to it: it is told when it is not paused any more, and another one is well."""
    rolling = Rolling(2)
    rolling.containers[0].paused = True
    rolling.harness.wait(5)
    assert rolling.told() == [1]
    rolling.containers[0].paused = False
    rolling.harness.render("b")
    rolling.becomes(1, "healthy")
    rolling.harness.wait(60)
    assert rolling.told() == [1, 0]


def test_an_engine_that_does_not_answer_the_look_is_asked_again() -> None:
    """No answer says nothing of the container."""
    rolling = Rolling(2)
    rolling.harness.wait(1)
    rolling.containers[0].health = "healthy"
    for _ in range(3):
        rolling.harness.engine.fail("inspect", EngineUnavailable("down"))
    rolling.harness.wait(30)
    assert rolling.told() == [0, 1]


def test_at_the_end_it_keeps_its_pace() -> None:
    """What is not told by then stays owed, on disk."""
    rolling = Rolling()
    assert not rolling.harness.flush(rolling.harness.clock() + 4)
    assert rolling.told() == [0]
    assert rolling.harness.pending() == 2


def test_a_single_pass_rolls_within_its_time() -> None:
    """As --one-shot does: a container is looked at until it is well, and the next one is told."""
    rolling = Rolling(3, replace(ROLLING, rules=Rules(max_parallel=1, pause_s=2)), health="")
    assert rolling.harness.flush(rolling.harness.clock() + 30)
    assert rolling.told() == [0, 1, 2]


def test_signals_roll_as_well() -> None:
    """The run stays, so that it has to be well from the signal on."""
    rolling = Rolling(2, Signal("web", "SIGHUP", rules=Rules(max_parallel=1, pause_s=5)))
    rolling.harness.wait(4)
    assert rolling.told() == [0]
    rolling.harness.wait(4)
    assert rolling.told() == [0, 1]


def test_a_configuration_that_rolls_no_more_forgets_the_places() -> None:
    """All that are owed are told at once."""
    rolling = Rolling()
    rolling.harness.wait(1)
    rolling.harness.notifications = (Restart("web"),)
    rolling.harness.start(looks=True)
    rolling.harness.wait(1)
    assert rolling.told() == [0, 1, 2]
    assert b"unproven" not in (rolling.harness.store.data or b"")


def test_the_state_file() -> None:
    """Where nothing rolls it is as it was; a damaged one is an unreadable state."""
    rolling = Rolling()
    assert b"unproven" not in (rolling.harness.store.data or b"")
    rolling.harness.wait(1)
    state = json.loads(rolling.harness.store.data or b"")
    [told] = state["notifications"][0]["unproven"]
    assert sorted(told) == ["container_id", "engine", "name"]
    state["notifications"][0]["unproven"] = [{"container_id": 5}]
    rolling.harness.store.data = json.dumps(state).encode()
    rolling.harness.start()
    assert len(rolling.harness.lines.matching("container_id is missing or not str")) == 1
