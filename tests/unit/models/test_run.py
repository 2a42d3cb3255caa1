"""Engine timestamps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.run import parse_ns

SECOND = 1_000_000_000


@pytest.mark.parametrize(
    ("text", "expected_ns"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:01Z", SECOND),
        ("1970-01-01T00:00:00.000000001Z", 1),
        ("1970-01-01T00:00:00.5Z", SECOND // 2),
        ("1970-01-01T00:00:00.1234567891Z", 123_456_789),
        ("1970-01-01T02:00:00+02:00", 0),
        ("1969-12-31T18:30:00-05:30", 0),
        ("2024-05-01T10:00:00.123456789Z", 1_714_557_600 * SECOND + 123_456_789),
        ("2024-05-01t10:00:00z", 1_714_557_600 * SECOND),
        ("2024-02-29T00:00:00Z", 1_709_164_800 * SECOND),
    ],
)
def test_reads_to_the_nanosecond(text: str, expected_ns: int) -> None:
    """Every digit counts, and zones are taken into account."""
    assert parse_ns(text) == expected_ns


@pytest.mark.parametrize(
    "text",
    [
        "", "never", "2024-05-01", "2024-05-01T10:00:00", "2024-13-01T10:00:00Z", "2023-02-29T00:00:00Z",
        "2024-05-01T25:00:00Z", "2024-05-01T10:00:00.Z", "2024-05-01T10:00:00+24:00", "2024-05-01T10:00:00Zx",
        "٢٠٢٤-05-01T10:00:00Z", "2024-05-01T10:00:00Z\n",
    ],
)  # fmt: skip
def test_what_is_no_timestamp_is_none(text: str) -> None:
    """Anything else than RFC 3339 with a zone is unreadable, not guessed at."""
    assert parse_ns(text) is None


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000000000Z"])
def test_zero_time_is_none(text: str) -> None:
    """The engine's zero time means never."""
    assert parse_ns(text) is None


@given(
    st.datetimes(min_value=datetime(1971, 1, 1), max_value=datetime(2200, 1, 1)),  # noqa: DTZ001 - the zone is drawn
    st.integers(min_value=-14 * 60, max_value=14 * 60),
)
def test_agrees_with_the_standard_library(moment: datetime, offset_min: int) -> None:
    """Whatever the standard library writes is read as the same moment."""
    aware = moment.replace(tzinfo=timezone(timedelta(minutes=offset_min)))
    since = aware - datetime(1970, 1, 1, tzinfo=UTC)
    expected_ns = (since.days * 86_400 + since.seconds) * SECOND + since.microseconds * 1000
    assert parse_ns(aware.isoformat()) == expected_ns


@given(st.text())
def test_any_text_is_survived(text: str) -> None:
    """No text raises."""
    assert parse_ns(text) is None or text[0].isdigit()
