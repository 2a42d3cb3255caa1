"""The fields of a log message, which travel in its record: `log.info("target changed", extra=fields(target=...))`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

FIELDS = ("target", "cause", "lines_added", "lines_removed", "duration_ms")
"""The fields of a record, in the order of a line."""

_KEY = "pygen_fields"


def fields(
    *,
    target: str | None = None,
    cause: str | None = None,
    lines_added: int | None = None,
    lines_removed: int | None = None,
    duration_ms: float | None = None,
) -> Mapping[str, Any]:
    """The `extra` of a message; what is None is left out.

    Args:
        target: the target's path.
        cause: why it was done: `web-2 started`, `template edited`, `drift`.
        lines_added: how many lines the new content has that the old one had not.
        lines_removed: likewise the other way round.
        duration_ms: how long it took, in milliseconds.
    """
    given = {
        "target": target,
        "cause": cause,
        "lines_added": lines_added,
        "lines_removed": lines_removed,
        "duration_ms": None if duration_ms is None else round(duration_ms, 1),
    }
    return {_KEY: {name: value for name, value in given.items() if value is not None}}


def fields_of(record: object) -> Mapping[str, Any]:
    """The fields that the message of a `logging.LogRecord` was given, none where it was given none."""
    found: Mapping[str, Any] = getattr(record, _KEY, {})
    return found
