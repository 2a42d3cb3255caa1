"""Two jobs that tell the same containers of one engine, each with a file and a state of its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from notify.together import advance, flush
from tests.support.fake_clock import FakeClock
from tests.unit.metrics.scraping import metrics_of
from tests.unit.notify.fakes import HUP, NotifierHarness

if TYPE_CHECKING:
    from metrics.instruments import Metrics
    from models.run import Run
    from notify.actions.action import Action


@dataclass
class TwoJobs:
    """What the loop does with both: files first, then deliveries, in one pass or in several."""

    first: tuple[Action, ...] = (HUP,)
    second: tuple[Action, ...] = (HUP,)
    clock: FakeClock = field(default_factory=FakeClock)

    def __post_init__(self) -> None:
        self.metrics: Metrics = metrics_of(["/a", "/b"], notifications=[*self.first, *self.second])
        publish = self.metrics.notify.publish
        self.jobs = [
            NotifierHarness(*notifications, clock=self.clock, job=job, publish=publish)
            for job, notifications in (("/a", self.first), ("/b", self.second))
        ]
        self.engine = self.jobs[1].engine = self.jobs[0].engine
        self.loaded: dict[Run, tuple[str | None, ...]] = {}
        self.engine.on_started = self.engine.on_told = self.load
        self.start()

    def load(self, run: Run) -> None:
        """Whoever starts, or is told, reads both files."""
        self.loaded[run] = tuple(job.disk for job in self.jobs)

    def start(self) -> None:
        """Start the program anew: of before the engine, the files and the states are left."""
        for job in self.jobs:
            job.start(looks=True)

    def in_sync(self, count: int = 1) -> TwoJobs:
        """Containers run, and have loaded both files."""
        for job in self.jobs:
            job.disk = "0"
        for _ in range(count):
            self.engine.run_new()
        for job in self.jobs:
            job.render("0")
        return self

    def advance(self) -> None:
        """What the loop does once in each pass."""
        self.clock.tick()
        advance([job.notifier for job in self.jobs], self.clock())

    def work(self) -> None:
        """Workers of both work until they have nothing to do, and their reports are taken."""
        self.advance()
        while any(job.workers.waiting for job in self.jobs):
            for job in self.jobs:
                job.workers.run_all()
            self.advance()

    def wait(self, seconds: float) -> None:
        """Let time pass, serving whatever becomes due on the way."""
        until_s = self.clock() + seconds
        self.work()
        while (due := [s for job in self.jobs if (s := job.notifier.next_due()) is not None]) and min(due) <= until_s:
            self.clock.now_s = max(min(due), self.clock())
            self.work()
        self.clock.now_s = max(until_s, self.clock())

    def flush(self, deadline_s: float) -> bool:
        """The end of the program."""
        return flush([job.notifier for job in self.jobs], deadline_s, clock=self.clock, wait=self._work_until)

    def pending(self) -> list[int]:
        """How much each owes."""
        return [job.pending() for job in self.jobs]

    def _work_until(self, moment_s: float) -> None:
        for job in self.jobs:
            if job.workers.waiting:
                job.workers.run()
                return
        self.clock.now_s = max(moment_s, self.clock())
