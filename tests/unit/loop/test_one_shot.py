"""`--one-shot`: one pass, one budget, one status."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from notify.actions.signal import Signal
from notify.port import EngineRefused
from reconciler.exit_status import ExitStatus
from reconciler.inbox import Inbox
from reconciler.loop.heartbeat import Heartbeat
from reconciler.loop.one_shot import BUDGET_S, OneShot
from reconciler.loop.wakeups import RenderArrived, StatePublished, StopAsked, Wakeup
from templating.outcome import TemplateFailure
from tests.unit.informer.informer_harness import InformerHarness, failure
from tests.unit.loop.job_harness import JobHarness

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

HUP = Signal("nginx", "SIGHUP")


class DrivingInbox(Inbox[Wakeup]):
    """Waiting moves the made-up clock, and the informer with it."""

    def __init__(self, upstream: InformerHarness) -> None:
        super().__init__(upstream.clock)
        self.upstream = upstream
        self.before_take: Callable[[], None] = lambda: None
        upstream.informer.on_reload()

    def take(self, until_s: float, *, not_before_s: float = 0.0) -> list[Wakeup]:
        self.before_take()
        taken = super().take(0.0)
        if taken:
            return taken
        due_s = min(until_s, self.upstream.informer.next_due())
        self.upstream.pass_by(max(0.0, due_s - self.upstream.clock.now_s))
        self.upstream.informer.sync()
        return [StatePublished()]


def _one_shot(harness: JobHarness, *others: JobHarness) -> tuple[OneShot, DrivingInbox]:
    upstream = harness.upstream
    inbox = DrivingInbox(upstream)
    return OneShot(
        harness.states,
        [harness.job, *(other.job for other in others)],
        inbox=inbox,
        clock=upstream.clock,
        chance=lambda: 0.0,
        heartbeat=Heartbeat(upstream.clock),
        log=logging.getLogger("test.one_shot"),
        deadline_s=upstream.clock.now_s + BUDGET_S,
    ), inbox


def test_a_render_is_waited_for_within_the_budget(caplog: pytest.LogCaptureFixture) -> None:
    """As long as it takes; beyond, it is the template that failed."""
    harness = JobHarness()
    harness.renders.is_held = True
    one_shot, queue = _one_shot(harness)
    queue.put(RenderArrived())
    queue.before_take = harness.renders.release
    assert one_shot.run() is ExitStatus.OK
    assert harness.target.lines == ["names"]
    harness = JobHarness()
    harness.renders.is_held = True
    one_shot, _ = _one_shot(harness)
    assert one_shot.run() is ExitStatus.TEMPLATE_FAILED
    assert "could not be rendered in time" in caplog.text


def test_one_pass_writes_and_tells_at_once() -> None:
    """What is owed does not wait for the interval."""
    harness = JobHarness(HUP)
    harness.upstream.world.add_container("nginx")
    one_shot, _ = _one_shot(harness)
    assert one_shot.run() is ExitStatus.OK
    assert harness.target.lines == ["names", "nginx"]
    assert harness.port.signals == [("nginx", "SIGHUP")]


def test_an_engine_that_answers_late_is_waited_for() -> None:
    """Within the budget."""
    harness = JobHarness()
    harness.upstream.reader.broken["list"] = failure()
    one_shot, inbox = _one_shot(harness)
    take = inbox.take

    def recover(until_s: float, *, not_before_s: float = 0.0) -> list[Wakeup]:
        harness.upstream.reader.broken.clear()
        return take(until_s, not_before_s=not_before_s)

    inbox.take = recover  # type: ignore[method-assign] # the engine comes back while the program waits
    assert one_shot.run() is ExitStatus.OK


def test_an_engine_that_stays_away_leaves_the_target_and_gives_11() -> None:
    """After 30 s, not before."""
    harness = JobHarness()
    harness.target.content = b"as it was\n"
    harness.upstream.reader.broken["list"] = failure()
    begun_s = harness.upstream.clock.now_s
    one_shot, _ = _one_shot(harness)
    assert one_shot.run() is ExitStatus.ENGINE_UNREACHABLE
    assert harness.target.content == b"as it was\n"
    assert 10 < harness.upstream.clock.now_s - begun_s <= 30


def test_a_template_that_fails_gives_12() -> None:
    """At once: nothing that time would mend."""
    harness = JobHarness()
    harness.renderer.render_failure = TemplateFailure("no", "t.j2", 1)
    one_shot, _ = _one_shot(harness)
    assert one_shot.run() is ExitStatus.TEMPLATE_FAILED


def test_a_file_that_cannot_be_written_gives_13() -> None:
    """At once: people wait for the status."""
    harness = JobHarness()
    harness.target.refusal = "Read-only file system"
    begun_s = harness.upstream.clock.now_s
    one_shot, _ = _one_shot(harness)
    assert one_shot.run() is ExitStatus.WRITE_FAILED
    assert harness.upstream.clock.now_s == begun_s


def test_a_pipe_without_a_reader_is_waited_for() -> None:
    """Until the budget is used up."""
    harness = JobHarness()
    harness.target.refusal = "it has no reader"
    harness.target.is_file = False
    begun_s = harness.upstream.clock.now_s
    one_shot, _ = _one_shot(harness)
    assert one_shot.run() is ExitStatus.WRITE_FAILED
    assert harness.upstream.clock.now_s > begun_s + 10
    assert harness.target.tries > 3


def test_a_notification_that_fails_gives_14(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is tried again until the budget is used up; what is left stays owed."""
    harness = JobHarness(HUP)
    harness.upstream.world.add_container("nginx")

    def refuse(*_: object, **__: object) -> None:
        raise EngineRefused("the engine is in a bad mood", 500)

    monkeypatch.setattr(harness.port, "kill", refuse)
    one_shot, _ = _one_shot(harness)
    begun_s = harness.upstream.clock.now_s
    assert one_shot.run() is ExitStatus.NOTIFICATION_FAILED
    assert harness.upstream.clock.now_s == begun_s + BUDGET_S
    (debt,) = harness.notifier.pending()
    assert debt.tries > 1


def test_a_job_that_fails_costs_the_others_nothing() -> None:
    """Their files are written, whoever reads them is told, and the status is the first failure's."""
    upstream = InformerHarness()
    upstream.world.add_container("nginx")
    broken, full, fine = (JobHarness(HUP, upstream=upstream, path=path) for path in ("/broken", "/full", "/fine"))
    fine.renders.is_held = True
    full.target.refusal = "No space left on device"
    broken.renderer.render_failure = TemplateFailure("no", "t.j2", 1)
    one_shot, inbox = _one_shot(full, broken, fine)
    inbox.before_take = fine.renders.release
    inbox.put(RenderArrived())
    assert one_shot.run() is ExitStatus.WRITE_FAILED
    assert fine.target.lines == ["names", "nginx"]
    assert [job.port.signals for job in (full, broken, fine)] == [[], [], [("nginx", "SIGHUP")]]


def test_a_stop_ends_the_waiting() -> None:
    """SIGTERM does not wait for an engine."""
    harness = JobHarness()
    harness.upstream.reader.broken["list"] = failure()
    one_shot, inbox = _one_shot(harness)
    inbox.put(StopAsked())
    assert one_shot.run() is ExitStatus.ENGINE_UNREACHABLE
    assert harness.upstream.reader.calls["list"] == 1
