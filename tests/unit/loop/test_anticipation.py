"""Renders that begin with the state that needs them, and passes that are not needed at all."""

from __future__ import annotations

from notify.actions.signal import Signal
from reconciler.loop.anticipation import Anticipation
from templating.outcome import TemplateFailure
from templating.reads import Reads
from tests.unit.loop.job_harness import JobHarness

HUP = Signal("web", "SIGHUP")


class AnticipationHarness(JobHarness):
    """A job whose states are anticipated, as the informer's thread would do it."""

    def __init__(self, *notifications: Signal) -> None:
        super().__init__(*notifications)
        self.passes = 0
        self.is_resting = False
        self.anticipation = Anticipation(self.states, wake=self._wake_loop, is_resting=lambda: self.is_resting)
        self.renderer.reads = Reads(all_containers=False, raw=False)

    def _wake_loop(self) -> None:
        self.passes += 1

    def make_pass(self) -> bool:
        """One pass over the state that is there, with what follows it."""
        view = self.states.take()
        assert view is not None
        self.job.observe(view)
        report = self.job.reconcile(view)
        self.anticipation.after_pass([self.job])
        return report is not None and report.ok

    def publish(self, *names: str) -> None:
        """Containers are added, and the informer publishes."""
        for name in names:
            self.upstream.world.add_container(name)
        self.upstream.informer.on_reload()
        assert self.upstream.informer.sync()
        self.anticipation.state_published()


def in_sync(*notifications: Signal) -> AnticipationHarness:
    """A job that has written once."""
    harness = AnticipationHarness(*notifications)
    harness.publish()
    assert harness.make_pass()
    assert harness.passes == 1  # the first state has nothing to go by
    return harness


def test_a_state_is_rendered_before_any_pass() -> None:
    """The arrival wakes the loop, once, and its pass only writes."""
    harness = in_sync()
    renders = harness.renderer.renders
    harness.publish("web")
    assert (harness.renderer.renders, harness.passes) == (renders + 1, 1)
    assert harness.renders.has_arrivals()
    assert harness.make_pass()
    assert harness.target.lines == ["names", "web"]
    assert harness.renderer.renders == renders + 1


def test_a_state_that_no_template_can_tell_apart_wakes_nobody() -> None:
    """It is taken by the next pass, whatever that is made for."""
    harness = in_sync()
    harness.publish("web")
    harness.make_pass()
    renders = harness.renderer.renders
    for _ in range(1000):
        harness.upstream.world.add_container("stopped", running=False)
        harness.publish()
        harness.upstream.world.remove("stopped")
        harness.publish()
    assert (harness.renderer.renders, harness.passes) == (renders, 1)
    assert harness.make_pass()
    assert harness.renderer.renders == renders


def test_a_pass_that_comes_meanwhile_asks_for_nothing_again() -> None:
    """The render that is under way is the one that it needs."""
    harness = in_sync()
    renders = harness.renderer.renders
    harness.renders.is_held = True
    harness.publish("web")
    assert not harness.make_pass()
    assert harness.desired.is_pending
    harness.renders.release()
    assert harness.make_pass()
    assert harness.renderer.renders == renders + 1
    assert harness.target.lines == ["names", "web"]


def test_a_state_that_takes_the_place_of_one_that_was_waited_for() -> None:
    """The pass that waited is not left waiting."""
    harness = in_sync()
    harness.renders.is_held = True
    harness.publish("one")
    assert not harness.make_pass()
    harness.anticipation.after_pass([harness.job])
    harness.publish("two")
    harness.renders.release()
    assert harness.make_pass()
    assert not harness.desired.is_pending
    assert harness.target.lines == ["names", "one", "two"]


def test_what_failed_waits_for_its_retry() -> None:
    """A state begins nothing for a template that fails, or a target that can't be written: the loop decides."""
    harness = in_sync()
    harness.renderer.render_failure = TemplateFailure("no", "names.j2")
    harness.publish("one")
    assert not harness.make_pass()
    renders = harness.renderer.renders
    harness.publish("two")
    assert (harness.renderer.renders, harness.passes) == (renders, 2)

    harness = in_sync()
    harness.target.refusal = "no space"
    harness.publish("one")
    assert not harness.make_pass()
    harness.publish("two")
    assert harness.passes == 2


def test_a_job_that_owes_something_has_its_pass() -> None:
    """Which of the containers are still to be told depends on the state."""
    harness = in_sync(HUP)
    harness.publish("web")
    harness.make_pass()
    harness.publish("db")
    harness.make_pass()
    assert not harness.notifier.owes_nothing
    harness.publish()
    passes = harness.passes
    harness.upstream.world.add_container("stopped", running=False)
    harness.publish()
    assert harness.passes == passes + 1


def test_a_loop_that_rests_is_only_woken() -> None:
    """In a storm most states are overtaken before their content could be written."""
    harness = in_sync()
    harness.is_resting = True
    renders = harness.renderer.renders
    harness.publish("web")
    assert (harness.renderer.renders, harness.passes) == (renders, 2)


def test_news_beside_the_snapshot_wake_the_loop() -> None:
    """Such as an engine that can't be read any more."""
    harness = in_sync()
    harness.anticipation.state_published()
    assert harness.passes == 2
