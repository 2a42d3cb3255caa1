"""The loop's passes: what wakes it up, what it does then, and what it survives."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from notify.actions.signal import Signal
from reconciler.duty_cycle import DutyCycle
from reconciler.inbox import Inbox
from reconciler.loop.heartbeat import Heartbeat
from reconciler.loop.reconciler import TEMPLATE_POLL_S, Reconciler
from reconciler.loop.wakeups import ReloadAsked, StatePublished, StopAsked, Wakeup
from reconciler.unexpected import UnexpectedErrors
from tests.unit.informer.world import failure
from tests.unit.loop.parts import Stage

if TYPE_CHECKING:
    import pytest

    from notify.actions.action import Action

HUP = Signal("nginx", "SIGHUP")


class Surprises:
    """Counts what nobody foresaw."""

    def __init__(self) -> None:
        self.parts: list[str] = []

    def unexpected(self, part: str) -> None:
        self.parts.append(part)


class Show:
    """A loop over one stage, woken by hand; its informer is brought up to date before each pass."""

    def __init__(self, *notifications: Action) -> None:
        self.stage = Stage(*notifications)
        self.scene = self.stage.scene
        self.relists = 0
        self.surprises = Surprises()
        log = logging.getLogger("test.loop")
        self.inbox: Inbox[Wakeup] = Inbox(self.scene.clock)
        self.heartbeat = Heartbeat(self.scene.clock)
        self.loop = Reconciler(
            self.stage.states,
            [self],
            [self.stage.job],
            inbox=self.inbox,
            clock=self.scene.clock,
            wall_clock=self.scene.clock,
            chance=lambda: 0.0,
            duty_cycle=DutyCycle(self.scene.clock, lambda: 0.0),
            unexpected=UnexpectedErrors(self.surprises, log),
            heartbeat=self.heartbeat,
            resync_s=30.0,
            publish=self.stage.counted.passed,
            after_pass=lambda: None,
            log=log,
        )

    def relist(self) -> None:
        """The loop wants a list."""
        self.relists += 1
        self.scene.informer.on_reload()

    def wake(self, *wakeups: Wakeup) -> None:
        """Make one pass."""
        self.loop.run_once(list(wakeups))

    def open_stream(self) -> None:
        """The informer subscribes, lists and publishes; then one pass is made."""
        self.scene.informer.on_stream_opened()
        self.publish()

    def publish(self) -> None:
        """The informer hears what the engine told, and publishes; then one pass is made."""
        self.scene.tell()
        self.scene.informer.sync()
        self.wake(StatePublished())


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
    show.open_stream()
    assert show.stage.target.lines == ["names", "web"]
    assert show.stage.counted.states == {"running": 1}


def test_a_burst_is_one_pass_with_one_render() -> None:
    """Twenty starts that wait together cost one render and one write."""
    show = Show()
    show.open_stream()
    for number in range(20):
        show.scene.world.add_container(f"c{number:02}")
    show.publish()
    assert len(show.stage.target.lines) == 21
    assert show.stage.renderer.renders == 2
    assert len(show.stage.target.writes) == 2


def test_drift_is_looked_for_at_each_resync_only() -> None:
    """A pass without news leaves the target alone; the resync compares it."""
    show = Show()
    show.open_stream()
    show.stage.target.content = b"by hand\n"
    show.wake()
    assert show.stage.target.content == b"by hand\n"
    show.scene.pass_by(30)
    show.wake()
    assert show.stage.target.lines == ["names"]


def test_a_reload_loads_lists_and_compares() -> None:
    """SIGHUP does what a restart would, without one."""
    show = Show()
    show.open_stream()
    show.stage.renderer.heading = "hosts"
    show.stage.target.content = b"by hand\n"
    show.scene.world.add_container("web")
    show.scene.lose()
    show.wake(ReloadAsked())
    assert show.relists == 1
    assert show.stage.target.lines == ["hosts"]
    show.publish()
    assert show.stage.target.lines == ["hosts", "web"]


def test_an_edited_template_is_noticed_within_a_poll() -> None:
    """Nobody has to send SIGHUP."""
    show = Show()
    show.open_stream()
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
    show.open_stream()
    show.scene.reader.broken["list"] = failure()
    show.scene.informer.on_stream_ended()
    show.publish()
    assert show.stage.target.lines == ["names", "web"]
    show.scene.reader.broken.clear()
    show.scene.world.die("web")
    show.scene.lose()
    show.open_stream()
    assert show.stage.target.lines == ["names"]


def test_a_failed_write_is_tried_again_without_a_new_reason() -> None:
    """The retry timer alone makes the pass."""
    show = Show()
    show.stage.target.refusal = "No space left on device"
    show.open_stream()
    assert show.stage.target.content is None
    show.stage.target.refusal = ""
    show.scene.pass_by(0.5)
    show.wake()
    assert show.stage.target.lines == ["names"]


def test_changes_do_not_hurry_a_write_that_fails() -> None:
    """Its tries come at longer and longer intervals, however much happens; SIGHUP begins anew."""
    show = Show()
    show.stage.target.refusal = "No space left on device"
    show.open_stream()
    tries = []
    for number in range(8):
        show.scene.world.add_container(f"web-{number}")
        show.publish()
        tries.append(show.stage.target.tries)
        show.scene.pass_by(0.25)
    assert tries == [1, 1, 2, 2, 2, 2, 3, 3]
    assert show.stage.counted.writes == {False: 3}
    show.stage.target.refusal = ""
    show.wake(ReloadAsked())
    assert show.stage.target.lines == ["names", *(f"web-{number}" for number in range(8))]


def test_a_delivery_follows_the_interval() -> None:
    """The loop comes by when the batch is due."""
    show = Show(HUP)
    show.scene.world.add_container("nginx")
    show.open_stream()
    assert show.stage.port.signals == []
    show.scene.pass_by(0.5)
    show.wake()
    assert show.stage.port.signals == [("nginx", "SIGHUP")]
    assert show.stage.woken == 1


def test_a_stop_sends_what_is_owed_without_waiting_for_the_interval() -> None:
    """The loop ends, and nothing is owed any more."""
    show = Show(HUP)
    show.scene.world.add_container("nginx")
    show.inbox.put(StopAsked())
    show.stage.reconcile()
    assert show.loop.run()
    assert show.stage.port.signals == [("nginx", "SIGHUP")]


def test_a_pass_that_fails_unforeseen_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """It is told, counted as a failed pass, shown as long as it lasts, and the next pass is made after a rest."""
    show = Show()
    original = show.stage.target.read
    failures = iter([RuntimeError("surprise"), None])
    shown: list[str] = []

    def surprising() -> object:
        shown.append(show.loop.unexpected_failure)
        error = next(failures, None)
        if error is not None:
            raise error
        show.inbox.put(StopAsked())
        return original()

    show.stage.target.read = surprising  # type: ignore[method-assign, assignment] # a fault that nothing real shows
    show.scene.informer.on_stream_opened()
    show.scene.informer.sync()

    class Moving:
        """An inbox whose waiting moves the clock."""

        def take(self, until_s: float, *, not_before_s: float = 0.0) -> list[Wakeup]:
            wait_s = max(until_s, not_before_s) - show.scene.clock.now_s
            show.scene.pass_by(max(0.0, wait_s))
            return show.inbox.take(0.0)

    show.loop._inbox = Moving()  # type: ignore[assignment] # waits on the made-up clock
    assert show.loop.run()
    assert "RuntimeError" in caplog.text
    assert "surprise" not in caplog.text
    assert show.surprises.parts == ["loop"]
    assert show.stage.counted.passes[False] == 1
    assert shown == ["", "RuntimeError"]
    assert not show.loop.unexpected_failure
    assert show.stage.target.lines == ["names"]


def test_the_heart_beats_with_every_pass() -> None:
    """An idle loop is alive."""
    show = Show()
    show.scene.pass_by(100)
    assert not show.heartbeat.alive()
    show.wake()
    assert show.heartbeat.alive()
