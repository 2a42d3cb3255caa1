"""The fake engine's own clock, which may differ from the machine's."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from email.utils import formatdate

ZERO_TIME = "0001-01-01T00:00:00Z"


class EngineClock:
    """The machine's clock plus an offset that a test may set at any moment.

    Attributes:
        offset_ns: added to the machine's time, in nanoseconds.
    """

    def __init__(self) -> None:
        self.offset_ns = 0
        self._last_ns = 0

    def now_ns(self) -> int:
        """Nanoseconds since the epoch."""
        return time.time_ns() + self.offset_ns

    def now_text(self) -> str:
        """The time as the engine writes it in `StartedAt`; no two calls give the same text."""
        now_ns = self.now_ns()
        if now_ns == self._last_ns:
            now_ns += 1
        self._last_ns = now_ns
        return text_of(now_ns)

    def http_date(self) -> str:
        """The time as in a `Date` header, cut to seconds."""
        return formatdate(self.now_ns() // 1_000_000_000, usegmt=True)


def text_of(time_ns: int) -> str:
    """RFC 3339 with nanoseconds, in UTC."""
    seconds, rest_ns = divmod(time_ns, 1_000_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest_ns:09d}Z"
