"""Restarts: every try ends told, over, or owed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from notify.delivery import Delivered, Failed, Held, Inspector, Outcome, RunEnded, Task
from notify.port import DeliveryError, EngineRefused, EngineTimeout, EngineUnavailable
from tests.support.fake_clock import FakeClock
from tests.unit.notify.fakes import ENGINE, HUP, RESTART, FakeContainer, FakeEngine, NotifierHarness, When

if TYPE_CHECKING:
    from notify.actions.action import Action

TIMEOUT, REFUSED, BROKEN = EngineTimeout("slow"), EngineRefused("error", 500), EngineUnavailable("broken")


class RestartDelivery:
    """One container that is to be restarted."""

    def __init__(self, **settings: object) -> None:
        self.clock = FakeClock()
        self.engine = FakeEngine(self.clock)
        self.container: FakeContainer = self.engine.run_new(**settings)  # type: ignore[arg-type] # settings of its own
        self.run = self.container.run

    def restart(self, *, begun: bool = False) -> Outcome:
        task = Task(self.run, ENGINE, restart_begun=begun)
        return RESTART.deliver(self.engine, task, Inspector(self.engine, task, self.clock), "auto")


@pytest.mark.parametrize(("own_s", "read_timeout_s"), [(None, 20), (3, 13), (0, 10), (600, 610), (-1, 20)])
def test_the_containers_own_stop_timeout(own_s: int | None, read_timeout_s: float) -> None:
    """It is handed on as it is, and the answer is waited for 10 s longer."""
    delivery = RestartDelivery(stop_timeout_s=own_s)
    assert isinstance(delivery.restart(), Delivered)
    (call,) = (call for call in delivery.engine.calls if call.operation == "restart")
    assert call.detail == (own_s, read_timeout_s)


@pytest.mark.parametrize("error", [TIMEOUT, REFUSED, BROKEN])
def test_a_new_start_after_an_error_is_a_delivery(error: DeliveryError) -> None:
    """The engine did it though it did not say so: nothing is sent twice."""
    delivery = RestartDelivery()
    delivery.engine.fail("restart", error, "after")
    assert isinstance(delivery.restart(), Delivered)


@pytest.mark.parametrize(
    ("error", "when", "undone"),
    [
        (TIMEOUT, "before", False),
        (BROKEN, "before", False),
        (REFUSED, "before", True),
        (REFUSED, "halfway", False),
        (TIMEOUT, "halfway", False),
    ],
)
def test_a_failure_says_whether_the_container_was_touched(error: DeliveryError, when: When, undone: bool) -> None:  # noqa: FBT001
    """Only after a refusal with the same run running it is certain that nothing was stopped."""
    delivery = RestartDelivery()
    delivery.engine.fail("restart", error, when)
    outcome = delivery.restart()
    assert isinstance(outcome, Failed)
    assert outcome.restart_undone is undone


def test_a_run_that_our_restart_began_is_not_restarted_again_for_being_seen_early() -> None:
    """The loop may hear of the new run before the worker's report: that owes nothing."""
    harness = NotifierHarness(RESTART)
    harness.engine.run_new()
    harness.disk = "before"
    harness.render("before")
    harness.render("after")
    harness.clock.advance(1)
    harness.notifier.advance(harness.clock())
    harness.workers.run_all()
    harness.render("after")
    harness.wait(60)
    harness.render("after")
    harness.wait(60)
    assert harness.engine.operations() == ["restart"]
    assert harness.pending() == 0


def test_the_retry_starts_what_our_restart_stopped() -> None:
    """Stopped by us and left so: started, not restarted."""
    delivery = RestartDelivery()
    delivery.engine.fail("restart", TIMEOUT, "halfway")
    delivery.restart()
    assert isinstance(delivery.restart(begun=True), Delivered)
    assert delivery.engine.operations() == ["restart", "start"]
    assert delivery.container.running


def test_any_other_stopped_container_is_left_alone() -> None:
    """Without a restart of ours begun, a stopped container stays stopped."""
    delivery = RestartDelivery()
    delivery.engine.stop(delivery.container)
    assert isinstance(delivery.restart(), RunEnded)
    assert delivery.engine.operations() == []


def test_one_that_ran_anew_and_was_stopped_later_is_left_alone() -> None:
    """A new StartedAt shows that our restart was through: who stopped it later meant it."""
    delivery = RestartDelivery()
    delivery.engine.begin_run(delivery.container)
    delivery.engine.stop(delivery.container)
    assert isinstance(delivery.restart(begun=True), Delivered)
    assert delivery.engine.operations() == []


@pytest.mark.parametrize(
    ("change", "kind"),
    [({"paused": True}, Held), ({"restarting": True}, RunEnded), ({"started_at": "another"}, RunEnded)],
)
def test_looks_directly_before(change: dict[str, object], kind: type) -> None:
    """A paused one stays owed; one that restarts or runs anew is not restarted."""
    delivery = RestartDelivery()
    for key, value in change.items():
        setattr(delivery.container, key, value)
    assert isinstance(delivery.restart(), kind)
    assert delivery.engine.operations() == []


def test_gone_during_the_restart_is_over() -> None:
    """A container removed meanwhile is no failure."""
    delivery = RestartDelivery()
    del delivery.engine.containers[delivery.container.container_id]
    assert isinstance(delivery.restart(), RunEnded)


def test_a_look_that_fails_after_the_restart_failed_is_a_failure() -> None:
    """Where nothing is known the restart stays begun."""
    delivery = RestartDelivery()
    delivery.engine.on_started = lambda run: None
    delivery.engine.fail("restart", TIMEOUT)
    task = Task(delivery.run, ENGINE)
    inspector = Inspector(delivery.engine, task, delivery.clock)
    original = delivery.engine.restart

    def restart(engine: str, container_id: str, *, stop_timeout_s: int | None, timeout_s: float) -> None:
        delivery.engine.fail("inspect", BROKEN)
        original(engine, container_id, stop_timeout_s=stop_timeout_s, timeout_s=timeout_s)

    delivery.engine.restart = restart  # type: ignore[method-assign] # breaks the engine amid the restart
    outcome = RESTART.deliver(delivery.engine, task, inspector, "auto")
    assert isinstance(outcome, Failed)
    assert not outcome.restart_undone


def owing_harness() -> NotifierHarness:
    """A program with which a restart is due."""
    harness = NotifierHarness(RESTART)
    harness.engine.run_new()
    harness.disk = "a"
    harness.render("a")
    harness.render("b")
    harness.clock.tick()
    harness.notifier.engine_clock(ENGINE, harness.clock(), harness.engine.epoch_ns())
    harness.clock.advance(1)
    return harness


def test_begun_is_recorded_before_the_engine_is_asked() -> None:
    """Killed amid the restart, with the container stopped by it: the next start of the program starts it."""
    harness = owing_harness()
    harness.engine.fail("restart", TIMEOUT, "halfway")
    harness.notifier.advance(harness.clock())
    assert harness.store.data is not None
    assert b'"restart_begun": true' in harness.store.data
    harness.workers.run_all()  # the request arrives, the program dies before it hears of it
    harness.start()
    harness.render("b")
    harness.wait(10)
    assert harness.engine.operations() == ["restart", "start"]
    assert harness.pending() == 0


def test_a_restart_that_a_killed_program_made_is_not_made_again() -> None:
    """Killed between restart and acknowledgement: the new StartedAt is the delivery."""
    harness = owing_harness()
    harness.notifier.advance(harness.clock())
    harness.workers.run_all()
    harness.start()
    harness.render("b")
    harness.wait(60)
    assert harness.engine.operations() == ["restart"]
    assert harness.pending() == 0


@pytest.mark.parametrize("others", [(), (HUP,)], ids=["alone", "beside a signal"])
def test_a_restart_is_remembered_where_no_pass_follows_it(others: tuple[Action, ...]) -> None:
    """The process ends right after it: the next start tells nobody, for the new run loaded the content."""
    harness = NotifierHarness(RESTART, *others)
    harness.engine.date_slack_ns = 1_000_000_000
    harness.engine.run_new()
    harness.disk = "a"
    harness.render("a")
    harness.render("b")
    harness.clock.tick()
    assert harness.flush(harness.clock() + 4)
    told = harness.engine.operations()
    harness.start()
    harness.render("b")
    harness.wait(60)
    assert harness.engine.operations() == told
    assert harness.pending() == 0


def test_a_stale_snapshot_after_a_restart_owes_nothing() -> None:
    """Passes that still show the old run do not restart the container once more."""
    harness = owing_harness()
    stale = harness.observations()
    harness.pump()
    harness.notifier.unchanged("b", stale)
    harness.wait(5)
    harness.render("b")
    harness.wait(5)
    assert harness.engine.operations() == ["restart"]


def test_stopped_by_hand_after_a_refused_restart_stays_stopped() -> None:
    """The refusal left it running, so a later stop is somebody else's."""
    harness = owing_harness()
    harness.engine.fail("restart", REFUSED)
    harness.pump()
    harness.engine.stop(next(iter(harness.engine.containers.values())))
    harness.wait(60)
    assert harness.engine.operations() == ["restart"]
    assert harness.pending() == 0
