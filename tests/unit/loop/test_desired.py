"""The desired content while renders take their time."""

from __future__ import annotations

from reconciler.backoff import Backoff
from templating.outcome import TemplateFailure
from tests.unit.loop.job_harness import JobHarness

PASSING = TemplateFailure("the render process ended", "names.j2", may_pass=True)


def test_a_pass_does_not_wait_for_its_render() -> None:
    """It ends, uncounted, and the one after the arrival writes."""
    harness = JobHarness()
    harness.renders.is_held = True
    assert not harness.reconcile()
    assert harness.desired.is_pending
    assert not harness.job.is_true
    assert harness.target.content is None
    assert not harness.observer.passes
    harness.renders.release()
    assert harness.job.next_due() == harness.upstream.clock.now_s
    assert harness.reconcile()
    assert harness.target.lines == ["names"]
    assert harness.observer.passes == {True: 1}
    assert harness.job.next_due() is None


def test_changes_without_end_are_followed() -> None:
    """What was rendered of an older state is written when it arrives, and the newer one is begun."""
    harness = JobHarness()
    harness.reconcile()
    harness.upstream.world.add_container("one")
    harness.renders.is_held = True
    harness.reconcile()
    for number in range(5):
        harness.renders.step_once()
        harness.upstream.world.add_container(f"more-{number}")
        assert harness.reconcile()
        assert harness.desired.is_pending
        assert len(harness.target.lines) == 2 + number


def test_changes_that_a_render_did_not_see_are_told_with_the_next() -> None:
    """The words beside a write name what is in it, and nothing that is not."""
    harness = JobHarness()
    harness.reconcile()
    harness.renders.is_held = True
    harness.upstream.world.add_container("one")
    harness.reconcile()
    harness.renders.step_once()
    harness.upstream.world.add_container("two")
    assert harness.reconcile()
    assert harness.job.last_applied is not None
    assert harness.job.last_applied.why == "one started"
    harness.renders.release()
    assert harness.reconcile()
    assert harness.job.last_applied.why == "two started"


def test_a_render_with_the_old_template_is_not_written_after_the_load() -> None:
    """It was begun before, and is of no use."""
    harness = JobHarness()
    harness.reconcile()
    harness.renders.is_held = True
    harness.upstream.world.add_container("one")
    harness.reconcile()
    harness.renders.step_once()
    harness.renderer.heading = "hosts"
    harness.desired.load()
    harness.renders.step_once()
    assert not harness.reconcile()
    assert harness.target.lines == ["names"]
    harness.renders.release()
    assert harness.reconcile()
    assert harness.target.lines == ["hosts", "one"]
    assert harness.observer.causes == {"missing": 1, "template": 1}


def test_drift_is_put_right_without_a_render() -> None:
    """The content of this state and template is there already."""
    harness = JobHarness()
    harness.reconcile()
    harness.target.content = b"by hand"
    harness.renders.is_held = True
    assert harness.reconcile()
    assert harness.target.lines == ["names"]
    assert harness.renderer.renders == 1


def test_a_failure_that_may_pass_is_tried_again() -> None:
    """With backoff; one of the template's own is not, until the state or the template changes."""
    harness = JobHarness()
    harness.renderer.render_failure = PASSING
    delays = Backoff(lambda: 0.0)
    for tries in range(1, 4):
        assert not harness.reconcile()
        assert harness.renderer.renders == tries
        assert not harness.reconcile()
        assert harness.renderer.renders == tries
        due_s = harness.job.next_due()
        assert due_s == harness.upstream.clock.now_s + delays.next_delay_s()
        harness.upstream.clock.now_s = due_s
    harness.renderer.render_failure = TemplateFailure("division by zero", "names.j2", 1)
    harness.reconcile()
    assert harness.job.next_due() is None
    harness.renderer.render_failure = None
    harness.upstream.world.add_container("one")
    assert harness.reconcile()
    assert harness.target.lines == ["names", "one"]


def test_a_load_that_failed_for_what_may_pass_is_tried_again() -> None:
    """The process could not be started then, and can be now: the template is fine."""
    harness = JobHarness()
    harness.reconcile()
    harness.renderer.load_failure = PASSING
    harness.renderer.edited = True
    for _ in range(2):
        harness.desired.refresh()
    parsed = [harness.desired.parses]
    assert harness.desired.next_due() == harness.upstream.clock.now_s
    assert harness.reconcile()
    due_s = harness.job.next_due()
    assert due_s is not None
    harness.renderer.load_failure = None
    harness.upstream.clock.now_s = due_s
    assert harness.reconcile()
    assert [*parsed, harness.desired.parses] == [False, True]
    assert harness.job.next_due() is None
