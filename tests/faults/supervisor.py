"""A supervisor as services have one: it starts the program again whenever it has ended, until it is told to stop."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING

from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from tests.support.running_program import RunningProgram


class Supervisor:
    """Keeps one program running. A context manager.

    Args:
        start: starts it.

    Attributes:
        statuses: how each that ended has ended, in order.
    """

    def __init__(self, start: Callable[[], RunningProgram]) -> None:
        self._start = start
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self.current = start()
        self.statuses: list[int] = []
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Supervisor:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def kill(self) -> None:
        """SIGKILL the one that runs, and return when another one was started."""
        with self._lock:
            before = len(self.statuses)
            self.current.program.send(signal.SIGKILL)
        wait_for(lambda: len(self.statuses) > before and self.current.program.running, what="another start")

    def _run(self) -> None:
        while not self._ended.wait(0.01):
            status = self.current.program.process.poll()
            if status is not None:
                with self._lock:
                    self.current = self._start()
                    self.statuses.append(status)
