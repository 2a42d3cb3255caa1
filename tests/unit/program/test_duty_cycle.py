"""Rest in proportion to work."""

from __future__ import annotations

import pytest

from reconciler.duty_cycle import REST_RATIO, REST_S_MAX, DutyCycle
from reconciler.loop.heartbeat import STILL_S_MAX, Heartbeat
from tests.support.fake_clock import FakeClock


def _duty_cycle() -> tuple[DutyCycle, FakeClock, FakeClock]:
    clock, processor = FakeClock(), FakeClock()
    return DutyCycle(clock, processor), clock, processor


def test_a_pass_is_followed_by_a_rest_as_long_as_its_work() -> None:
    """Work is processor time, not waiting."""
    duty_cycle, clock, processor = _duty_cycle()
    duty_cycle.begin()
    processor.now_s += 0.01
    clock.now_s += 5
    duty_cycle.end()
    assert duty_cycle.rest_until_s == clock.now_s + 0.01 * REST_RATIO


def test_nobody_rests_for_long() -> None:
    """A very long pass does not hold up the next one in proportion."""
    duty_cycle, clock, processor = _duty_cycle()
    duty_cycle.begin()
    processor.now_s += 100
    duty_cycle.end()
    assert duty_cycle.rest_until_s == clock.now_s + REST_S_MAX


def test_a_rest_that_was_asked_for_is_not_cut_short_by_a_quick_pass() -> None:
    """After something unforeseen the next pass waits."""
    duty_cycle, clock, _ = _duty_cycle()
    duty_cycle.begin()
    duty_cycle.rest(30)
    duty_cycle.end()
    assert duty_cycle.rest_until_s == clock.now_s + 30


def test_in_a_storm_what_others_did_during_the_rest_counts_as_well() -> None:
    """It followed from the work before; after a while of calm it is nobody's."""
    duty_cycle, clock, processor = _duty_cycle()
    duty_cycle.begin()
    processor.now_s += 0.1
    duty_cycle.end()
    processor.now_s += 0.2
    clock.now_s = duty_cycle.rest_until_s
    duty_cycle.begin()
    processor.now_s += 0.1
    duty_cycle.end()
    assert duty_cycle.rest_until_s - clock.now_s == pytest.approx(0.3 * REST_RATIO)
    processor.now_s += 0.2
    clock.now_s = duty_cycle.rest_until_s + 1
    duty_cycle.begin()
    processor.now_s += 0.1
    duty_cycle.end()
    assert duty_cycle.rest_until_s - clock.now_s == pytest.approx(0.1 * REST_RATIO)


def test_a_heart_that_stands_still_is_noticed() -> None:
    """And one that beats again is alive again."""
    clock = FakeClock()
    heartbeat = Heartbeat(clock)
    clock.now_s += STILL_S_MAX
    assert heartbeat.alive()
    clock.now_s += 1
    assert not heartbeat.alive()
    assert heartbeat.still_s() == STILL_S_MAX + 1
    heartbeat.beat()
    assert heartbeat.alive()
