"""The signals of the process: one thread takes them with `sigwait`, so that nothing runs inside a signal handler.

The signals are blocked before the first thread starts, and stay blocked in all of them: a plain handler that sets a
`threading.Event` can deadlock with the code that it interrupts.
"""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Protocol

from reconciler.loop.wakeups import ReloadAsked, StopAsked, Wakeup

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable

    from reconciler.inbox import Inbox

TAKEN = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGHUP})

# Together with the loop's own 4 s for what is owed this stays within the 5 s after which Docker's patience ends.
END_S = 4.8


class EndOfProcess(Protocol):
    """Ends the process at once, whatever else runs: `os._exit`."""

    def __call__(self, status: int, /) -> object:
        """Do not return."""


def block() -> None:
    """Block the signals in this thread and in those that it starts. Called before any thread is started."""
    signal.pthread_sigmask(signal.SIG_BLOCK, TAKEN)
    # Where whoever started the program ignores it, the kernel would keep from us how a child ended.
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)


class SignalThread:
    """Turns signals into wake-ups, and sees to it that the process ends in time."""

    def __init__(
        self,
        inbox: Inbox[Wakeup],
        *,
        stopping: Callable[[], None],
        end: EndOfProcess,
        log: logging.Logger,
        end_s: float = END_S,
    ) -> None:
        """Take the edges.

        Args:
            inbox: the loop's.
            stopping: ends whatever sleeps, or waits for an engine's state.
            end: ends the process.
            log: where the ending is told.
            end_s: seconds from the first signal to the end by force.
        """
        self._inbox = inbox
        self._stopping = stopping
        self._end = end
        self._log = log
        self._end_s = end_s
        self.stopped_by: int | None = None

    def run(self) -> None:
        """Take signals until the process ends; run again after an error, it goes on where it was."""
        while self.stopped_by is None:
            taken = signal.sigwait(TAKEN)
            if taken == signal.SIGHUP:
                self._inbox.put(ReloadAsked())
            else:
                self._stop(taken)
        self._wait_for_the_end()

    def _stop(self, taken: int) -> None:
        self.stopped_by = taken
        self._inbox.put(StopAsked())
        self._stopping()
        self._log.info("%s: sending pending notifications, then exiting", signal.Signals(taken).name)

    def _wait_for_the_end(self) -> None:
        second = signal.sigtimedwait(TAKEN - {signal.SIGHUP}, self._end_s)
        if second is not None:
            self._end(128 + second.si_signo)
        self._log.warning(
            "something is still running after %.1f s and is abandoned; pending notifications stay on disk", self._end_s
        )
        self._end(0)
