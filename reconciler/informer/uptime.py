"""How long a container has run, as the list call tells it: in words that round.

The engine writes `Up 3 minutes (healthy)` with go-units' `HumanDuration` (docker/go-units, duration.go). A text stands
for a span of seconds; only the end of that span is of use here: it tells that a container cannot have run as long as
the cache thinks, so that it was started anew in between.
"""

from __future__ import annotations

import re

_MINUTE_S = 60
_HOUR_S = 60 * _MINUTE_S
_DAY_S = 24 * _HOUR_S

_WORDS = {
    "Less than a second": 1,
    "About a minute": 2 * _MINUTE_S,
    "About an hour": 2 * _HOUR_S,
}

# HumanDuration rounds hours to the nearest and cuts everything else; one unit more is an upper bound for both.
_UNITS_S = {
    "second": 1,
    "minute": _MINUTE_S,
    "hour": _HOUR_S,
    "day": _DAY_S,
    "week": 7 * _DAY_S,
    "month": 30 * _DAY_S,
    "year": 365 * _DAY_S,
}

_UP = re.compile(r"Up (?P<text>[^(]+?)(?: \(.*\))?$")
_COUNTED = re.compile(r"(?P<number>\d{1,9}) (?P<unit>[a-z]+?)s?$")


def uptime_s_max(status: str) -> float | None:
    """Read the longest time that a list entry's `Status` can stand for.

    Args:
        status: such as `Up 3 minutes (healthy)` or `Exited (0) 2 hours ago`.

    Returns:
        Seconds, or None where the text tells no uptime.
    """
    up = _UP.match(status)
    if up is None:
        return None
    text = up["text"]
    if text in _WORDS:
        return _WORDS[text]
    counted = _COUNTED.match(text)
    if counted is None or counted["unit"] not in _UNITS_S:
        return None
    return (int(counted["number"]) + 1) * _UNITS_S[counted["unit"]]
