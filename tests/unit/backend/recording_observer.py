"""An observer that remembers, for tests of the wall."""

from __future__ import annotations

import threading
import time
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class RecordingObserver:
    """Counts requests by (operation, result), and remembers retries and sleeps.

    Attributes:
        requests: how many ended, by operation and result.
        retries: operations that were tried again, in order.
        slept_s: what was asked to be slept, in seconds.
        surprises: what nobody foresaw, with the part of the program.
    """

    def __init__(self) -> None:
        self.requests: Counter[tuple[str, str]] = Counter()
        self.retries: list[str] = []
        self.slept_s: list[float] = []
        self.surprises: list[tuple[str, Exception]] = []

    def request(self, operation: str, result: str, duration_s: float) -> None:
        """Count one."""
        assert duration_s >= 0
        self.requests[operation, result] += 1

    def retry(self, operation: str) -> None:
        """Remember one."""
        self.retries.append(operation)

    def spawn(self, work: Callable[[], None]) -> None:
        """Run it in a thread."""
        threading.Thread(target=work, daemon=True).start()

    def unexpected(self, part: str, error: Exception) -> None:
        """Remember one."""
        self.surprises.append((part, error))

    def sleep(self, seconds: float) -> None:
        """Remember it, and do not sleep."""
        self.slept_s.append(seconds)


def becomes(condition: Callable[[], bool], *, within_s: float = 30.0) -> bool:
    """Wait until a condition holds; False where it does not in time."""
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True
