"""The same notification of two jobs to the same run is sent once, and acknowledged for each."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from notify.actions.signal import Signal
from notify.interval import Interval
from notify.port import EngineRefused, EngineTimeout
from notify.rules import Rules
from tests.support.examples import examples
from tests.unit.metrics.scraping import value
from tests.unit.notify.fakes import HUP, RESTART
from tests.unit.notify.two_jobs import TwoJobs

if TYPE_CHECKING:
    from notify.actions.action import Action

SLOW = replace(HUP, rules=Rules(interval=Interval(30, 60)))


@pytest.mark.parametrize("action", [HUP, RESTART])
def test_two_jobs_of_one_pass(action: Action) -> None:
    """One request; both states say that it was delivered, and the next process is quiet."""
    two = TwoJobs((action,), (action,)).in_sync()
    for job in two.jobs:
        job.render("1")
    two.wait(5)
    assert len(two.engine.operations()) == 1
    assert two.pending() == [0, 0]
    two.start()
    for job in two.jobs:
        job.render("1")
    two.wait(100)
    assert len(two.engine.operations()) == 1


def test_it_is_counted_once_and_told_of_each() -> None:
    """One attempt in the metrics; the log has a line for each job, the second of which names the first."""
    two = TwoJobs().in_sync()
    for job in two.jobs:
        job.render("1")
    two.wait(5)
    labels = {"action": "signal", "container": "web", "result": "success"}
    assert value(two.metrics, "pygen_notifications_total", **labels) == 1
    assert len(two.jobs[0].lines.matching("signal HUP to web delivered to web (docker kill)")) == 1
    assert len(two.jobs[1].lines.matching("delivered to web (docker kill, together with /a)")) == 1


@pytest.mark.parametrize("late", [0, 1])
def test_what_waits_for_its_batch_joins(late: int) -> None:
    """Its file is written: whoever is told now reads it as well, so that it need not be told again."""
    first, second = ((SLOW,), (HUP,)) if late == 0 else ((HUP,), (SLOW,))
    two = TwoJobs(first, second).in_sync()
    for job in two.jobs:
        job.render("1")
    two.wait(100)
    assert two.engine.operations() == ["kill"]
    assert two.pending() == [0, 0]


def test_what_is_written_after_the_request_was_made_is_told_again() -> None:
    """The first job's delivery is under way when the second file is written."""
    two = TwoJobs().in_sync()
    two.jobs[0].render("1")
    two.clock.advance(1)
    two.advance()
    two.jobs[1].render("1")
    two.wait(100)
    assert two.engine.operations() == ["kill", "kill"]
    assert two.pending() == [0, 0]


def test_what_is_announced_and_not_written_does_not_join() -> None:
    """The second file is about to be replaced: its readers are told after it was."""
    two = TwoJobs().in_sync()
    two.jobs[0].render("1")
    second = two.jobs[1]
    second.notifier.prepare("1", "state", second.observations())
    two.wait(5)
    assert two.engine.operations() == ["kill"]
    second.disk = "1"
    second.notifier.replaced("1", second.observations(), two.clock())
    two.wait(5)
    assert two.engine.operations() == ["kill", "kill"]


def test_another_notification_is_another() -> None:
    """By its action, or by its way."""
    two = TwoJobs((HUP,), (Signal("web", "SIGUSR1"),)).in_sync()
    for job in two.jobs:
        job.render("1")
    two.wait(5)
    assert [call.detail[0] for call in two.engine.calls if call.operation == "kill"] == ["SIGHUP", "SIGUSR1"]


def test_each_run_is_told_once() -> None:
    """Three containers, three requests."""
    two = TwoJobs().in_sync(3)
    for job in two.jobs:
        job.render("1")
    two.wait(5)
    assert len(two.engine.operations()) == 3
    assert len(set(two.engine.told)) == 3


def test_what_failed_is_tried_again_once_for_both() -> None:
    """Both states say that it is owed, and both tries are one."""
    two = TwoJobs().in_sync()
    for _ in range(2):
        two.engine.fail("kill", EngineRefused("server error", 500))
    for job in two.jobs:
        job.render("1")
    two.wait(1)
    assert two.pending() == [1, 1]
    two.wait(60)
    assert two.engine.operations() == ["kill"] * 3
    assert two.pending() == [0, 0]


def test_killed_before_the_end_is_known_it_is_sent_again_once() -> None:
    """Each has written that its own was begun; the next process delivers one for both."""
    two = TwoJobs().in_sync()
    for job in two.jobs:
        job.render("1")
    two.clock.advance(1)
    two.advance()
    two.start()
    two.wait(60)
    assert two.engine.operations() == ["kill"]
    assert two.pending() == [0, 0]


def test_one_state_that_is_lost_costs_the_other_nothing() -> None:
    """The one whose state is gone tells again, the other one does not."""
    two = TwoJobs().in_sync()
    for job in two.jobs:
        job.render("1")
    two.wait(5)
    two.jobs[1].store.data = b"?"
    two.start()
    for job in two.jobs:
        job.render("1")
    two.wait(60)
    assert two.engine.operations() == ["kill", "kill"]
    assert len(two.jobs[0].lines.matching("delivered")) == 1


def test_at_the_end_it_is_sent_once() -> None:
    """As in every pass."""
    two = TwoJobs().in_sync()
    for job in two.jobs:
        job.render("1")
    assert two.flush(two.clock() + 4)
    assert two.engine.operations() == ["kill"]


def test_a_container_of_two_notifications_of_one_job_is_told_once() -> None:
    """By its name, and by an expression."""
    both = (HUP, Signal("web", "SIGHUP", match="labels.role == 'lb'"))
    two = TwoJobs(both, ()).in_sync()
    two.jobs[0].render("1")
    two.wait(5)
    assert two.engine.operations() == ["kill"]
    assert two.pending() == [0, 0]


def test_a_fault_of_ours_in_one_job_leaves_the_other_its_delivery() -> None:
    """It is raised when the others are served."""
    two = TwoJobs().in_sync()
    for job in two.jobs:
        job.render("1")
    two.clock.advance(1)
    broken = two.jobs[0].notifier
    broken.begin = lambda now_s: 1 // 0  # type: ignore[method-assign, assignment, return-value]
    with pytest.raises(ZeroDivisionError):
        two.advance()
    two.jobs[1].workers.run_all()
    assert two.engine.operations() == ["kill"]


class PromiseOfTwo(RuleBasedStateMachine):
    """Files change, containers start, requests fail, the program is killed: in the end all have both files."""

    actions: tuple[Action, Action] = (HUP, HUP)

    @initialize()
    def begin(self) -> None:
        self.two = TwoJobs(self.actions[:1], self.actions[1:]).in_sync(2)
        self.half: int | None = None

    @rule(place=st.integers(0, 1), content=st.sampled_from("01"))
    def file_changes(self, place: int, content: str) -> None:
        self.finish()
        self.two.jobs[place].render(content)

    @rule(place=st.integers(0, 1))
    def file_is_about_to_change(self, place: int) -> None:
        self.finish()
        job = self.two.jobs[place]
        job.notifier.prepare("2", "state", job.observations())
        self.half = place

    def finish(self) -> None:
        """The pass that follows an announcement."""
        if self.half is not None:
            self.two.jobs[self.half].render("2")
            self.half = None

    @rule(seconds=st.sampled_from([0.1, 1.0, 40.0]))
    def deliveries_begin(self, seconds: float) -> None:
        self.two.clock.advance(seconds)
        self.two.advance()

    @precondition(lambda self: any(job.workers.waiting for job in self.two.jobs))
    @rule(
        place=st.integers(0, 1),
        error=st.sampled_from([None, None, EngineTimeout("no answer in time"), EngineRefused("server error", 500)]),
        after=st.booleans(),
    )
    def a_worker_works(self, place: int, error: Exception | None, *, after: bool) -> None:
        waiting = self.two.jobs[place].workers.waiting or self.two.jobs[1 - place].workers.waiting
        if error is not None:
            for operation in ("kill", "restart"):
                self.two.engine.fail(operation, error, "after" if after else "before")  # type: ignore[arg-type]
        waiting.pop(0)()
        self.two.engine.faults.clear()

    @rule(place=st.integers(0, 1))
    def container_starts_again(self, place: int) -> None:
        self.two.engine.begin_run(list(self.two.engine.containers.values())[place])

    @rule(requests_arrive=st.booleans())
    def program_is_killed(self, *, requests_arrive: bool) -> None:
        if requests_arrive:
            for job in self.two.jobs:
                job.workers.run_all()
        self.half = None
        self.two.start()

    def teardown(self) -> None:
        if not hasattr(self, "two"):
            return
        self.finish()
        disks = [job.disk or "" for job in self.two.jobs]
        for _ in range(3):
            for job, content in zip(self.two.jobs, disks, strict=True):
                job.render(content)
            self.two.wait(100)
        assert self.two.pending() == [0, 0]
        runs = [container.run for container in self.two.engine.containers.values() if container.running]
        assert {run: self.two.loaded[run] for run in runs} == dict.fromkeys(runs, tuple(disks))
        before = self.two.engine.operations()
        self.two.start()
        self.two.wait(100)
        assert self.two.engine.operations() == before


class PromiseOfTwoThatRestart(PromiseOfTwo):
    """The same, where both restart."""

    actions = (RESTART, RESTART)


class PromiseOfOneThatRolls(PromiseOfTwo):
    """The same, where one of them is told one at a time."""

    actions = (HUP, replace(HUP, rules=Rules(max_parallel=1, pause_s=1)))


MACHINES = settings(
    max_examples=examples(100),
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
)
TestSignals = pytest.mark.timeout(300)(PromiseOfTwo.TestCase)
TestSignals.settings = MACHINES
TestRestarts = pytest.mark.timeout(300)(PromiseOfTwoThatRestart.TestCase)
TestRestarts.settings = MACHINES
TestRolling = pytest.mark.timeout(300)(PromiseOfOneThatRolls.TestCase)
TestRolling.settings = MACHINES
