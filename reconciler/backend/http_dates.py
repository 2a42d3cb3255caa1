"""Reads `Date` headers: the engine's own clock, cut to seconds."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache

from models.run import SECOND_NS

_MONTHS = (b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec")
_FORM = re.compile(rb"\w{3}, (\d{2}) (\w{3}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) GMT")


@lru_cache(maxsize=8)
def engine_ns_max(date: bytes | None) -> int | None:
    """The latest that the engine's clock can have been when it wrote this header.

    Args:
        date: the header's value, such as `Thu, 26 Nov 2026 10:29:27 GMT`; None without one.

    Returns:
        Nanoseconds since the epoch, a second after what the header says; None where it can't be read.
    """
    match = _FORM.fullmatch(date) if date else None
    if match is None or match[2] not in _MONTHS:
        return None
    day, month, year, hour, minute, second = match.groups()
    try:
        moment = datetime(
            int(year), _MONTHS.index(month) + 1, int(day), int(hour), int(minute), int(second), tzinfo=UTC
        )
    except ValueError:
        return None
    return (int(moment.timestamp()) + 1) * SECOND_NS
