"""Waiting after failures."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from models.backoff import LONGEST_S, delay_s, doubled_s


def test_doubles_from_half_a_second() -> None:
    """Without jitter the waits are 0.5, 1, 2, 4, 8, 16 s, then level off."""
    assert [delay_s(failures, 0.0) for failures in range(1, 7)] == [0.5, 1, 2, 4, 8, 16]
    assert delay_s(7, 0.0) == delay_s(10_000, 0.0)


def test_other_bounds_are_doubled_alike() -> None:
    """From the first delay to the longest, however often; never below the first."""
    assert [doubled_s(0.1, times, 1.0) for times in (-1, 0, 1, 2, 3, 4, 10**9)] == [0.1, 0.1, 0.2, 0.4, 0.8, 1.0, 1.0]


@settings(deadline=None)
@given(st.integers(1, 10**9), st.floats(0, 1, exclude_max=True))
def test_stays_within_its_bounds(failures: int, chance: float) -> None:
    """No wait is shorter than 0.5 s or longer than 30 s, whatever chance says."""
    assert 0.5 <= delay_s(failures, chance) <= LONGEST_S


@settings(deadline=None)
@given(st.integers(1, 50))
def test_chance_spreads_every_wait(failures: int) -> None:
    """Also the longest waits of many do not come in step."""
    assert delay_s(failures, 0.0) < delay_s(failures, 0.9)
