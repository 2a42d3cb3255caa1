"""Running the main command: from checked settings to an exit status."""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import sys
from typing import TYPE_CHECKING

from reconciler.cli.settings import effective_settings
from reconciler.composition import Program
from reconciler.exit_status import ExitStatus
from reconciler.loop import signals
from reconciler.loop.one_shot import OneShot
from reconciler.observation import Observation
from reconciler.status.pages import status_pages
from reconciler.target.outcome import LockedElsewhere, LockUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from metrics.exposition.routes import Page
    from reconciler.cli.settings import Settings
    from templating.process import RenderProcess

log = logging.getLogger("pygen")

# New objects between two looks of the garbage collector; Python's own 700 make it look at every container again and
# again while they are read. What the loop makes and drops itself has no cycles.
GARBAGE_THRESHOLD = 20_000


def run(settings: Settings, environ: Mapping[str, str], render_process: RenderProcess | None = None) -> ExitStatus:
    """Keep the target true until a signal ends it, or make the one pass that was asked for.

    The signals are blocked by the caller already.

    Args:
        settings: checked.
        environ: for TLS settings, `read_config` and the place of the run-time file.
        render_process: was started already, to save time; None has it started now.

    Returns:
        The exit status.

    Raises:
        CannotListenError: the metrics port is taken: a usage error.
    """
    # Many thousand containers are read at the start and kept: the collector's own first look at them comes later.
    gc.set_threshold(GARBAGE_THRESHOLD)
    one_shot = settings.program.one_shot
    observation = Observation(None if one_shot else settings.program.metrics, environ=environ, log=log)
    program = Program(settings, environ, render_process)
    for job in settings.jobs:
        log.info("pygen starts: %s", effective_settings(settings, job))
    # An answer that is on its way is still of use to the one pass.
    stopping = program.stopping.set if one_shot else program.stop
    signal_thread = signals.SignalThread(program.inbox, stopping=stopping, end=_end, log=log)
    program.start_thread("signals", signal_thread.run)
    try:
        return _one_shot(program) if one_shot else _loop(program, observation)
    finally:
        observation.close()
        program.close()


def _loop(program: Program, observation: Observation) -> ExitStatus:
    observation.start(
        program.metrics,
        program.readiness,
        _pages(program),
        program.settings.status_hosts,
        unexpected=lambda error: program.unexpected.handle("metrics", error),
    )
    failed = _prepare(program)
    if failed is not None:
        return failed
    program.start_thread("events", program.watcher.run)
    program.start_thread("informer", program.informer.run)
    nothing_owed = program.reconciler.run()
    if not nothing_owed:
        log.warning("ended with notifications owed: they are kept, and sent after the next start")
    return ExitStatus.OK


def _pages(program: Program) -> Mapping[str, Page]:
    if not program.settings.status_page:
        return {}
    return status_pages(program.board.read, healthy=program.readiness.healthy, ready=program.readiness.ready)


def _one_shot(program: Program) -> ExitStatus:
    failed = _prepare(program)
    if failed is not None:
        return failed
    program.informer.relist()
    program.start_thread("informer", program.informer.run)
    return OneShot(
        program.reconciler.states,
        program.job,
        inbox=program.inbox,
        clock=program.clock,
        heartbeat=program.heartbeat,
        log=log,
        deadline_s=program.deadline_s,
    ).run()


def _prepare(program: Program) -> ExitStatus | None:
    """Take the target for ourselves, load the template, remember what is owed; tell why that can't be."""
    for lock in (program.target.lock, program.store.lock):
        locked = lock()
        if isinstance(locked, LockedElsewhere):
            log.error("%s", locked.reason)
            return ExitStatus.WRITE_FAILED
        if isinstance(locked, LockUnavailable):
            log.warning("%s", locked.reason)
    if program.job.desired.first_load() is not None:
        return ExitStatus.TEMPLATE_FAILED
    program.job.restore()
    return None


def _end(status: int) -> None:
    """End the process without waiting for anything."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):  # what can't be printed any more must not keep it alive
            stream.flush()
    os._exit(status)
