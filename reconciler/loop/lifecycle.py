"""The life of the process around the loop: what starts, in which order, and how it ends."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Protocol

from reconciler.loop.one_shot import Status

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Sequence

    from reconciler.informer.watcher import Watcher
    from reconciler.loop.reconciler import Reconciler
    from reconciler.loop.signals import SignalThread


class Served(Protocol):
    """Something that answers in threads of its own while the loop runs."""

    def start(self) -> None:
        """Begin to answer."""

    def close(self) -> None:
        """Stop answering."""


def live(
    reconciler: Reconciler,
    watchers: Sequence[Watcher],
    served: Sequence[Served],
    signals: SignalThread,
    *,
    close: Callable[[], None],
    log: logging.Logger,
) -> Status:
    """Run the loop in this thread until a signal ends it.

    Args:
        reconciler: the loop; its templates are loaded.
        watchers: one for each engine, each gets a thread.
        served: what is observed from outside.
        signals: takes the process's signals.
        close: lets go of engines, targets and locks.
        log: where an end with something owed is told.
    """
    signals.start()
    for server in served:
        server.start()
    for watcher in watchers:
        threading.Thread(target=watcher.run, name="events", daemon=True).start()
    try:
        nothing_owed = reconciler.run()
    finally:
        for watcher in watchers:
            watcher.stop()
        for server in served:
            server.close()
        close()
    if not nothing_owed:
        log.warning("ended with notifications owed; they are kept, and sent after the next start")
    return Status.OK
