"""A head start for the render process: its imports take as long as the program's own, so they begin first of all."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from templating.process import RenderProcess

_RENDERS_NOTHING = frozenset({"permissions", "record", "healthcheck", "--help", "-h", "--version"})


def give_head_start(arguments: Sequence[str]) -> RenderProcess | None:
    """Start a process, unless the arguments look like those of a command that renders nothing.

    Only a guess: whoever reads the arguments ends a process that is not needed, and starts one that is missing.
    """
    if not _RENDERS_NOTHING.isdisjoint(arguments):
        return None
    from templating.process import start_process  # nor is it imported for the others

    return start_process()
