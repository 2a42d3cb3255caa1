"""Opening a target: from the configured path to something that can be read, written and locked."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol

from reconciler.target.file import FileTarget
from reconciler.target.links import descriptor
from reconciler.target.stream import StreamTarget, is_stream

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.target.outcome import LockOutcome, TargetContent, WriteFailed, Written


class Target(Protocol):
    """What the loop knows of a target. Nothing here raises; for one thread at a time."""

    @property
    def path(self) -> str:
        """As configured, for messages and metrics; `-` is standard output."""

    @property
    def is_file(self) -> bool:
        """Whether it is a file, with a state on the disk, or a stream, whose notifications live in memory only."""

    def lock(self) -> LockOutcome:
        """Take it for this program alone; called once at the start, before the state is read."""

    def read(self) -> TargetContent:
        """What it holds now."""

    def write(self, content: bytes) -> Written | WriteFailed:
        """Make it hold these bytes."""

    def close(self) -> None:
        """Release it."""


def open_target(path: str, *, warn: Callable[[str], None], limit_bytes: int) -> Target:
    """Decide once, by what is there now, whether a path is a file or a stream.

    Args:
        path: as configured; '' and `-` are standard output. Relative ones are taken from the present working directory.
        warn: called once for each problem that does not stop the write.
        limit_bytes: the longest content that is ever written.
    """
    if descriptor(path) is not None or _is_stream_at(path):
        return StreamTarget(path or "-")
    return FileTarget(path, warn=warn, limit_bytes=limit_bytes)


def _is_stream_at(path: str) -> bool:
    try:
        return is_stream(os.stat(path).st_mode)  # noqa: PTH116 - plain strings all through
    except OSError:  # missing, or out of reach for now: a file, whose reading and writing will say what is wrong
        return False
