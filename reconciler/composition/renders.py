"""What renders: the threads and their processes, which all jobs share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.composition.shared import Shared, log
from reconciler.loop.render_threads import RenderThreads
from templating.host import RenderHost

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.cli.settings import Settings
    from templating.process import RenderProcess


def build_renders(
    settings: Settings, shared: Shared, render_process: RenderProcess | None = None
) -> tuple[Sequence[RenderHost], RenderThreads]:
    """Begin the process that renders, and make the threads that serve all jobs, not yet started.

    Args:
        settings: checked.
        shared: the program's.
        render_process: was started already; None has it started now.

    Returns:
        Where renders happen, the first one for all jobs that need not wait for it, and the threads.
    """
    first, second = (
        RenderHost(
            keep_rights=settings.program.render_user == "root",
            environ=shared.environ,
            body_max=max(job.render_size_limit_bytes for job in settings.jobs),
            warn=log.warning,
            clock=shared.clock,
        )
        for _ in range(2)
    )
    first.start(render_process)
    return (first, second), RenderThreads((first, second), clock=shared.clock)
