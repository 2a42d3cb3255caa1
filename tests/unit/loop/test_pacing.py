"""Rest in proportion to work."""

from __future__ import annotations

from reconciler.loop.heartbeat import STILL_S_MAX, Heartbeat
from reconciler.loop.pacing import REST_RATIO, REST_S_MAX, Pacing
from tests.unit.informer.world import MadeUpClock


def _pacing() -> tuple[Pacing, MadeUpClock, MadeUpClock]:
    clock, processor = MadeUpClock(), MadeUpClock()
    return Pacing(clock, processor), clock, processor


def test_a_pass_is_followed_by_a_rest_as_long_as_its_work() -> None:
    """Work is processor time, not waiting."""
    pacing, clock, processor = _pacing()
    pacing.begin()
    processor.now_s += 0.01
    clock.now_s += 5
    pacing.end()
    assert pacing.rest_until_s == clock.now_s + 0.01 * REST_RATIO


def test_nobody_rests_for_long() -> None:
    """A very long pass does not hold up the next one in proportion."""
    pacing, clock, processor = _pacing()
    pacing.begin()
    processor.now_s += 100
    pacing.end()
    assert pacing.rest_until_s == clock.now_s + REST_S_MAX


def test_a_rest_that_was_asked_for_is_not_cut_short_by_a_quick_pass() -> None:
    """After something unforeseen the next pass waits."""
    pacing, clock, _ = _pacing()
    pacing.begin()
    pacing.rest(30)
    pacing.end()
    assert pacing.rest_until_s == clock.now_s + 30


def test_a_heart_that_stands_still_is_noticed() -> None:
    """And one that beats again is alive again."""
    clock = MadeUpClock()
    heartbeat = Heartbeat(clock)
    clock.now_s += STILL_S_MAX
    assert heartbeat.alive()
    clock.now_s += 1
    assert not heartbeat.alive()
    assert heartbeat.still_s() == STILL_S_MAX + 1
    heartbeat.beat()
    assert heartbeat.alive()
