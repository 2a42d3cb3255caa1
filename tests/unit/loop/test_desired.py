"""The desired content while renders take their time."""

from __future__ import annotations

from reconciler.backoff import Backoff
from templating.outcome import TemplateFailure
from tests.unit.loop.parts import Stage

PASSING = TemplateFailure("the render process ended", "names.j2", may_pass=True)


def test_a_pass_does_not_wait_for_its_render() -> None:
    """It ends, uncounted, and the one after the arrival writes."""
    stage = Stage()
    stage.renders.is_held = True
    assert not stage.reconcile()
    assert stage.desired.is_pending
    assert not stage.job.in_sync
    assert stage.target.content is None
    assert not stage.counted.passes
    stage.renders.release()
    assert stage.desired.next_due() == stage.scene.clock.now_s
    assert stage.reconcile()
    assert stage.target.lines == ["names"]
    assert stage.counted.passes == {True: 1}
    assert stage.desired.next_due() is None


def test_changes_without_end_are_followed() -> None:
    """What was rendered of an older state is written when it arrives, and the newer one is begun."""
    stage = Stage()
    stage.reconcile()
    stage.scene.world.add_container("one")
    stage.renders.is_held = True
    stage.reconcile()
    for number in range(5):
        stage.renders.step_once()
        stage.scene.world.add_container(f"more-{number}")
        assert stage.reconcile()
        assert stage.desired.is_pending
        assert len(stage.target.lines) == 2 + number


def test_changes_that_a_render_did_not_see_are_told_with_the_next() -> None:
    """The words beside a write name what is in it, and nothing that is not."""
    stage = Stage()
    stage.reconcile()
    stage.renders.is_held = True
    stage.scene.world.add_container("one")
    stage.reconcile()
    stage.renders.step_once()
    stage.scene.world.add_container("two")
    assert stage.reconcile()
    assert stage.job.last_applied is not None
    assert stage.job.last_applied.why == "one started"
    stage.renders.release()
    assert stage.reconcile()
    assert stage.job.last_applied.why == "two started"


def test_a_render_with_the_old_template_is_not_written_after_the_load() -> None:
    """It was begun before, and is of no use."""
    stage = Stage()
    stage.reconcile()
    stage.renders.is_held = True
    stage.scene.world.add_container("one")
    stage.reconcile()
    stage.renders.step_once()
    stage.renderer.heading = "hosts"
    stage.desired.load()
    stage.renders.step_once()
    assert not stage.reconcile()
    assert stage.target.lines == ["names"]
    stage.renders.release()
    assert stage.reconcile()
    assert stage.target.lines == ["hosts", "one"]
    assert stage.counted.causes == {"missing": 1, "template": 1}


def test_drift_is_put_right_without_a_render() -> None:
    """The content of this state and template is there already."""
    stage = Stage()
    stage.reconcile()
    stage.target.content = b"by hand"
    stage.renders.is_held = True
    assert stage.reconcile()
    assert stage.target.lines == ["names"]
    assert stage.renderer.renders == 1


def test_a_failure_that_may_pass_is_tried_again() -> None:
    """With backoff; one of the template's own is not, until the state or the template changes."""
    stage = Stage()
    stage.renderer.render_failure = PASSING
    delays = Backoff(lambda: 0.0)
    for tries in range(1, 4):
        assert not stage.reconcile()
        assert stage.renderer.renders == tries
        assert not stage.reconcile()
        assert stage.renderer.renders == tries
        due_s = stage.desired.next_due()
        assert due_s == stage.scene.clock.now_s + delays.next_delay_s()
        stage.scene.clock.now_s = due_s
    stage.renderer.render_failure = TemplateFailure("division by zero", "names.j2", 1)
    stage.reconcile()
    assert stage.desired.next_due() is None
    stage.renderer.render_failure = None
    stage.scene.world.add_container("one")
    assert stage.reconcile()
    assert stage.target.lines == ["names", "one"]


def test_a_load_that_failed_for_what_may_pass_is_tried_again() -> None:
    """The process could not be started then, and can be now: the template is fine."""
    stage = Stage()
    stage.reconcile()
    stage.renderer.load_failure = PASSING
    stage.renderer.edited = True
    for _ in range(2):
        stage.desired.refresh()
    parsed = [stage.desired.parses]
    assert stage.desired.next_due() == stage.scene.clock.now_s
    assert stage.reconcile()
    due_s = stage.desired.next_due()
    assert due_s is not None
    stage.renderer.load_failure = None
    stage.scene.clock.now_s = due_s
    assert stage.reconcile()
    assert [*parsed, stage.desired.parses] == [False, True]
    assert stage.desired.next_due() is None
