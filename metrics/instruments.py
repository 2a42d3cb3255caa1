"""Every metric of the program, in three groups that those who count are given, on one registry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics.client import (
    CollectorRegistry,
    Gauge,
    GCCollector,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)
from metrics.engine_metrics import EngineMetrics
from metrics.labels import labelled
from metrics.loop_metrics import LoopMetrics
from metrics.notify_metrics import NotifyMetrics

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.notification import Notification


class Metrics:
    """All instruments, every label set that is known at the start at zero.

    Args:
        version: the program's.
        targets: every job's target as configured.
        notifications: every job's.
        engines: the names of all engines that are read.
        registry: where they are registered, with the process's and Python's own; None for one of their own.

    Attributes:
        loop: for the loop: passes, renders, differences, writes, containers.
        notify: the observer of notifications.
        engine: the observer of the backend and of the event stream.
        registry: shows all of them.
    """

    def __init__(
        self,
        *,
        version: str,
        targets: Sequence[str],
        notifications: Sequence[Notification],
        engines: Sequence[str] = (),
        registry: CollectorRegistry | None = None,
    ) -> None:
        self.registry = registry = CollectorRegistry() if registry is None else registry
        disable_created_metrics()  # type: ignore[no-untyped-call] # a second series for each counter, which isn't needed
        build = Gauge("pygen_build_info", "The running program; always 1", ("version",), registry=registry)
        labelled(build, version).set(1)
        self.loop = LoopMetrics(targets, registry)
        self.engine = EngineMetrics(registry, engines)
        self.notify = NotifyMetrics(notifications, registry)
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=registry)
