"""`after` in configuration files: from the names that people write to the jobs that they mean, without a circle."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.cli.catalogue import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from reconciler.cli.settings import JobSettings


class JobOrder:
    """What the `after` of each job means.

    Args:
        jobs: each with the folder at which its targets begin. Two may have one name, which is told elsewhere.
        unusable: names of jobs that are there, and are no use for a reason of their own, which is told elsewhere.

    Attributes:
        problems: for each job by its place what is wrong with its `after`.
        jobs: the jobs, whose `after` has the targets of those that are meant.
    """

    def __init__(self, jobs: Sequence[tuple[Path, JobSettings]], unusable: Collection[str]) -> None:
        self.problems: list[tuple[int, str]] = []
        self._by_name = {job.name: job.target for _, job in reversed(jobs)}
        self._targets = {job.target for _, job in jobs}
        self._unusable = unusable
        self.jobs = [
            replace(job, after=tuple(self._meant(place, folder, job))) for place, (folder, job) in enumerate(jobs)
        ]
        self._tell_circles()

    def _meant(self, place: int, folder: Path, job: JobSettings) -> Iterator[str]:
        for word in job.after:
            if (target := self._target_of(folder, word)) is not None:
                yield target
            elif refusal := self.refusal(folder, job.name, word):
                self.problems.append((place, refusal))

    def refusal(self, folder: Path, name: str, word: str) -> str | None:
        """Why a word in the `after` of the job of that name means no job; None where it means one."""
        if word in self._unusable or self._target_of(folder, word) is not None:
            return None
        names = [each for each in (*self._by_name, *self._unusable) if each != name]
        hint = did_you_mean(word, names, prefix="")
        others = f": there are {', '.join(names)}" if names else ": there is no other one"
        return f"there is no job {word}{hint or others}"

    def _target_of(self, folder: Path, word: str) -> str | None:
        """The target of the job that is meant, by its name or its target."""
        target = self._by_name.get(word)
        if target is None and str(folder / word) in self._targets:
            return str(folder / word)
        return target

    def _tell_circles(self) -> None:
        """Each circle once, at its job that comes first."""
        by_target = {job.target: (place, job) for place, job in reversed(list(enumerate(self.jobs)))}
        ended: set[str] = set()
        for job in self.jobs:
            if job.target not in ended:
                self._walk([job.target], by_target, ended)

    def _walk(self, way: list[str], by_target: Mapping[str, tuple[int, JobSettings]], ended: set[str]) -> None:
        """Follow what a job comes after, depth first, without a recursion: a file may hold very many jobs."""
        follow = [iter(by_target[way[0]][1].after)]
        while follow:
            target = next(follow[-1], None)
            if target is None:
                follow.pop()
                ended.add(way.pop())
            elif target in way:
                self._tell_circle([by_target[each] for each in way[way.index(target) :]])
            elif target not in ended:
                way.append(target)
                follow.append(iter(by_target[target][1].after))

    def _tell_circle(self, circle: Sequence[tuple[int, JobSettings]]) -> None:
        place = min(place for place, _ in circle)
        if len(circle) == 1:
            self.problems.append((place, "it would come after itself: leave that out"))
            return
        names = [job.name for _, job in circle]
        words = ", ".join(
            f"{one} comes after {other}" for one, other in zip(names, [*names[1:], names[0]], strict=True)
        )
        self.problems.append((place, f"this is a circle: {words}; leave one of them out"))
