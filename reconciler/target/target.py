"""Opening a target: from the configured path to something that can be read, written and locked."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol

from reconciler.target.file import FileTarget
from reconciler.target.links import descriptor
from reconciler.target.ownership import ANY_OWNERSHIP
from reconciler.target.stream import StreamTarget, is_stream

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.target.diff import LineCounts
    from reconciler.target.outcome import LockOutcome, PartlyWritten, TargetContent, WriteFailed, Written
    from reconciler.target.ownership import Ownership


class Target(Protocol):
    """What the loop knows of a target. Nothing here raises; for one thread at a time."""

    @property
    def path(self) -> str:
        """As configured, for messages and metrics; `-` is standard output."""

    @property
    def beside(self) -> str:
        """The path beside which its lock and its state are."""

    @property
    def problem(self) -> str:
        """Why a part of it can't be kept in sync, as of the last `wanted`; '' where all can."""

    @property
    def files(self) -> int | None:
        """How many files it has, where it is a set of them."""

    @property
    def is_file(self) -> bool:
        """Whether it is a file, with a state on the disk, or a stream, whose notifications live in memory only."""

    def lock(self) -> LockOutcome:
        """Take it for this program alone; called once at the start, before the state is read."""

    def read(self) -> TargetContent:
        """What it holds now."""

    def wanted(self, content: bytes) -> bytes:
        """What it should hold where this was rendered, comparable with what is read."""

    def line_counts(self, old: bytes, new: bytes) -> LineCounts:
        """How many lines a change of what it holds adds and removes; `old` is empty where it held nothing."""

    def write(self, content: bytes) -> Written | PartlyWritten | WriteFailed:
        """Make it hold these bytes."""

    def close(self) -> None:
        """Release it."""


def open_target(
    path: str, *, warn: Callable[[str], None], limit_bytes: int, ownership: Ownership = ANY_OWNERSHIP
) -> Target:
    """Decide once, by what is there now, whether a path is a file or a stream.

    Args:
        path: as configured; '' and `-` are standard output. Relative ones are taken from the present working directory.
        warn: called once for each problem that does not stop the write.
        limit_bytes: the longest content that is ever written.
        ownership: owner, group and mode that a file gets. A stream keeps what it has, with a warning.
    """
    if descriptor(path) is not None or _is_stream_at(path):
        if ownership.is_set:
            warn(f"{path}: owner, group and mode are a file's, and this is a stream: they are not changed")
        return StreamTarget(path or "-")
    return FileTarget(path, warn=warn, limit_bytes=limit_bytes, ownership=ownership)


def _is_stream_at(path: str) -> bool:
    try:
        return is_stream(os.stat(path).st_mode)  # noqa: PTH116 - plain strings all through
    except OSError:  # missing, or out of reach for now: a file, whose reading and writing will say what is wrong
        return False
