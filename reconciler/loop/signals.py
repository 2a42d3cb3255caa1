"""The signals of the process: one thread takes them with `sigwait`, so that nothing runs inside a signal handler.

The signals are blocked before the first thread starts, and stay blocked in all of them: a plain handler that sets a
`threading.Event` can deadlock with the code that it interrupts.
"""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING, Protocol

from reconciler.loop.wakeups import ReloadAsked, StopAsked, Wakeup

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable

    from reconciler.inbox import Inbox

TAKEN = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGHUP})

PASSED_ON = frozenset(
    {*TAKEN, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2, signal.SIGWINCH, signal.SIGPWR}
    | {number for number in signal.valid_signals() if number >= signal.SIGRTMIN}
)
"""What the child gets as well, where there is one: all that people send to the first process of a container."""

_ENDS = frozenset({signal.SIGTERM, signal.SIGINT})

# Together with the loop's own 4 s for what is owed this stays within the 5 s after which Docker's patience ends.
END_S = 4.8


class EndOfProcess(Protocol):
    """Ends the process at once, whatever else runs: `os._exit`."""

    def __call__(self, status: int, /) -> object:
        """Do not return."""


class ToChild(Protocol):
    """What signals mean to the child."""

    def send(self, number: int) -> bool:
        """Send it a signal; whether it runs."""

    def begin_end(self, number: int) -> bool:
        """Send it the signal that ends it, where none has; whether it had not ended before."""


def block(*, with_child: bool = False) -> None:
    """Block the signals in this thread and in those that it starts. Called before any thread is started.

    Args:
        with_child: those for the child, too, and the one that tells of orphans.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, {*PASSED_ON, signal.SIGCHLD} if with_child else TAKEN)
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
        child: ToChild | None = None,
    ) -> None:
        """Take the edges.

        Args:
            inbox: the loop's.
            stopping: ends whatever sleeps, or waits for an engine's state.
            end: ends the process.
            log: where the ending is told.
            end_s: seconds from the first signal to the end by force.
            child: gets every signal, too.
        """
        self._inbox = inbox
        self._stopping = stopping
        self._end = end
        self._log = log
        self._end_s = end_s
        self._child = child
        self._taken = TAKEN if child is None else PASSED_ON
        self.stopped_by: int | None = None

    def run(self) -> None:
        """Take signals until the process ends; run again after an error, it goes on where it was."""
        while self.stopped_by is None:
            taken = signal.sigwait(self._taken)
            if taken in _ENDS:
                self._stop(taken)
                continue
            if taken == signal.SIGHUP:
                self._inbox.put(ReloadAsked())
            # Who asks for a core or an end before there is a child means us.
            if self._child is not None and not self._child.send(taken) and taken == signal.SIGQUIT:
                self._stop(taken)
        self._wait_for_the_end()

    def _stop(self, taken: int) -> None:
        self.stopped_by = taken
        why = signal.Signals(taken).name
        if self._child is not None and not self._child.begin_end(taken):
            why = "the command has ended"
        self._inbox.put(StopAsked())
        self._stopping()
        self._log.info("%s: sending pending notifications, then exiting", why)

    def _wait_for_the_end(self) -> None:
        until_s = time.monotonic() + self._end_s
        while second := signal.sigtimedwait(self._taken - {signal.SIGHUP}, max(0.0, until_s - time.monotonic())):
            if self._child is None:
                self._end(128 + second.si_signo)
            else:  # it has its grace, and knows what a second signal means to it
                self._child.send(second.si_signo)
        self._log.warning(
            "something is still running after %.1f s and is abandoned; pending notifications stay on disk", self._end_s
        )
        self._end(0)
