"""The loop over many jobs, most of which a change does not concern."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.loop.wakeups import StatePublished
from tests.unit.loop.job_harness import JobHarness
from tests.unit.loop.test_reconciler import HUP, ReconcilerHarness

if TYPE_CHECKING:
    from reconciler.target.outcome import TargetContent

JOBS = 4


class ManyJobs:
    """A loop over four jobs, the last of which notifies `nginx`, in sync with one container.

    Attributes:
        jobs: in the loop's order.
        read: the targets that were compared, by the job's number, since it was last cleared.
    """

    def __init__(self) -> None:
        self.harness = ReconcilerHarness()
        self.upstream = self.harness.upstream
        for name in ("web", "nginx"):
            self.upstream.world.add_container(name)
        self.harness.open_stream()
        notified = JobHarness(HUP, upstream=self.upstream, path="/made/up-3")
        others = [JobHarness(upstream=self.upstream, path=f"/made/up-{number}") for number in (1, 2)]
        self.jobs = [self.harness.job_harness, *others, notified]
        self.harness.loop.set_jobs([each.job for each in self.jobs])
        for each in self.jobs:
            each.renders.ask_load()
        self.harness.wake()
        for _ in range(2):  # the delivery, and its report
            self.upstream.pass_by(2)
            self.harness.wake()
        assert all(each.job.in_sync and each.notifier.owes_nothing for each in self.jobs)
        self.read: list[int] = []
        for number, each in enumerate(self.jobs):
            self._note_reads(number, each)

    def change(self, name: str, *concerned: int, is_ahead: bool = True) -> None:
        """A container is added, and its state is published; it concerns some of the jobs.

        Args:
            name: the container's.
            concerned: the jobs' numbers.
            is_ahead: the renders are begun with the state, and have arrived before the pass; else the pass asks.
        """
        for number, each in enumerate(self.jobs):
            each.renderer.is_repeating = number not in concerned
            each.renders.is_held = not is_ahead
        self.upstream.world.add_container(name)
        self._publish(is_ahead=is_ahead)

    def restart(self, name: str) -> None:
        """A container is restarted, which concerns no job's template."""
        for each in self.jobs:
            each.renderer.is_repeating = True
        self.upstream.world.restart(name)
        self._publish(is_ahead=True)

    def _publish(self, *, is_ahead: bool) -> None:
        self.upstream.tell()
        self.upstream.informer.sync()
        if is_ahead:
            peeked = self.harness.loop.states.peek()
            assert peeked is not None
            assert all([each.desired.anticipate(*peeked) for each in self.jobs])  # noqa: C419 - each of them begins
        self.read.clear()
        self.harness.wake(StatePublished())

    def _note_reads(self, number: int, job: JobHarness) -> None:
        read = job.target.read

        def noted() -> TargetContent:
            self.read.append(number)
            return read()

        job.target.read = noted  # type: ignore[method-assign] # looks on


@pytest.mark.parametrize("concerned", range(JOBS))
def test_the_job_that_a_change_concerns_goes_before_the_others(concerned: int) -> None:
    """Wherever it stands: its file waits for no look at files that stay as they are."""
    many = ManyJobs()
    many.change("new", concerned, is_ahead=False)
    for each in many.jobs:
        each.renders.release()
    many.read.clear()
    many.harness.wake()
    assert many.read == [concerned, *(number for number in range(JOBS) if number != concerned)]


@pytest.mark.parametrize("concerned", [(), (0,), (2,), (1, 3)])
def test_targets_of_jobs_that_a_change_does_not_concern_are_not_compared(concerned: tuple[int, ...]) -> None:
    """Nothing was to be written there; the resync compares all of them, as ever, however many changes there were."""
    many, resynced = ManyJobs(), set[int]()
    for number in range(5):
        many.change(f"new-{number}", *concerned)
        assert sorted(many.read) == sorted(concerned)
        many.read.clear()
        many.upstream.pass_by(7)
        many.harness.wake()
        resynced.update(many.read)
    assert resynced == set(range(JOBS)) - set(concerned), "those that were compared meanwhile are due later"


def test_a_job_whose_recipients_changed_is_looked_at() -> None:
    """Whether they know the file is decided by each state that shows them differently."""
    many = ManyJobs()
    many.restart("nginx")
    assert many.read == [3]
    many.restart("web")
    assert many.read == []


def test_a_write_is_told_with_its_own_changes() -> None:
    """What changed before, and was of no concern, is not among the reasons."""
    many = ManyJobs()
    many.change("one")
    many.change("two", 1)
    applied = many.jobs[1].job.last_applied
    assert applied is not None
    assert applied.why == "two started"


def test_an_overtaken_render_is_waited_for() -> None:
    """A state whose render is on its way needs no pass; that of a later one arrives, and is written."""
    many = ManyJobs()
    many.change("one", 0, is_ahead=False)
    many.change("two", 0, is_ahead=False)
    for each in many.jobs:
        each.renders.release()
    many.harness.wake()
    assert many.jobs[0].target.lines == ["names", "nginx", "one", "two", "web"]
