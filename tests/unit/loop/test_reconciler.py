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
from tests.unit.informer.informer_harness import failure
from tests.unit.loop.job_harness import JobHarness

if TYPE_CHECKING:
    import pytest

    from notify.actions.action import Action

HUP = Signal("nginx", "SIGHUP")


class RecordedErrors:
    """Counts what nobody foresaw."""

    def __init__(self) -> None:
        self.parts: list[str] = []

    def unexpected(self, part: str) -> None:
        self.parts.append(part)


class ReconcilerHarness:
    """A loop over one job, woken by the test; its informer is brought up to date before each pass."""

    def __init__(self, *notifications: Action) -> None:
        self.job_harness = JobHarness(*notifications)
        self.upstream = self.job_harness.upstream
        self.relists = 0
        self.surprises = RecordedErrors()
        log = logging.getLogger("test.loop")
        self.inbox: Inbox[Wakeup] = Inbox(self.upstream.clock)
        self.heartbeat = Heartbeat(self.upstream.clock)
        self.loop = Reconciler(
            self.job_harness.states,
            [self],
            [self.job_harness.job],
            inbox=self.inbox,
            clock=self.upstream.clock,
            wall_clock=self.upstream.clock,
            chance=lambda: 0.0,
            duty_cycle=DutyCycle(self.upstream.clock, lambda: 0.0),
            unexpected=UnexpectedErrors(self.surprises, log),
            heartbeat=self.heartbeat,
            resync_s=30.0,
            publish=self.job_harness.observer.passed,
            before_pass=lambda _: None,
            after_pass=lambda: None,
            log=log,
        )

    def relist(self) -> None:
        """The loop wants a list."""
        self.relists += 1
        self.upstream.informer.on_reload()

    def wake(self, *wakeups: Wakeup) -> None:
        """Make one pass."""
        self.loop.run_once(list(wakeups))

    def open_stream(self) -> None:
        """The informer subscribes, lists and publishes; then one pass is made."""
        self.upstream.informer.on_stream_opened()
        self.publish()

    def publish(self) -> None:
        """The informer hears what the engine told, and publishes; then one pass is made."""
        self.upstream.tell()
        self.upstream.informer.sync()
        self.wake(StatePublished())


def test_nothing_is_written_before_the_state_is_known() -> None:
    """A target is never emptied because the engine has not answered yet."""
    harness = ReconcilerHarness()
    harness.job_harness.target.content = b"as it was\n"
    harness.wake()
    assert harness.job_harness.target.content == b"as it was\n"
    assert harness.job_harness.observer.passes == {}


def test_a_stream_that_opens_leads_to_the_first_file() -> None:
    """Subscribe first, list second, then render and write."""
    harness = ReconcilerHarness()
    harness.upstream.world.add_container("web")
    harness.open_stream()
    assert harness.job_harness.target.lines == ["names", "web"]
    assert harness.job_harness.observer.states == {"running": 1}


def test_a_burst_is_one_pass_with_one_render() -> None:
    """Twenty starts that wait together cost one render and one write."""
    harness = ReconcilerHarness()
    harness.open_stream()
    for number in range(20):
        harness.upstream.world.add_container(f"c{number:02}")
    harness.publish()
    assert len(harness.job_harness.target.lines) == 21
    assert harness.job_harness.renderer.renders == 2
    assert len(harness.job_harness.target.writes) == 2


def test_drift_is_looked_for_at_each_resync_only() -> None:
    """A pass without news leaves the target alone; the resync compares it."""
    harness = ReconcilerHarness()
    harness.open_stream()
    harness.job_harness.target.content = b"by hand\n"
    harness.wake()
    assert harness.job_harness.target.content == b"by hand\n"
    harness.upstream.pass_by(30)
    harness.wake()
    assert harness.job_harness.target.lines == ["names"]


def test_a_reload_loads_lists_and_compares() -> None:
    """SIGHUP does what a restart would, without one."""
    harness = ReconcilerHarness()
    harness.open_stream()
    harness.job_harness.renderer.heading = "hosts"
    harness.job_harness.target.content = b"by hand\n"
    harness.upstream.world.add_container("web")
    harness.upstream.lose()
    harness.wake(ReloadAsked())
    assert harness.relists == 1
    assert harness.job_harness.target.lines == ["hosts"]
    harness.publish()
    assert harness.job_harness.target.lines == ["hosts", "web"]


def test_an_edited_template_is_noticed_within_a_poll() -> None:
    """Nobody has to send SIGHUP."""
    harness = ReconcilerHarness()
    harness.open_stream()
    harness.job_harness.renderer.heading = "hosts"
    harness.job_harness.renderer.edited = True
    harness.wake()
    assert harness.job_harness.target.lines == ["names"]
    harness.upstream.pass_by(TEMPLATE_POLL_S)
    harness.wake()
    assert harness.job_harness.target.lines == ["hosts"]


def test_an_engine_that_is_away_changes_nothing_and_comes_back() -> None:
    """Its last state stays in the file; what happened meanwhile is in it afterwards."""
    harness = ReconcilerHarness()
    harness.upstream.world.add_container("web")
    harness.open_stream()
    harness.upstream.reader.broken["list"] = failure()
    harness.upstream.informer.on_stream_ended()
    harness.publish()
    assert harness.job_harness.target.lines == ["names", "web"]
    harness.upstream.reader.broken.clear()
    harness.upstream.world.die("web")
    harness.upstream.lose()
    harness.open_stream()
    assert harness.job_harness.target.lines == ["names"]


def test_a_failed_write_is_tried_again_without_a_new_reason() -> None:
    """The retry timer alone makes the pass."""
    harness = ReconcilerHarness()
    harness.job_harness.target.refusal = "No space left on device"
    harness.open_stream()
    assert harness.job_harness.target.content is None
    harness.job_harness.target.refusal = ""
    harness.upstream.pass_by(0.5)
    harness.wake()
    assert harness.job_harness.target.lines == ["names"]


def test_changes_do_not_hurry_a_write_that_fails() -> None:
    """Its tries come at longer and longer intervals, however much happens; SIGHUP begins anew."""
    harness = ReconcilerHarness()
    harness.job_harness.target.refusal = "No space left on device"
    harness.open_stream()
    tries = []
    for number in range(8):
        harness.upstream.world.add_container(f"web-{number}")
        harness.publish()
        tries.append(harness.job_harness.target.tries)
        harness.upstream.pass_by(0.25)
    assert tries == [1, 1, 2, 2, 2, 2, 3, 3]
    assert harness.job_harness.observer.writes == {False: 3}
    harness.job_harness.target.refusal = ""
    harness.wake(ReloadAsked())
    assert harness.job_harness.target.lines == ["names", *(f"web-{number}" for number in range(8))]


def test_a_delivery_follows_the_interval() -> None:
    """The loop comes by when the batch is due."""
    harness = ReconcilerHarness(HUP)
    harness.upstream.world.add_container("nginx")
    harness.open_stream()
    assert harness.job_harness.port.signals == []
    harness.upstream.pass_by(0.5)
    harness.wake()
    assert harness.job_harness.port.signals == [("nginx", "SIGHUP")]
    assert harness.job_harness.woken == 1


def test_a_stop_sends_what_is_owed_without_waiting_for_the_interval() -> None:
    """The loop ends, and nothing is owed any more."""
    harness = ReconcilerHarness(HUP)
    harness.upstream.world.add_container("nginx")
    harness.inbox.put(StopAsked())
    harness.job_harness.reconcile()
    assert harness.loop.run()
    assert harness.job_harness.port.signals == [("nginx", "SIGHUP")]


def test_a_pass_that_fails_unforeseen_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """It is told, counted as a failed pass, shown as long as it lasts, and the next pass is made after a rest."""
    harness = ReconcilerHarness()
    original = harness.job_harness.target.read
    failures = iter([RuntimeError("surprise"), None])
    shown: list[str] = []

    def surprising() -> object:
        shown.append(harness.loop.unexpected_failure)
        error = next(failures, None)
        if error is not None:
            raise error
        harness.inbox.put(StopAsked())
        return original()

    harness.job_harness.target.read = surprising  # type: ignore[method-assign, assignment] # a fault that nothing real shows
    harness.upstream.informer.on_stream_opened()
    harness.upstream.informer.sync()

    class Moving:
        """An inbox whose waiting moves the clock."""

        def take(self, until_s: float, *, not_before_s: float = 0.0) -> list[Wakeup]:
            wait_s = max(until_s, not_before_s) - harness.upstream.clock.now_s
            harness.upstream.pass_by(max(0.0, wait_s))
            return harness.inbox.take(0.0)

    harness.loop._inbox = Moving()  # type: ignore[assignment] # waits on the made-up clock
    assert harness.loop.run()
    assert "RuntimeError" in caplog.text
    assert "surprise" not in caplog.text
    assert harness.surprises.parts == ["loop"]
    assert harness.job_harness.observer.passes[False] == 1
    assert shown == ["", "RuntimeError"]
    assert not harness.loop.unexpected_failure
    assert harness.job_harness.target.lines == ["names"]


def test_the_heart_beats_with_every_pass() -> None:
    """An idle loop is alive."""
    harness = ReconcilerHarness()
    harness.upstream.pass_by(100)
    assert not harness.heartbeat.alive()
    harness.wake()
    assert harness.heartbeat.alive()
