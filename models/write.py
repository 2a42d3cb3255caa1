"""Why and how a target is written: words that the loop, the outbox, log lines and metrics have in common."""

from __future__ import annotations

from typing import Literal, get_args

Cause = Literal["state", "template", "drift", "missing"]
"""What made the content differ from the target: what runs, the template, or whoever changed or removed the target."""

CAUSES: tuple[Cause, ...] = get_args(Cause)

WriteMode = Literal["replace", "in_place", "stream"]
"""A new file under the name, the same file with new bytes (a bind-mounted file), or bytes printed to a stream."""

WRITE_MODES: tuple[WriteMode, ...] = get_args(WriteMode)
