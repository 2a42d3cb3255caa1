"""Tests of reading the engine's clock from `Date` headers."""

from __future__ import annotations

from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.backend.http_dates import engine_ns_max


def test_the_bound_is_the_end_of_the_second() -> None:
    """A header is cut to seconds, so the clock was at most a second later."""
    assert engine_ns_max(b"Thu, 26 Nov 2026 10:29:27 GMT") == 1_795_688_968_000_000_000


@given(st.integers(0, 4_000_000_000))
def test_every_time_is_read(epoch_s: int) -> None:
    """As the standard library writes it."""
    assert engine_ns_max(formatdate(epoch_s, usegmt=True).encode()) == (epoch_s + 1) * 1_000_000_000


@pytest.mark.parametrize(
    "date", [None, b"", b"now", b"Thu, 31 Feb 2026 10:29:27 GMT", b"Thu, 26 Foo 2026 10:29:27 GMT",
             b"Thu, 26 Nov 2026 10:29:27 CET", b"2026-11-26T10:29:27Z", b"Thu, 26 Nov 0000 10:29:27 GMT"],
)  # fmt: skip
def test_what_is_no_date_gives_no_bound(date: bytes | None) -> None:
    """An odd header is no clock."""
    assert engine_ns_max(date) is None
