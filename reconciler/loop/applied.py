"""What was written to a target, and why, in a word for metrics and in words for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.event import Change
    from models.write import Cause
    from reconciler.target.diff import LineCounts

# More than this makes a log line that nobody reads.
_CHANGES_NAMED_MAX = 4
# And this many are kept for the status page.
_CHANGES_KEPT_MAX = 50


@frozen
class Applied:
    """A change that is in the target.

    Attributes:
        cause: what kind of difference it was.
        why: the same for people: `web-2 started`, `template edited`, `drift`.
        lines: added and removed.
        at_epoch_s: when it was written, seconds since the epoch.
        changes: what happened in the state, where that was the cause; the first ones of very many.
    """

    cause: Cause
    why: str
    lines: LineCounts
    at_epoch_s: float
    changes: tuple[str, ...]


def kept_changes(cause: Cause, changes: Sequence[Change]) -> tuple[str, ...]:
    """What the status page shows of the changes that led to a write."""
    return _distinct(changes)[:_CHANGES_KEPT_MAX] if cause == "state" else ()


def why(cause: Cause, changes: Sequence[Change], *, is_first: bool) -> str:
    """Say why the target was written.

    Args:
        cause: what kind of difference it was.
        changes: what happened in the state since the target was last as it should be.
        is_first: whether it never was while this process runs.
    """
    if cause == "drift":
        return "drift"
    if cause == "template":
        return "template edited"
    if is_first:
        return "first render" if cause == "state" else "no file yet"
    if cause == "missing":
        return "the file was missing"
    return changes_in_words(changes)


def changes_in_words(changes: Sequence[Change]) -> str:
    """Say what changed, the first few by name: `web-2 started, db became healthy and 3 more`."""
    words = _distinct(changes)
    if not words:
        return "the state changed"
    named, more = words[:_CHANGES_NAMED_MAX], len(words) - _CHANGES_NAMED_MAX
    return ", ".join(named) + (f" and {more} more" if more > 0 else "")


def _distinct(changes: Sequence[Change]) -> tuple[str, ...]:
    """Say what changed, each once, in order."""
    return tuple(dict.fromkeys(str(change) for change in changes))
