"""The child and what belongs to it, where the command line or the configuration asks for one."""

from __future__ import annotations

import os
import signal
from functools import partial
from typing import TYPE_CHECKING

from notify.host_process import held as held_commands
from reconciler.child.gate import ChildGate
from reconciler.child.port import ChildPort
from reconciler.child.process import Child
from reconciler.child.reaper import FIRST_PROCESS, run_reaper
from reconciler.composition.shared import Shared, log
from templating.process import held as held_renders

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from notify.port import NotifyPort
    from reconciler.loop.job import Job


def build_child(
    shared: Shared, engines: NotifyPort, jobs: Callable[[], Sequence[Job]]
) -> tuple[Child, NotifyPort, ChildGate]:
    """Make the child, not yet started.

    Args:
        shared: the program's; its settings name a child.
        engines: the port to containers.
        jobs: those whose files the child waits for.

    Returns:
        The child, the port that reaches it as well, and what starts it.
    """
    settings = shared.settings
    child = Child(
        settings.child,
        shared.environ,
        grace_s=settings.child_grace_s,
        clock=shared.clock,
        # The end of the child is an end of pygen's like any other: by the thread that sees to it that it comes.
        ended=partial(os.kill, os.getpid(), signal.SIGTERM),
        log=log,
    )
    _start_reaper(child, shared)
    return child, ChildPort(child, engines), ChildGate(child, jobs, log=log)


def _start_reaper(child: Child, shared: Shared) -> None:
    """Where pygen is the first process of its container, or machine, wait for the orphans: nobody else does."""
    if os.getpid() != FIRST_PROCESS:
        return
    owners = (held_commands, held_renders, child.held)
    shared.start_thread("signals", lambda: run_reaper(owners, has_stopped=shared.stopping.is_set))
