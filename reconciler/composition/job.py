"""One job: its template, its target, its state, and who is told."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from models.log_fields import fields
from notify.dispatcher import Runtime
from notify.notifier import Notifier, NotifySettings
from reconciler.composition.shared import Shared, log, spawn, to_all
from reconciler.loop.desired import Desired
from reconciler.loop.job import Job
from reconciler.loop.recipients import RecipientMatcher
from reconciler.loop.render_worker import RenderWorker
from reconciler.loop.wakeups import DeliveryEnded, RenderArrived
from reconciler.status.records import JobRecord, NotifyRecord
from reconciler.target.outcome import LockedElsewhere, LockUnavailable
from reconciler.target.ownership import Ownership
from reconciler.target.state_file import open_manifest, open_store
from reconciler.target.target import Target, open_target
from templating.renderer import Renderer
from templating.runtime import SourceRuntime
from templating.source import open_source

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from notify.port import NotifyPort
    from reconciler.child.process import Child
    from reconciler.cli.settings import JobSettings
    from reconciler.loop.render_threads import RenderThreads
    from reconciler.target.state_file import MemoryStore, StateFile
    from templating.host import RenderHost


@dataclass(frozen=True)
class BuiltJob:
    """The parts of one job.

    Attributes:
        settings: the job's.
        job: what the loop reconciles.
        target: its file.
        store: where it keeps what is owed.
        renders: what it wants rendered.
        record: what it did, for the status page.
        notified: what became of its notifications, likewise.
    """

    settings: JobSettings
    job: Job
    target: Target
    store: StateFile | MemoryStore
    renders: RenderWorker
    record: JobRecord
    notified: NotifyRecord

    def lock(self) -> LockedElsewhere | None:
        """Take target and state for ourselves; a value where another program has them."""
        for lock in (self.target.lock, self.store.lock):
            locked = lock()
            if isinstance(locked, LockedElsewhere):
                return locked
            if isinstance(locked, LockUnavailable):
                log.warning("%s", locked.reason)
        return None

    def leave(self) -> None:
        """Let go of everything while the program goes on."""
        self.renders.leave()
        self.close()

    def close(self) -> None:
        """Let go of everything that was opened."""
        self.target.close()
        self.store.close()


def build_job(
    settings: JobSettings,
    shared: Shared,
    port: NotifyPort,
    host: RenderHost,
    threads: RenderThreads,
    *,
    child: Child | None = None,
    taken: Callable[[], Collection[str]] = frozenset,
) -> BuiltJob:
    """Make the parts of a job.

    Nothing is opened or read, but what tells whether the target is a file.

    Args:
        settings: the job's.
        shared: the program's.
        port: tells containers, whichever engine they are on.
        host: where it renders, unless it has to wait.
        threads: render for it.
        child: may be told as well.
        taken: the files of other jobs, with links followed.
    """
    target = _target(settings, shared, taken)
    state_dir = shared.settings.state_dir
    store = open_store(target, None if state_dir is None else str(state_dir), warn=log.warning)
    record, notified = JobRecord(shared.wall_clock), NotifyRecord(shared.wall_clock)
    renders = RenderWorker(
        _renderer(settings, shared, target, host),
        clock=shared.clock,
        wake=shared.wake(RenderArrived()),
        unexpected=shared.unexpected_in("render"),
        threads=threads,
    )

    notifier = Notifier(
        NotifySettings(
            target.path,
            settings.notifications,
            settings.interval,
            settings.signal_via,
            child="" if child is None else child.name,
        ),
        port,
        store,
        Runtime(
            shared.clock,
            shared.wall_clock,
            shared.chance,
            spawn,
            shared.wake(DeliveryEnded()),
            log,
            unexpected=shared.unexpected_in("delivery"),
        ),
        to_all(shared.metrics.notify.publish, notified.publish),
        child_run=_no_run if child is None else child.run,
    )
    job = Job(
        desired=Desired(
            target.path,
            renders,
            clock=shared.clock,
            backoff=shared.backoff(),
            publish=to_all(shared.metrics.loop.rendered, record.rendered),
            log=log,
        ),
        target=target,
        notifier=notifier,
        recipients=RecipientMatcher(settings.notifications, log=log),
        clock=shared.clock,
        wall_clock=shared.wall_clock,
        log=log,
        after=settings.after,
    )
    return BuiltJob(settings, job, target, store, renders, record, notified)


def _target(settings: JobSettings, shared: Shared, taken: Callable[[], Collection[str]]) -> Target:
    limit_bytes = settings.render_size_limit_bytes
    ownership = Ownership(settings.owner, settings.group, settings.mode)
    if not settings.for_each:
        return open_target(settings.target, warn=log.warning, limit_bytes=limit_bytes, ownership=ownership)
    from reconciler.target.file_set import FileSetTarget  # late: most programs have none

    state_dir = shared.settings.state_dir
    manifest = open_manifest(settings.target, None if state_dir is None else str(state_dir), warn=log.warning)
    return FileSetTarget(
        settings.target,
        manifest,
        taken=taken,
        warn=log.warning,
        tell=partial(log.warning, "%s", extra=fields(target=settings.target)),
        limit_bytes=limit_bytes,
        ownership=ownership,
    )


def _no_run() -> None:
    """There is no child."""


def _renderer(settings: JobSettings, shared: Shared, target: Target, host: RenderHost) -> Renderer:
    runtime = SourceRuntime(shared.clock, shared.wall_clock, shared.pause, spawn, log.warning)
    return Renderer(
        open_source(settings.template, runtime, copies=_copies(shared.settings.state_dir, target)),
        strict=settings.strict,
        time_limit_s=settings.render_time_limit_s,
        size_limit_bytes=settings.render_size_limit_bytes,
        memory_limit_bytes=settings.render_memory_limit_bytes,
        expressions=sorted({each.match for each in settings.notifications if each.match}),
        selection=settings.selection,
        each=settings.each,
        host=host,
        replaced=partial(shared.metrics.loop.render_process_restarted, settings.target),
        warn=log.warning,
    )


def _copies(state_dir: Path | None, target: Target) -> Path | None:
    """The folder for copies of fetched templates: where the state is, or beside the target."""
    if state_dir is not None:
        return state_dir
    return Path(os.path.abspath(target.beside)).parent if target.is_file else None  # noqa: PTH100 - links stay
