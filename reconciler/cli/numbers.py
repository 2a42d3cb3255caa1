"""Numbers as people write them in options: plain decimal notation, within bounds a timer can take."""

from __future__ import annotations

import math
import re

SECONDS_MAX = 366 * 24 * 3600
"""A year: beyond it a number of seconds is a mistake, and far beyond it timers overflow."""

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_SIZE = re.compile(r"(\d+)\s*(?:([KMG])i?B?|B)?", re.ASCII | re.IGNORECASE)
_FACTORS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


def parse_seconds(text: str) -> float:
    """Read a number of seconds, 0 or more.

    Raises:
        ValueError: it is no number, negative, not finite, or over a year; the message says which and what to give.
    """
    if not _NUMBER.fullmatch(text.strip()):
        raise ValueError(f"{text!r} is not a number of seconds: give one such as 0.5 or 30")
    value_s = float(text)
    if value_s < 0:
        raise ValueError(f"{text.strip()} is negative: give a number of seconds, 0 or more")
    if not math.isfinite(value_s) or value_s > SECONDS_MAX:
        raise ValueError(f"{text.strip()} seconds are more than a year: give at most {SECONDS_MAX}")
    return value_s + 0.0  # -0 reads as 0


def parse_seconds_over_zero(text: str) -> float:
    """Read a number of seconds that has to be over 0; ValueError as `parse_seconds`."""
    value_s = parse_seconds(text)
    if value_s <= 0:
        raise ValueError("0 seconds are too few: give a number over 0, such as 30")
    return value_s


def parse_bytes(text: str) -> int:
    """Read a size such as `1048576`, `1M` or `16MiB` (powers of 1024), over 0, in bytes.

    Raises:
        ValueError: it is no size, or 0.
    """
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a size in bytes: give a whole number, or one such as 512K or 16MiB")
    value_bytes = int(match[1]) * _FACTORS[(match[2] or "").upper()]
    if value_bytes <= 0:
        raise ValueError("0 bytes are too few: give a size over 0, such as 16MiB")
    return value_bytes
