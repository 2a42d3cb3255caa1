"""Changes that no event told of: found by a resync, confirmed by an inspect, and without an event a while later."""

from __future__ import annotations

# An event may be under way while the list is already answered.
GRACE_S = 2.0


class MissedChanges:
    """Keeps what a resync found until its event comes, or until it is clear that none will."""

    def __init__(self) -> None:
        self._deadlines: dict[str, float] = {}

    def found(self, container_id: str, now_s: float) -> None:
        """Note that a resync found a change of this container.

        Args:
            container_id: the full id.
            now_s: our monotonic clock, seconds.
        """
        self._deadlines.setdefault(container_id, now_s + GRACE_S)

    def event(self, container_id: str) -> None:
        """Note that an event about this container came after all."""
        self._deadlines.pop(container_id, None)

    def forget(self) -> None:
        """Drop all: the stream ended, so that missing events are nobody's fault but its own, and counted there."""
        self._deadlines.clear()

    def next_due(self) -> float | None:
        """Say when `expired` has something to say, on our monotonic clock."""
        return min(self._deadlines.values(), default=None)

    def expired(self, now_s: float) -> int:
        """Count, and drop, those that waited long enough."""
        late = [container_id for container_id, deadline_s in self._deadlines.items() if deadline_s <= now_s]
        for container_id in late:
            del self._deadlines[container_id]
        return len(late)
