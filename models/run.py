"""One run of a container, from one start to its end."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Run:
    """One run of one container: the same container started again is another run.

    Attributes:
        container_id: the full id.
        started_at: `State.StartedAt` exactly as the engine wrote it (RFC 3339 with nanoseconds), compared for equality;
            `models.timestamps.parse_ns` reads it where it has to be compared with the engine's clock.
    """

    container_id: str
    started_at: str


NO_CONTAINER = Run("", "")
"""The recipient of what needs no container, as a server or a command. It runs always, so it is owed each content."""
