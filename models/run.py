"""One run of a container, from one start to its end, and the engine's timestamps, which tell runs apart.

They are RFC 3339 with up to nanoseconds, and read as whole nanoseconds: a float would lose the last digits.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

SECOND_NS = 1_000_000_000

_RFC3339 = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2}):(\d{2})"
    r"(?:\.(?P<fraction>\d{1,9})\d*)?"
    r"(?:[Zz]|(?P<sign>[+-])(?P<hours>\d{2}):(?P<minutes>\d{2}))",
    re.ASCII,
)
_FIELDS = 6  # from the year to the second
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ZERO_YEAR = 1  # Go's zero time 0001-01-01T00:00:00Z: the engine's way to say 'never'


@dataclass(frozen=True, slots=True, order=True)
class Run:
    """One run of one container: the same container started again is another run.

    Attributes:
        container_id: the full id.
        started_at: `State.StartedAt` exactly as the engine wrote it (RFC 3339 with nanoseconds), compared for equality;
            `parse_ns` reads it where it has to be compared with the engine's clock.
    """

    container_id: str
    started_at: str


NO_CONTAINER = Run("", "")
"""The recipient of what needs no container, as a server or a command. It runs always, so it is owed each content."""

CHILD = "child"
"""The child in the place of a container's id, and of the engine that owns it: no engine has either."""

OF_NO_ENGINE = frozenset({NO_CONTAINER.container_id, CHILD})
"""What stands in the place of a container's id and is in no engine's list."""


def parse_ns(text: str) -> int | None:
    """Read a timestamp such as `2024-05-01T10:00:00.123456789Z` or `2024-05-01T12:00:00+02:00`.

    Args:
        text: a timestamp as the engine writes it; digits beyond the ninth are cut.

    Returns:
        Nanoseconds since the epoch; None where the text is not a timestamp, or Docker's zero time.
    """
    match = _RFC3339.fullmatch(text)
    if match is None:
        return None
    try:
        year, month, day, hour, minute, second = map(int, match.groups()[:_FIELDS])
        moment = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
        zone = _offset(match)
    except ValueError:
        return None
    if moment.year == _ZERO_YEAR:
        return None
    since_epoch = moment - _EPOCH - zone
    whole_s = since_epoch.days * 86_400 + since_epoch.seconds
    return whole_s * SECOND_NS + int((match["fraction"] or "").ljust(9, "0"))


def _offset(match: re.Match[str]) -> timedelta:
    """The zone's offset from UTC; ValueError beyond a day, which no zone has."""
    if match["sign"] is None:
        return timedelta()
    distance = timedelta(hours=int(match["hours"]), minutes=int(match["minutes"]))
    timezone(distance)  # refuses what is not a zone
    return -distance if match["sign"] == "-" else distance
