"""One delivery from its first look to its report: what a worker thread runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from notify.looking import Looker
from notify.outcome import Failed, Outcome, Report, Task
from notify.restarting import deliver_restart
from notify.telling import SignalVia, deliver_signal

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable

    from notify.port import NotifyPort


def deliver(
    port: NotifyPort,
    attempt_id: int,
    task: Task,
    *,
    via: SignalVia,
    clock: Callable[[], float],
    unexpected: Callable[[Exception], object],
    log: logging.Logger,
) -> Report:
    """Tell one run. Never raises: the loop must hear of every end.

    Args:
        port: the engine.
        attempt_id: goes into the report.
        task: what to deliver.
        via: how signals are sent.
        clock: monotonic, seconds.
        unexpected: told of a fault of ours.
        log: takes the traceback of a fault of ours, at debug level.

    Returns:
        The outcome and every reading made on the way.
    """
    looker = Looker(port, task, clock)
    begun_at_s = clock()
    try:
        outcome = _act(port, task, looker, via)
    except Exception as error:
        log.debug("a delivery failed unexpectedly", exc_info=True)
        unexpected(error)
        outcome = Failed(f"unexpected {type(error).__name__}")
    return Report(attempt_id, outcome, tuple(looker.readings), clock() - begun_at_s)


def _act(port: NotifyPort, task: Task, looker: Looker, via: SignalVia) -> Outcome:
    if task.action == "restart":
        return deliver_restart(port, task, looker)
    return deliver_signal(port, task, looker, via)
