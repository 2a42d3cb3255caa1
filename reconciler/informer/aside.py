"""Containers that the engine lists but cannot show: one broken container must not hold up all others for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.backend.port import EngineError

# Enough for a fault that passes; each try is already retried inside the reader.
TRIES = 3


class SetAside:
    """Counts the failed readings of single containers, and keeps those that are given up until the next resync."""

    def __init__(self) -> None:
        self._failures: dict[str, int] = {}
        self._aside: set[str] = set()

    def failed(self, container_id: str) -> bool:
        """Count a failed reading.

        Returns:
            Whether it is time to set the container aside, provided that the engine shows others.
        """
        self._failures[container_id] = self._failures.get(container_id, 0) + 1
        return self._failures[container_id] >= TRIES

    def read(self, container_id: str) -> None:
        """Note that the container could be read."""
        self._failures.pop(container_id, None)
        self._aside.discard(container_id)

    def set_aside(self, container_id: str) -> bool:
        """Give a container up until it can be read.

        Returns:
            Whether that is news.
        """
        known = container_id in self._aside
        self._aside.add(container_id)
        return not known

    def keep_only(self, container_ids: set[str]) -> None:
        """Forget containers that are no longer listed."""
        self._aside &= container_ids
        self._failures = {key: count for key, count in self._failures.items() if key in container_ids}


def is_about_one_container(error: EngineError) -> bool:
    """Tell whether an error may be one container's own: the engine answered, and with a server error."""
    return error.status is not None and error.status >= 500  # noqa: PLR2004 - HTTP's class of server errors
