"""The desired content while renders take their time."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from reconciler.backoff import Backoff
from templating.outcome import TemplateFailure
from templating.reads import Reads
from tests.unit.loop.job_harness import JobHarness

if TYPE_CHECKING:
    import pytest

PASSING = TemplateFailure("the render process ended", "names.j2", may_pass=True)


def test_a_pass_does_not_wait_for_its_render() -> None:
    """It ends, uncounted, and the one after the arrival writes."""
    harness = JobHarness()
    harness.renders.is_held = True
    assert not harness.reconcile()
    assert harness.desired.is_pending
    assert not harness.job.in_sync
    assert harness.target.content is None
    assert not harness.observer.passes
    harness.renders.release()
    assert harness.desired.next_due() == harness.upstream.clock.now_s
    assert harness.reconcile()
    assert harness.target.lines == ["names"]
    assert harness.observer.passes == {True: 1}
    assert harness.desired.next_due() is None


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
        due_s = harness.desired.next_due()
        assert due_s == harness.upstream.clock.now_s + delays.next_delay_s()
        harness.upstream.clock.now_s = due_s
    harness.renderer.render_failure = TemplateFailure("division by zero", "names.j2", 1)
    harness.reconcile()
    assert harness.desired.next_due() is None
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
    due_s = harness.desired.next_due()
    assert due_s is not None
    harness.renderer.load_failure = None
    harness.upstream.clock.now_s = due_s
    assert harness.reconcile()
    assert [*parsed, harness.desired.parses] == [False, True]
    assert harness.desired.next_due() is None


def test_a_state_that_differs_only_in_what_the_template_did_not_read_is_not_rendered() -> None:
    """The content that is there counts as that state's; what is read is rendered at once."""
    harness = JobHarness()
    harness.renderer.reads = Reads(all_containers=False, raw=False)
    harness.reconcile()
    harness.upstream.world.add_container("off", running=False)
    assert harness.reconcile()
    assert (harness.renderer.renders, harness.observer.passes) == (1, {True: 2})
    harness.target.content = b"by hand"
    assert harness.reconcile()
    assert harness.target.lines == ["names"]
    assert harness.renderer.renders == 1
    harness.upstream.world.start_container("off")
    assert harness.reconcile()
    assert harness.target.lines == ["names", "off"]
    assert harness.renderer.renders == 2
    assert harness.job.last_applied is not None
    assert harness.job.last_applied.why == "off started"


def test_whatever_ends_the_content_has_the_next_state_rendered() -> None:
    """A template that was loaded anew, one that could not be, and a render that failed."""
    harness = JobHarness()
    harness.renderer.reads = Reads(all_containers=False, raw=False)
    harness.reconcile()
    harness.renderer.heading = "hosts"
    harness.desired.load()
    harness.upstream.world.add_container("one", running=False)
    assert harness.reconcile()
    assert harness.target.lines == ["hosts"]
    harness.renderer.load_failure = TemplateFailure("it is not there", "names.j2")
    harness.desired.load()
    harness.upstream.world.add_container("two", running=False)
    assert not harness.reconcile()
    assert harness.target.lines == ["hosts"]
    harness.renderer.load_failure, harness.renderer.heading = None, "names"
    harness.desired.load()
    assert harness.reconcile()
    assert harness.target.lines == ["names"]
    rendered = harness.renderer.renders
    harness.renderer.render_failure = TemplateFailure("division by zero", "names.j2", 1)
    harness.upstream.world.start_container("one")
    assert not harness.reconcile()
    harness.renderer.render_failure = None
    harness.upstream.world.stop_container("one")
    assert harness.reconcile()
    assert harness.renderer.renders == rendered + 2


def _failed(*names: str) -> tuple[TemplateFailure, ...]:
    return tuple(TemplateFailure(f"{name}: division by zero", "t.j2", 3) for name in names)


def test_elements_that_fail_are_named_and_the_others_are_written(caplog: pytest.LogCaptureFixture) -> None:
    """Each is told once for as long as it fails; the template counts as failing until none does."""
    harness = JobHarness()
    harness.renderer.failed = _failed("one", "two")
    assert not harness.reconcile()
    assert harness.target.content is not None
    assert str(harness.desired.failure) == "t.j2, line 3: one: division by zero (and 1 more)"
    assert harness.observer.renders == {False: 1}
    assert not harness.job.in_sync
    harness.renderer.failed = _failed("two", "three")
    harness.upstream.world.add_container("web")
    assert not harness.reconcile()
    assert harness.target.lines == ["names", "web"]
    told = [message.partition(";")[0] for message in caplog.messages]
    assert told == [f"t.j2, line 3: {name}: division by zero" for name in ("one", "two", "three")]
    harness.renderer.failed = ()
    harness.upstream.world.add_container("web-2")
    caplog.set_level(logging.INFO)
    assert harness.reconcile()
    assert harness.desired.failure is None
    assert "the template for /made/up.conf renders again" in caplog.messages
    assert harness.job.in_sync
