"""Whether the expressions of a configuration can be compiled: asked of a render process, for the program has no Jinja.

Each is tried by itself, so that all that is wrong is told at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from templating.inline_source import InlineSource
from templating.renderer import Renderer
from templating.selection import Selection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from reconciler.cli.settings import JobSettings
    from templating.host import RenderHost


def wrong_expressions(jobs: Sequence[JobSettings], host: RenderHost, *, warn: Callable[[str], None]) -> Iterator[str]:
    """What is wrong with the expressions of all jobs, one message for each that can't be compiled.

    Args:
        jobs: of the configuration.
        host: has the process that compiles.
        warn: is told of what is odd but no failure.
    """
    for job in jobs:
        for key, uses in _expressions_of(job):
            renderer = Renderer(
                InlineSource("#"),
                time_limit_s=job.render_time_limit_s,
                size_limit_bytes=job.render_size_limit_bytes,
                host=host,
                warn=warn,
                **uses,
            )
            failure = renderer.load()
            renderer.close()
            if failure is not None:
                yield f"{job.place}: job {job.name}: {key}: {failure.message}"


def _expressions_of(job: JobSettings) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each with its key, and as what a renderer uses it."""
    for number, text in enumerate(job.include, 1):
        yield f"include[{number}]", {"selection": Selection(include=(text,))}
    for number, text in enumerate(job.exclude, 1):
        yield f"exclude[{number}]", {"selection": Selection(exclude=(text,))}
    for number, notification in enumerate(job.notifications, 1):
        if notification.match:
            yield f"notify[{number}].match", {"expressions": (notification.match,)}
    if job.each is not None:
        yield "for_each", {"each": job.each}
