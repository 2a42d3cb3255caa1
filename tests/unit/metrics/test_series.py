"""Counters, gauges and histograms."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.series import Counter, Gauge, Histogram


def test_counter_without_labels_is_there_at_zero() -> None:
    """A number without labels exists from the start."""
    assert Counter("c", "C").samples() == [((), 0.0)]
    assert Gauge("g", "G").samples() == [((), 0.0)]


def test_known_label_sets_are_there_at_zero() -> None:
    """Label sets that are known exist from the start, sorted; others from their first use."""
    counter = Counter("c", "C", ("a", "b"), [("y", "2"), ("x", "1")])
    assert counter.samples() == [(("x", "1"), 0.0), (("y", "2"), 0.0)]
    counter.add("z", "3", amount=2)
    counter.add("x", "1")
    assert counter.samples() == [(("x", "1"), 1.0), (("y", "2"), 0.0), (("z", "3"), 2.0)]
    assert counter.value("z", "3") == 2
    assert counter.value("no", "such") == 0


def test_labels_without_known_sets_begin_empty() -> None:
    """Nothing is known of labels that nobody handed in."""
    assert Counter("c", "C", ("a",)).samples() == []


def test_counter_never_falls() -> None:
    """A negative amount is an error and counts nothing."""
    counter = Counter("c", "C")
    with pytest.raises(ValueError, match="cannot fall"):
        counter.add(amount=-1)
    assert counter.value() == 0


@pytest.mark.parametrize("labels", [(), ("a", "b")])
def test_labels_must_fit(labels: tuple[str, ...]) -> None:
    """Too few or too many label values are an error."""
    with pytest.raises(ValueError, match="labels"):
        Counter("c", "C", ("a",)).add(*labels)
    with pytest.raises(ValueError, match="labels"):
        Gauge("g", "G", ("a",)).set(*labels, value=1)


def test_gauge_shows_the_last_value() -> None:
    """A gauge rises and falls."""
    gauge = Gauge("g", "G", ("a",), [("x",)])
    gauge.set("x", value=5)
    gauge.set("x", value=-2)
    assert gauge.samples() == [(("x",), -2.0)]


def test_histogram_counts_up_to_each_bound() -> None:
    """An observation counts for every bound that is not below it, and always for infinity."""
    histogram = Histogram("h", "H", (1.0, 0.1))
    for observed in (0.05, 0.1, 0.5, 1.0, 7.0):
        histogram.observe(observed)
    seen = histogram.snapshot()
    assert (seen.bounds, seen.counts) == ((0.1, 1.0), (2, 4, 5))
    assert seen.sum == pytest.approx(8.65)


@given(st.lists(st.floats(0, 100)), st.lists(st.floats(0, 100), min_size=1, unique=True))
def test_histogram_is_what_counting_gives(observed: list[float], bounds: list[float]) -> None:
    """Every cumulative count is the number of observations that are not above its bound."""
    histogram = Histogram("h", "H", bounds)
    for each in observed:
        histogram.observe(each)
    counts = histogram.snapshot().counts
    assert counts[:-1] == tuple(sum(each <= bound for each in observed) for bound in sorted(bounds))
    assert counts[-1] == len(observed)


def test_threads_lose_no_count() -> None:
    """Several threads that count at once are all counted."""
    counter, histogram = Counter("c", "C", ("a",)), Histogram("h", "H", (1.0,))

    def count() -> None:
        for _ in range(5000):
            counter.add("x")
            histogram.observe(0.5)

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counter.value("x") == 20_000
    assert histogram.snapshot().counts == (20_000, 20_000)
