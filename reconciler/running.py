"""Running the main command: from checked settings to an exit status."""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import sys
from functools import partial
from typing import TYPE_CHECKING

from notify.host_process import end_all as end_commands
from reconciler.cli.settings import effective_settings
from reconciler.composition.program import Program
from reconciler.exit_status import ExitStatus
from reconciler.loop import signals
from reconciler.observation import Observation
from reconciler.status.pages import status_pages

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.cli.commands import ConfigurationFiles
    from reconciler.cli.settings import Settings
    from templating.process import RenderProcess

log = logging.getLogger("pygen")

# New objects between two looks of the garbage collector; Python's own 700 make it look at every container again and
# again while they are read. What the loop makes and drops itself has no cycles.
GARBAGE_THRESHOLD = 20_000

CHILD_END_S = 2.0
"""What a child that is killed and what follows may take, seconds."""


def run(
    settings: Settings,
    environ: Mapping[str, str],
    render_process: RenderProcess | None = None,
    files: ConfigurationFiles | None = None,
) -> int:
    """Keep the target true until a signal ends it, or make the one pass that was asked for.

    The signals are blocked by the caller already.

    Args:
        settings: checked.
        environ: for TLS settings, `read_config` and the place of the run-time file.
        render_process: was started already, to save time; None has it started now.
        files: where the settings can be read again; None where they can't.

    Returns:
        The exit status: the child's where one was started, else an `ExitStatus`.

    Raises:
        CannotListenError: the metrics port is taken: a usage error.
    """
    # Many thousand containers are read at the start and kept: the collector's own first look at them comes later.
    gc.set_threshold(GARBAGE_THRESHOLD)
    one_shot = settings.program.one_shot
    observation = Observation(None if one_shot else settings.program.metrics, environ=environ, log=log)
    program = Program(settings, environ, render_process, None if one_shot else files)
    for job in settings.jobs:
        log.info("pygen starts: %s", effective_settings(settings, job))
    # An answer that is on its way is still of use to the one pass.
    stopping = program.shared.stopping.set if one_shot else program.stop
    signal_thread = signals.SignalThread(
        program.shared.inbox,
        stopping=stopping,
        end=partial(_end, program),
        log=log,
        end_s=_end_s(settings),
        child=program.child,
    )
    program.shared.start_thread("signals", signal_thread.run)
    try:
        status = _one_shot(program) if one_shot else _loop(program, observation)
        of_child = program.end_child()
        return status if of_child is None else of_child
    finally:
        observation.close()
        program.close()


def _loop(program: Program, observation: Observation) -> ExitStatus:
    settings = program.settings.program
    pages = status_pages(program.board.read, healthy=program.readiness.healthy, ready=program.readiness.ready)
    observation.start(
        program.metrics,
        program.readiness,
        pages if settings.status_page else {},
        settings.status_hosts,
        unexpected=program.shared.unexpected_in("metrics"),
    )
    failed = _prepare(program)
    if failed is not None:
        return failed
    nothing_owed = program.reconciler.run()
    if not nothing_owed:
        log.warning("ended with pending notifications: they are kept, and sent after the next start")
    return ExitStatus.OK


def _one_shot(program: Program) -> ExitStatus:
    failed = _prepare(program)
    if failed is not None:
        return failed
    return program.one_shot().run()


def _prepare(program: Program) -> ExitStatus | None:
    """Take the targets for ourselves, begin to read the engines, load the templates meanwhile, remember what is owed.

    Returns:
        The status to end with, where that can't be; the reason is told.
    """
    locked = program.lock_targets()
    if locked is not None:
        log.error("%s", locked.reason)
        return ExitStatus.WRITE_FAILED
    program.start_engines()
    needed = [each for each in program.jobs.built if not program.jobs.may_begin_later(each)]
    if any([each.job.desired.first_load() is not None for each in needed]):  # noqa: C419 - each failure is told
        return ExitStatus.TEMPLATE_FAILED
    for each in program.jobs.built:
        if each not in needed:
            each.job.desired.load()
        each.job.restore()
    return None


def _end_s(settings: Settings) -> float:
    """Seconds from a signal to the end by force: a child's grace is within them."""
    program = settings.program
    return max(signals.END_S, program.child_grace_s + CHILD_END_S) if program.child else signals.END_S


def _end(program: Program, status: int) -> None:
    """End the process without waiting for anything."""
    if program.child is not None:
        program.child.kill()
        of_child = program.child.status()
        status = status if of_child is None else of_child
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):  # what can't be printed any more must not keep it alive
            stream.flush()
    end_commands(grace_s=0)
    os._exit(status)
