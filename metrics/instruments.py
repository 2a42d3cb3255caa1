"""Every metric of the program, in three groups that those who count are handed.

Counting imports nothing of prometheus_client; `metrics.exposition.collector.register` shows all of it to a registry.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics.engine_metrics import EngineMetrics
from metrics.loop_metrics import LoopMetrics
from metrics.notify_metrics import NotifyMetrics
from metrics.series import Gauge, Series

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from models.notification import Notification


class Metrics:
    """All instruments, every label set that is known at the start at zero.

    Args:
        version: the program's.
        targets: every job's target as configured.
        notifications: every job's.
        engines: the names of all engines that are read.

    Attributes:
        loop: for the loop: passes, renders, differences, writes, containers.
        notify: the observer of notifications.
        engine: the observer of the backend and of the event stream.
    """

    def __init__(
        self,
        *,
        version: str,
        targets: Sequence[str],
        notifications: Sequence[Notification],
        engines: Sequence[str] = (),
    ) -> None:
        self.loop = LoopMetrics(targets)
        self.notify = NotifyMetrics(notifications)
        self.engine = EngineMetrics(engines)
        self._build = Gauge("pygen_build_info", "The running program; always 1", ("version",))
        self._build.set(version, value=1)

    def series(self) -> Iterator[Series]:
        """All of them, in the order in which they are shown."""
        yield self._build
        yield from self.loop.series()
        yield from self.engine.series()
        yield from self.notify.series()
