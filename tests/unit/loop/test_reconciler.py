"""The loop's passes: what wakes it up, what it does then, and what it survives."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from notify.actions.signal import Signal
from reconciler.backoff import Backoff
from reconciler.loop.heartbeat import Heartbeat
from reconciler.loop.pacing import Pacing
from reconciler.loop.reconciler import TEMPLATE_POLL_S, Reconciler
from reconciler.loop.work_queue import (
    EventArrived,
    ReloadAsked,
    StopAsked,
    StreamEnded,
    StreamOpened,
    Wakeup,
    WorkQueue,
)
from tests.unit.informer.world import failure
from tests.unit.loop.parts import Stage

if TYPE_CHECKING:
    import pytest

    from notify.actions.action import Action

HUP = Signal("nginx", "SIGHUP")


class Renewals:
    """A watcher of which only `renew` is asked."""

    def __init__(self) -> None:
        self.count = 0

    def renew(self) -> None:
        self.count += 1


class Show:
    """A loop over one stage, woken by hand."""

    def __init__(self, *notifications: Action) -> None:
        self.stage = Stage(*notifications)
        self.scene = self.stage.scene
        self.watcher = Renewals()
        self.queue = WorkQueue(self.scene.clock)
        self.heartbeat = Heartbeat(self.scene.clock)
        self.loop = Reconciler(
            self.scene.informer,
            self.watcher,
            [self.stage.job],
            queue=self.queue,
            clock=self.scene.clock,
            pacing=Pacing(self.scene.clock, lambda: 0.0),
            unforeseen=Backoff(lambda: 0.0),
            heartbeat=self.heartbeat,
            resync_s=30.0,
            observer=self.stage.counted,
            log=logging.getLogger("test.loop"),
        )

    def wake(self, *wakeups: Wakeup) -> None:
        """Make one pass."""
        self.loop.run_once(list(wakeups))

    def events(self) -> list[Wakeup]:
        """What the engine told since the last time."""
        told = [EventArrived(event) for event in self.scene.world.told]
        self.scene.world.told.clear()
        return [*told]


def test_nothing_is_written_before_the_state_is_known() -> None:
    """A target is never emptied because the engine has not answered yet."""
    show = Show()
    show.stage.target.content = b"as it was\n"
    show.wake()
    assert show.stage.target.content == b"as it was\n"
    assert show.stage.counted.passes == {}


def test_a_stream_that_opens_leads_to_the_first_file() -> None:
    """Subscribe first, list second, then render and write."""
    show = Show()
    show.scene.world.add_container("web")
    show.wake(StreamOpened())
    assert show.stage.target.lines == ["names", "web"]
    assert show.stage.counted.streams == [True]
    assert show.stage.counted.states == {"running": 1}


def test_a_burst_is_one_pass_with_one_render() -> None:
    """Twenty starts that wait together cost one render and one write."""
    show = Show()
    show.wake(StreamOpened())
    for number in range(20):
        show.scene.world.add_container(f"c{number:02}")
    show.wake(*show.events())
    assert len(show.stage.target.lines) == 21
    assert show.stage.renderer.renders == 2
    assert len(show.stage.target.writes) == 2


def test_drift_is_looked_for_at_each_resync_only() -> None:
    """A pass without news leaves the target alone; the resync compares it."""
    show = Show()
    show.wake(StreamOpened())
    show.stage.target.content = b"by hand\n"
    show.wake()
    assert show.stage.target.content == b"by hand\n"
    show.scene.pass_by(30)
    show.wake()
    assert show.stage.target.lines == ["names"]


def test_an_end_of_the_stream_is_counted_and_leads_to_a_list() -> None:
    """What it lost is found at once."""
    show = Show()
    show.wake(StreamOpened())
    show.scene.world.add_container("web")
    show.scene.lose()
    show.wake(StreamEnded("silent"))
    assert show.stage.counted.streams == [True, False, "silent"]
    assert show.stage.target.lines == ["names", "web"]


def test_a_stream_that_hides_changes_is_renewed() -> None:
    """A change that only a resync found, and no event within two seconds, is evidence enough."""
    show = Show()
    show.wake(StreamOpened())
    show.scene.world.add_container("web")
    show.scene.lose()
    show.scene.pass_by(30)
    show.wake()
    assert show.watcher.count == 0
    show.scene.pass_by(3)
    show.wake()
    assert show.watcher.count == 1


def test_a_reload_loads_lists_and_compares() -> None:
    """SIGHUP does what a restart would, without one."""
    show = Show()
    show.wake(StreamOpened())
    show.stage.renderer.heading = "hosts"
    show.stage.target.content = b"by hand\n"
    show.scene.world.add_container("web")
    show.scene.lose()
    show.wake(ReloadAsked())
    assert show.stage.target.lines == ["hosts", "web"]


def test_an_edited_template_is_noticed_within_a_poll() -> None:
    """Nobody has to send SIGHUP."""
    show = Show()
    show.wake(StreamOpened())
    show.stage.renderer.heading = "hosts"
    show.stage.renderer.edited = True
    show.wake()
    assert show.stage.target.lines == ["names"]
    show.scene.pass_by(TEMPLATE_POLL_S)
    show.wake()
    assert show.stage.target.lines == ["hosts"]


def test_an_engine_that_is_away_changes_nothing_and_comes_back() -> None:
    """Its last state stays in the file; what happened meanwhile is in it afterwards."""
    show = Show()
    show.scene.world.add_container("web")
    show.wake(StreamOpened())
    show.scene.reader.broken["list"] = failure()
    show.wake(StreamEnded("ended"))
    assert show.stage.target.lines == ["names", "web"]
    show.scene.reader.broken.clear()
    show.scene.world.die("web")
    show.wake(StreamOpened())
    assert show.stage.target.lines == ["names"]


def test_a_failed_write_is_tried_again_without_a_new_reason() -> None:
    """The retry timer alone makes the pass."""
    show = Show()
    show.stage.target.refusal = "No space left on device"
    show.wake(StreamOpened())
    assert show.stage.target.content is None
    show.stage.target.refusal = ""
    show.scene.pass_by(0.5)
    show.wake()
    assert show.stage.target.lines == ["names"]


def test_a_delivery_follows_the_interval() -> None:
    """The loop comes by when the batch is due."""
    show = Show(HUP)
    show.scene.world.add_container("nginx")
    show.wake(StreamOpened())
    assert show.stage.port.signals == []
    show.scene.pass_by(0.5)
    show.wake()
    assert show.stage.port.signals == [("nginx", "SIGHUP")]
    assert show.stage.woken == 1


def test_a_delivery_that_is_due_does_not_wait_for_slow_answers() -> None:
    """Between two answers of the engine whoever is due is told, and the heart beats."""
    show = Show(HUP)
    show.scene.world.add_container("nginx")
    show.wake(StreamOpened())
    show.scene.pass_by(0.5)
    show.loop.moved()
    assert show.stage.port.signals == [("nginx", "SIGHUP")]
    show.scene.pass_by(100)
    show.loop.moved()
    assert show.heartbeat.alive()


def test_nobody_is_told_between_the_first_answers() -> None:
    """Before the first snapshot nobody knows who runs; the heart beats all the same."""
    show = Show(HUP)
    show.scene.pass_by(100)
    show.loop.moved()
    assert show.heartbeat.alive()
    assert show.stage.port.signals == []


def test_a_stop_sends_what_is_owed_without_waiting_for_the_interval() -> None:
    """The loop ends, and nothing is owed any more."""
    show = Show(HUP)
    show.scene.world.add_container("nginx")
    show.queue.put(StreamOpened())
    show.queue.put(StopAsked())
    show.stage.reconcile()
    assert show.loop.run()
    assert show.stage.port.signals == [("nginx", "SIGHUP")]


def test_a_stop_asks_the_engine_nothing_more() -> None:
    """A list of an engine that hangs would hold up the end."""
    show = Show()
    show.queue.put(StreamOpened())
    show.queue.put(StopAsked())
    show.loop.run()
    assert show.scene.calls() == 0


def test_a_pass_that_fails_unforeseen_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """It is told with what to do, and the next pass is made after a rest."""
    show = Show()
    original = show.stage.target.read
    failures = iter([RuntimeError("surprise"), None])

    def surprising() -> object:
        error = next(failures, None)
        if error is not None:
            raise error
        show.queue.put(StopAsked())
        return original()

    show.stage.target.read = surprising  # type: ignore[method-assign, assignment] # a fault that nothing real shows
    show.queue.put(StreamOpened())

    class Moving:
        """A queue whose waiting moves the clock."""

        def take(self, until_s: float, *, not_before_s: float = 0.0) -> list[Wakeup]:
            wait_s = max(until_s, not_before_s) - show.scene.clock.now_s
            show.scene.pass_by(max(0.0, wait_s))
            return show.queue.take(0.0)

    show.loop._queue = Moving()  # type: ignore[assignment] # waits on the made-up clock
    assert show.loop.run()
    assert "RuntimeError" in caplog.text
    assert show.stage.target.lines == ["names"]


def test_the_heart_beats_with_every_pass() -> None:
    """An idle loop is alive."""
    show = Show()
    show.scene.pass_by(100)
    assert not show.heartbeat.alive()
    show.wake()
    assert show.heartbeat.alive()
