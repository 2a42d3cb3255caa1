"""Jobs that come after others: a file is written once the ones before it are in sync, and their readers were told.

What a job waits for is looked at in each pass, by name: jobs come and go with the configuration. The configuration has
no circle (`reconciler.cli.job_order`), so that some job can always go on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

NOT_THERE = "which has not begun"


class Waiting(NamedTuple):
    """A job is not written yet.

    Attributes:
        revision: of the state whose content waits.
        job: for which other one: its target as configured.
        why: what is wrong with that one; '' where it only takes its time.
    """

    revision: int
    job: str
    why: str = ""

    def __str__(self) -> str:
        """Read as on the status page."""
        return f"it waits for {self.job}, {self.why or 'which is being written, or its readers told'}"


class OrderedJob(Protocol):
    """What is asked of a job."""

    @property
    def name(self) -> str:
        """The target as configured."""

    @property
    def after(self) -> Sequence[str]:
        """The names of those before it."""

    @property
    def waiting(self) -> Waiting | None:
        """Whether the last pass left it unwritten because of one of them."""

    def holds_up(self, revision: int) -> str | None:
        """Why what comes after it waits, '' where it only takes its time; None where nothing waits for it."""

    def wait(self, waiting: Waiting) -> None:
        """It is not written yet."""


class WriteOrder:
    """The order of some jobs. For the loop's thread.

    Args:
        jobs: by name.
    """

    def __init__(self, jobs: Mapping[str, OrderedJob]) -> None:
        self._jobs = jobs
        self._ordered = [job for job in jobs.values() if job.after]

    def before(self, job: OrderedJob, revision: int) -> Waiting | None:
        """What a job has to wait for before it is written; of several what is wrong comes first.

        Args:
            job: which.
            revision: of the state whose content it is to hold.
        """
        found: Waiting | None = None
        for name in job.after:
            other = self._jobs.get(name)
            why = NOT_THERE if other is None else other.holds_up(revision)
            if why is not None and (found is None or (why and not found.why)):
                found = Waiting(revision, name, why)
        return found

    def released(self) -> list[str]:
        """The jobs that waited and need not any more; of the others it is noted anew what they wait for."""
        names = []
        for job, waiting in self._waiting():
            if (now := self.before(job, waiting.revision)) is None:
                names.append(job.name)
            elif now != waiting:
                job.wait(now)
        return names

    def has_released(self) -> bool:
        """Whether a job waited and need not any more."""
        return any(self.before(job, waiting.revision) is None for job, waiting in self._waiting())

    def waits(self) -> dict[str, bool] | None:
        """For each job that comes after others whether it waits; None where there is none."""
        return {job.name: job.waiting is not None for job in self._ordered} or None

    def stages(self) -> Iterator[list[str]]:
        """The jobs in groups, in which none comes after another of the same or of a later one."""
        left = dict(self._jobs)
        while left:
            stage = [name for name, job in left.items() if not any(each in left for each in job.after)]
            yield stage or list(left)  # a circle, which no configuration has
            for name in stage or list(left):
                del left[name]

    def _waiting(self) -> Iterator[tuple[OrderedJob, Waiting]]:
        for job in self._ordered:
            if (waiting := job.waiting) is not None:
                yield job, waiting
