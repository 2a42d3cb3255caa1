"""Ends a piece of Python that takes too long, from outside.

A template may loop without printing, so that no check inside the output would ever be reached. The work therefore
runs in a thread of its own, and the caller, once the time is up, has the interpreter raise `TimeLimitReached` there.
It arrives between two bytecodes: every loop, macro, include and filter written in Python ends within milliseconds.

Not promised: a single call into C that never comes back cannot be ended by anybody in the process. Such calls are
kept small beforehand (see `templating.operators` and `templating.regex`); if one slips through, the caller waits, the
loop stands still, and the health check says so.

Why no exception can reach a wrong thread: it is only sent under the lock, while the work has not marked its end, and
the work marks its end under the same lock as its last act.
"""

from __future__ import annotations

import contextlib
import ctypes
import threading
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

_AGAIN_S = 0.05
"""Pause before the exception is sent once more: something (a `__del__`, say) may have swallowed the first."""


class TimeLimitReached(BaseException):
    """Raised inside work that ran out of time. Not an `Exception`, so that no handler on its way takes it for one."""


class _Work(threading.Thread, Generic[T]):
    """One call in its own thread, that can be told to end."""

    def __init__(self, call: Callable[[], T]) -> None:
        super().__init__(name="pygen-render", daemon=True)
        self._call = call
        self._lock = threading.Lock()
        self._ended = False
        self.result: T | None = None
        self.error: BaseException | None = None

    def run(self) -> None:
        """Keep the outcome, whatever it is; a late exception may hit the bookkeeping, so that is done again."""
        try:
            try:
                self.result = self._call()
            except BaseException as error:  # noqa: BLE001 - handed to the caller, who raises it
                self.error = error
            self._mark_ended()
        except TimeLimitReached as late:
            self.error = self.error or late
            self._mark_ended()

    def _mark_ended(self) -> None:
        while not self._ended:
            with contextlib.suppress(TimeLimitReached), self._lock:
                self._ended = True

    def interrupt(self) -> None:
        """Have `TimeLimitReached` raised in the work, unless it has ended."""
        with self._lock:
            if not self._ended and self.ident is not None:
                raise_there = ctypes.pythonapi.PyThreadState_SetAsyncExc
                raise_there(ctypes.c_ulong(self.ident), ctypes.py_object(TimeLimitReached))


def run_limited(call: Callable[[], T], limit_s: float) -> T:
    """Call it, for at most `limit_s` seconds.

    Args:
        call: the work; it is run in another thread, one at a time for each caller.
        limit_s: seconds of elapsed time.

    Returns:
        What the call returned.

    Raises:
        TimeLimitReached: the time was up.
        BaseException: whatever the call raised.
    """
    work = _Work(call)
    work.start()
    work.join(limit_s)
    while work.is_alive():
        work.interrupt()
        work.join(_AGAIN_S)
    if work.error is not None:
        raise work.error
    return work.result  # type: ignore[return-value] # no error means that the call returned, and what it returned
