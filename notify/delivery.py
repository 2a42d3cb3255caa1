"""One delivery from its first look to its report: what a worker thread runs, and where it leaves the report."""

from __future__ import annotations

import queue
from typing import TYPE_CHECKING

from notify.outcome import Failed, Report, Task
from notify.preflight import Inspector

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable

    from notify.actions.action import Action, SignalVia
    from notify.port import NotifyPort


def deliver(
    port: NotifyPort,
    attempt_id: int,
    action: Action,
    task: Task,
    *,
    via: SignalVia,
    clock: Callable[[], float],
    log: logging.Logger,
) -> Report:
    """Tell one run. Never raises: the loop must hear of every end.

    Args:
        port: the engine.
        attempt_id: goes into the report.
        action: what to deliver.
        task: to whom.
        via: how signals are sent.
        clock: monotonic, seconds.
        log: takes the traceback of a fault of ours, at debug level.

    Returns:
        The outcome and every reading made on the way.
    """
    inspector = Inspector(port, task, clock)
    begun_at_s = clock()
    try:
        outcome = action.deliver(port, task, inspector, via)
    except Exception as error:
        log.debug("a delivery failed unexpectedly", exc_info=True)
        outcome = Failed(f"unexpected {type(error).__name__}: {error}")
    return Report(attempt_id, outcome, tuple(inspector.readings), clock() - begun_at_s)


class ReportQueue:
    """Many workers put, one loop takes.

    A SimpleQueue: its `put` takes no lock that an interrupted thread could hold.
    """

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[Report] = queue.SimpleQueue()

    def put(self, report: Report) -> None:
        """Leave a report; from any thread."""
        self._queue.put(report)

    def take(self) -> Report | None:
        """The next report, None where there is none yet."""
        try:
            return self._queue.get_nowait()
        except queue.Empty:
            return None
