"""Two jobs on two engines: neither waits for the other, and what is counted of both adds up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from notify.port import EngineUnavailable
from notify.together import flush
from tests.support.fake_clock import FakeClock
from tests.unit.metrics.scraping import metrics_of, value
from tests.unit.notify.fakes import HUP, NotifierHarness

if TYPE_CHECKING:
    from metrics.instruments import Metrics

LABELS = {"action": "signal", "container": "web"}


class TwoJobs:
    """Each has an engine of its own; they share a clock, the metrics, and the loop's waiting."""

    def __init__(self, containers: tuple[int, int]) -> None:
        self.clock = FakeClock()
        self.metrics: Metrics = metrics_of(["/a", "/b"], notifications=[HUP])
        self.jobs = [
            NotifierHarness(HUP, clock=self.clock, job=job, publish=self.metrics.notify.publish) for job in ("/a", "/b")
        ]
        for job, count in zip(self.jobs, containers, strict=True):
            for _ in range(count):
                job.engine.run_new()
            job.disk = "before"
            job.render("before")
            job.render("after")

    def flush(self, deadline_s: float) -> bool:
        return flush([job.notifier for job in self.jobs], deadline_s, clock=self.clock, wait=self.work_until)

    def work_until(self, moment_s: float) -> None:
        """One worker that is not stuck, of whichever job; with none the time passes."""
        for job in self.jobs:
            if job.workers.waiting and not job.stuck:
                job.workers.run()
                return
        self.clock.now_s = max(moment_s, self.clock())

    def shown(self, name: str) -> float:
        return value(self.metrics, name, **LABELS)


def test_an_engine_that_hangs_takes_no_time_from_the_other_job() -> None:
    """At the end of the program the second job is told while the first one's engine answers nothing."""
    for hanging in (0, 1):
        two = TwoJobs((2, 2))
        two.jobs[hanging].stuck = True
        assert not two.flush(two.clock() + 4)
        assert [len(job.engine.told) for job in two.jobs] == ([0, 2] if hanging == 0 else [2, 0])
        assert [job.pending() for job in two.jobs] == ([2, 0] if hanging == 0 else [0, 2])


def test_deliveries_of_both_are_begun_before_one_is_waited_for() -> None:
    """Side by side: as many workers as debts, however many jobs they belong to."""
    two = TwoJobs((2, 3))
    begun: list[int] = []

    def wait(moment_s: float) -> None:
        begun.append(sum(len(job.workers.waiting) for job in two.jobs))
        two.work_until(moment_s)

    assert flush([job.notifier for job in two.jobs], two.clock() + 4, clock=two.clock, wait=wait)
    assert begun[0] == 5


def test_retries_of_both_get_the_whole_time() -> None:
    """Each fails twice and is through before the deadline, which neither has for itself."""
    two = TwoJobs((1, 1))
    for job in two.jobs:
        for _ in range(2):
            job.engine.fail("kill", EngineUnavailable("down"))
    assert two.flush(two.clock() + 4)
    assert [len(job.engine.told) for job in two.jobs] == [1, 1]


def test_one_that_cannot_go_on_is_not_waited_for() -> None:
    """A replacement whose end is not known keeps its debts to itself, and the other job is told all the same."""
    two = TwoJobs((1, 1))
    two.jobs[0].notifier.prepare("next", "state", two.jobs[0].observations())
    deadline_s = two.clock() + 4
    assert not two.flush(deadline_s)
    assert [len(job.engine.told) for job in two.jobs] == [0, 1]
    assert two.clock() < deadline_s


def test_what_both_owe_is_added_up() -> None:
    """A job that owes nothing does not hide what the other one owes."""
    two = TwoJobs((3, 1))
    assert two.shown("pygen_notifications_pending") == 4
    assert two.shown("pygen_notification_matches") == 4
    two.jobs[1].wait(5)
    assert two.shown("pygen_notifications_pending") == 3
    assert two.shown("pygen_notification_oldest_pending_timestamp_seconds") > 0
    two.jobs[0].wait(5)
    assert two.shown("pygen_notifications_pending") == 0
    assert two.shown("pygen_notification_oldest_pending_timestamp_seconds") == 0
    told = sum(len(job.engine.told) for job in two.jobs)
    assert value(two.metrics, "pygen_notifications_total", **LABELS, result="success") == told == 4
