"""What a source of templates needs of the world, as values: a test injects others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Callable


@frozen
class SourceRuntime:
    """Time, sleep and threads.

    Attributes:
        clock: monotonic seconds.
        wall_clock: seconds since the epoch, compared with files' times only.
        sleep: waits so many seconds.
        spawn: runs a call in the background.
        warn: is told what works, but not well.
    """

    clock: Callable[[], float]
    wall_clock: Callable[[], float]
    sleep: Callable[[float], object]
    spawn: Callable[[Callable[[], None]], object]
    warn: Callable[[str], None]
