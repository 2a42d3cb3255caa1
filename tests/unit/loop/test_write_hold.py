"""Notifications wait for the other files of a change, and for no slow template."""

from __future__ import annotations

import math

from reconciler.loop.write_hold import WriteHold


def test_nothing_waits_where_every_file_is_written() -> None:
    """Which is the usual case."""
    hold = WriteHold(0.25)
    assert not hold.holds(10.0, is_written=True)
    assert hold.not_before_s(10.0) == -math.inf


def test_it_ends_with_the_last_file() -> None:
    """And the next change waits anew."""
    hold = WriteHold(0.25)
    assert hold.holds(10.0, is_written=False)
    assert hold.not_before_s(10.1) == 10.25
    assert not hold.holds(10.1, is_written=True)
    assert hold.not_before_s(10.1) == -math.inf
    assert hold.holds(20.0, is_written=False)


def test_a_template_that_takes_long_is_not_waited_for() -> None:
    """Nor are changes that come without a pause: only when all is written can it wait again."""
    hold = WriteHold(0.25)
    assert [hold.holds(10.0 + step / 10, is_written=False) for step in range(6)] == [True] * 3 + [False] * 3
    assert hold.not_before_s(10.5) == -math.inf
    assert not hold.holds(11.0, is_written=False)
