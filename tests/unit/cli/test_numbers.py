"""Numbers in options."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notify.actions.keys import SECONDS_MAX
from reconciler.cli.values import seconds, seconds_over_zero, size_bytes


@pytest.mark.parametrize(("text", "value_s"), [("0", 0), (" 2 ", 2), (".5", 0.5), ("1.", 1), ("1e2", 100), ("+3", 3)])
def test_seconds_are_plain_decimal_numbers(text: str, value_s: float) -> None:
    """Whole numbers, fractions and exponents are read."""
    assert seconds(text) == value_s


@pytest.mark.parametrize("text", ["", "x", "1,5", "1_000", "nan", "inf", "-inf", "-1", "1s", "٣", "1e9", "1e999"])
def test_what_is_no_usable_number_is_refused(text: str) -> None:
    """Neither words nor negative, endless or enormous numbers pass."""
    with pytest.raises(ValueError, match="give"):
        seconds(text)


@given(st.text() | st.floats().map(str))
def test_seconds_are_always_within_bounds(text: str) -> None:
    """Whatever is written, what comes out is a number that a timer can take."""
    try:
        value_s = seconds(text)
    except ValueError:
        return
    assert 0 <= value_s <= SECONDS_MAX
    assert math.copysign(1, value_s) == 1


def test_zero_is_no_period() -> None:
    """Where a period is wanted, 0 is refused in any spelling."""
    for text in ("0", "0.0", "-0", "0e5"):
        with pytest.raises(ValueError, match="too few"):
            seconds_over_zero(text)
    assert seconds_over_zero("0.001") == 0.001


@pytest.mark.parametrize(
    ("text", "value_bytes"),
    [("1", 1), ("512K", 524288), ("16M", 2**24), ("16MiB", 2**24), ("2 gb", 2**31), ("7B", 7), ("1kib", 1024)],
)
def test_sizes_take_units_of_1024(text: str, value_bytes: int) -> None:
    """Bytes, or K, M and G in the usual spellings."""
    assert size_bytes(text) == value_bytes


@pytest.mark.parametrize("text", ["", "0", "0K", "-1", "1.5M", "1T", "M", "1 2"])
def test_what_is_no_size_is_refused(text: str) -> None:
    """No fractions, no unknown units, nothing under one byte."""
    with pytest.raises(ValueError, match="give"):
        size_bytes(text)
