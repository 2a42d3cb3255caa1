"""The jobs of a program, which come, change and go with the configuration while it runs."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from models.log_fields import fields
from reconciler.cli.settings import effective_settings
from reconciler.composition.job import BuiltJob, build_job
from reconciler.composition.shared import Shared, log

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from notify.port import NotifyPort
    from reconciler.child.process import Child
    from reconciler.cli.settings import JobSettings, Settings
    from reconciler.loop.job import Job
    from reconciler.loop.render_threads import RenderThreads
    from reconciler.target.outcome import LockedElsewhere
    from templating.host import RenderHost

LOCK_RETRY_S = 5.0
"""A job that begins while the program runs, and whose target another program has, asks for it again so often."""


class Jobs:
    """All jobs, by the target as configured. For the loop's thread, once the program runs.

    Args:
        settings: those of the start.
        shared: the program's.
        port: tells containers, whichever engine they are on.
        hosts: where renders happen: the first one for all jobs.
        threads: render for them.
        child: may be told as well.
    """

    def __init__(
        self,
        settings: Settings,
        shared: Shared,
        port: NotifyPort,
        hosts: Sequence[RenderHost],
        threads: RenderThreads,
        *,
        child: Child | None = None,
    ) -> None:
        self._settings = settings
        self._shared = shared
        self._port = port
        self._hosts = hosts
        self._threads = threads
        self._child = child
        self._by_target: dict[str, BuiltJob] = {job.target: self._build(job) for job in settings.jobs}
        self._locked_out: dict[str, str] = {}
        self._lock_due_s = 0.0

    def __getitem__(self, target: str) -> BuiltJob:
        """The job that keeps a target; KeyError where none does."""
        return self._by_target[target]

    def __contains__(self, target: str) -> bool:
        """Whether a job keeps a target."""
        return target in self._by_target

    @property
    def built(self) -> tuple[BuiltJob, ...]:
        """In the order of the configuration."""
        return tuple(self._by_target.values())

    @property
    def jobs(self) -> list[Job]:
        """What the loop reconciles, in the same order."""
        return [each.job for each in self._by_target.values()]

    def lock(self) -> LockedElsewhere | None:
        """Take all targets, at the start; a value where another program has one that has to be had.

        A job of a configuration file that can't begin is left out until it can, and costs the others nothing. A single
        pass has no later, and the command line's job is what the program was started for.
        """
        for each in self.built:
            locked = each.lock()
            if locked is None:
                continue
            if not self.may_begin_later(each):
                return locked
            self._lock_out(each, locked)
            del self._by_target[each.settings.target]
        self._lock_due_s = self._shared.clock() + LOCK_RETRY_S
        self._publish()
        return None

    def may_begin_later(self, built: BuiltJob) -> bool:
        """Whether the program goes on without a job that can't begin yet."""
        return built.settings.is_from_file and not self._shared.settings.one_shot

    @property
    def locked_out(self) -> dict[str, str]:
        """Why jobs have not begun yet, by their names."""
        return {job.name: self._locked_out[job.target] for job in self._settings.jobs if job.target in self._locked_out}

    def change(self, settings: Settings) -> bool:
        """Begin, change and end jobs such that they are as configured. Those that stay as they are notice nothing.

        Args:
            settings: all that are wanted.

        Returns:
            Whether it was done. A delivery that is under way for a job that goes or changes has to end first, for its
            outcome would be lost.
        """
        wanted = {job.target: job for job in settings.jobs}
        leaving = [each for target, each in self._by_target.items() if _differs(each.settings, wanted.get(target))]
        if any(each.job.notifier.is_delivering for each in leaving):
            return False
        self._settings = settings
        for host in self._hosts:
            host.allow(max(job.render_size_limit_bytes for job in settings.jobs))
        for each in leaving:
            self._end(each, is_gone=each.settings.target not in wanted)
        notifications = [notification for job in settings.jobs for notification in job.notifications]
        self._shared.metrics.notify.configure(notifications, [each.settings.target for each in leaving])
        self._locked_out = {}
        self._begin_missing()
        self._publish()
        return True

    def retry(self) -> bool:
        """Ask again for targets that other programs had; whether a job has begun."""
        if not self._locked_out or self._shared.clock() < self._lock_due_s:
            return False
        has_begun = self._begin_missing()
        if has_begun:
            self._publish()
        return has_begun

    def close(self) -> None:
        """Let go of everything that was opened."""
        for each in self._by_target.values():
            each.close()

    def _begin_missing(self) -> bool:
        """Begin what is configured and not there; whether anything was."""
        self._lock_due_s = self._shared.clock() + LOCK_RETRY_S
        before = self._by_target
        begun = dict(self._begin(job) for job in self._settings.jobs if job.target not in before)
        found = {job.target: before.get(job.target) or begun.get(job.target) for job in self._settings.jobs}
        self._by_target = {target: each for target, each in found.items() if each is not None}
        return any(each is not None for each in begun.values())

    def _begin(self, settings: JobSettings) -> tuple[str, BuiltJob | None]:
        built = self._build(settings)
        locked = built.lock()
        if locked is not None:
            self._lock_out(built, locked)
            return settings.target, None
        self._locked_out.pop(settings.target, None)
        log.info("the job %s begins: %s", settings.name, effective_settings(self._settings, settings))
        self._shared.metrics.loop.add(settings.target)
        built.job.restore()
        built.job.desired.load()
        return settings.target, built

    def _lock_out(self, built: BuiltJob, locked: LockedElsewhere) -> None:
        settings = built.settings
        if settings.target not in self._locked_out:
            log.error(
                "the job %s can't begin: %s; it is tried again",
                settings.name,
                locked.reason,
                extra=fields(target=settings.target),
            )
        self._locked_out[settings.target] = locked.reason
        built.leave()

    def _publish(self) -> None:
        """Show which jobs of configuration files another program keeps from beginning."""
        self._shared.metrics.loop.locked_out(
            {(job.target, job.name): job.target in self._locked_out for job in self._settings.jobs if job.is_from_file}
        )

    def _end(self, built: BuiltJob, *, is_gone: bool) -> None:
        settings = built.settings
        if is_gone:
            dropped = len(built.job.notifier.pending())
            built.job.notifier.forget_all()
            self._shared.metrics.loop.remove(settings.target)
            log.info(
                "the job %s is gone from the configuration: %s stays as it is, %d pending notifications are dropped",
                settings.name,
                settings.target,
                dropped,
                extra=fields(target=settings.target),
            )
        built.leave()
        del self._by_target[settings.target]

    def _build(self, job: JobSettings) -> BuiltJob:
        return build_job(
            job, self._shared, self._port, self._hosts[0], self._threads, child=self._child, taken=self._single_targets
        )

    def _single_targets(self) -> frozenset[str]:
        """The files of jobs that have one each, with links followed: a file for an element may be none of them."""
        return frozenset(os.path.realpath(job.target) for job in self._settings.jobs if not job.for_each)

    def __iter__(self) -> Iterator[str]:
        """The targets."""
        return iter(self._by_target)


def _differs(one: JobSettings, other: JobSettings | None) -> bool:
    """Whether a job is another one; notifications are equal whatever their rules are."""
    return other is None or one != other or _rules(one) != _rules(other)


def _rules(job: JobSettings) -> list[object]:
    return [notification.rules for notification in job.notifications]
