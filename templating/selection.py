"""Which containers a job sees: settings as values; what they mean is decided in the render process."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from models.frozen import frozen


@frozen
class Selection:
    """Which containers a job sees. Without any of it, it sees all.

    Attributes:
        include: expressions over `container`; where there are any, one of them has to be true.
        exclude: expressions over `container`, none of which may be true.
        only_exposed: a container has to expose a port.
        only_published: a container has to publish a port on the host.
        include_stopped: `containers` has those that do not run as well.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    only_exposed: bool = False
    only_published: bool = False
    include_stopped: bool = False

    def as_request(self) -> dict[str, Any] | None:
        """For the render process; None where nothing is selected, which costs nothing there."""
        return None if self == EVERY_CONTAINER else asdict(self)


EVERY_CONTAINER = Selection()
