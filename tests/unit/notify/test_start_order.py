"""When a run is known to have started after the replacement."""

from __future__ import annotations

import pytest

from models.run import NO_CONTAINER, Run
from notify.start_order import CompleteList, ContainerObservation, StartOrder, without_container

EARLY, LATE = "2024-05-01T10:00:00.000000001Z", "2024-05-01T10:00:05Z"
TEN_NS = 1_714_557_600_000_000_000  # 2024-05-01T10:00:00Z


def run(started_at: str = EARLY) -> Run:
    """A run of the one container."""
    return Run("c1", started_at)


def replaced_at(at_s: float) -> StartOrder:
    """A start_order after a replacement."""
    start_order = StartOrder()
    start_order.replaced(at_s)
    return start_order


def test_nothing_known_proves_nothing() -> None:
    """Without a reading of before and without the engine's clock the order is unknown."""
    start_order = replaced_at(10)
    start_order.read("c1", run(), 11)
    assert not start_order.started_after("e", run())


@pytest.mark.parametrize("before", [None, Run("c1", "2024-05-01T09:00:00Z")])
def test_a_later_reading_without_the_run_proves_it(before: Run | None) -> None:
    """A reading begun after the replacement showed it stopped, or in an earlier run."""
    start_order = replaced_at(10)
    start_order.read("c1", before, 11)
    start_order.read("c1", run(), 12)
    assert start_order.started_after("e", run())


def test_an_earlier_reading_without_the_run_proves_nothing() -> None:
    """It may have started between the reading and the replacement."""
    start_order = replaced_at(10)
    start_order.read("c1", None, 9)
    start_order.read("c1", run(), 12)
    assert not start_order.started_after("e", run())


@pytest.mark.parametrize(("begun_at_s", "ids", "proved"), [(11.0, (), True), (9.0, (), False), (11.0, ("c1",), False)])
def test_a_complete_list_without_the_container(begun_at_s: float, ids: tuple[str, ...], proved: bool) -> None:  # noqa: FBT001
    """It did not exist when a list was begun after the replacement."""
    start_order = replaced_at(10)
    start_order.read("c1", run(), 12)
    start_order.listed([ContainerObservation("c1", "web", "e", run(), 12)], CompleteList(begun_at_s, ids))
    assert start_order.started_after("e", run()) is proved


def test_the_list_before_counts_as_well() -> None:
    """A container is in the newest list when it is first seen, but was missing in the one before."""
    start_order = replaced_at(10)
    start_order.listed([], CompleteList(11, ()))
    start_order.read("c1", run(), 12)
    start_order.listed([ContainerObservation("c1", "web", "e", run(), 12)], CompleteList(13, ("c1",)))
    assert start_order.started_after("e", run())


@pytest.mark.parametrize(("begun_at_s", "engine", "proved"), [(11, "e", True), (9, "e", False), (11, "other", False)])
def test_the_engines_own_clock(begun_at_s: float, engine: str, proved: bool) -> None:  # noqa: FBT001
    """A StartedAt later than the same engine's clock after the replacement proves it."""
    start_order = replaced_at(10)
    start_order.engine_clock(engine, begun_at_s, TEN_NS + 1_000_000_000)
    start_order.read("c1", run(LATE), 12)
    assert start_order.started_after("e", run(LATE)) is proved


def test_the_engines_clock_is_exact_to_the_nanosecond() -> None:
    """Equal is not later."""
    start_order = replaced_at(10)
    start_order.engine_clock("e", 11, TEN_NS + 1)
    assert not start_order.started_after("e", run(EARLY))
    start_order.engine_clock("e", 12, TEN_NS)
    assert start_order.started_after("e", run(EARLY))


def test_a_new_replacement_voids_all_proof() -> None:
    """What is known of the order with one replacement says nothing about the next."""
    start_order = replaced_at(10)
    start_order.read("c1", None, 11)
    start_order.engine_clock("e", 11, TEN_NS)
    start_order.read("c1", run(LATE), 12)
    start_order.replaced(13)
    assert not start_order.started_after("e", run(LATE))


def test_an_older_reading_changes_nothing() -> None:
    """A snapshot that is behind a delivery's own look does not bring an ended run back."""
    start_order = replaced_at(10)
    start_order.read("c1", run(LATE), 12)
    start_order.read("c1", run(EARLY), 11)
    assert start_order.current_run("c1") == run(LATE)
    assert start_order.has_ended(run(EARLY))


def test_an_older_reading_told_late_proves_that_the_newest_run_came_after_it() -> None:
    """A delivery's look at the run before, told after the loop has seen the next one."""
    start_order = replaced_at(10)
    start_order.read("c1", run(LATE), 12)
    assert not start_order.started_after("e", run(LATE))
    start_order.read("c1", run(EARLY), 11)
    assert start_order.started_after("e", run(LATE))
    assert start_order.current_run("c1") == run(LATE)


def test_an_older_reading_from_before_the_replacement_proves_nothing() -> None:
    """Between it and the replacement the newest run may have begun."""
    start_order = replaced_at(10)
    start_order.read("c1", run(LATE), 12)
    start_order.read("c1", run(EARLY), 9)
    assert not start_order.started_after("e", run(LATE))


def test_an_unreadable_time_proves_nothing() -> None:
    """A StartedAt that cannot be read is later than nothing."""
    start_order = replaced_at(10)
    start_order.engine_clock("e", 11, 0)
    assert not start_order.started_after("e", run("soon"))


def test_forgets_what_is_asked() -> None:
    """Containers of no interest take no memory."""
    start_order = replaced_at(10)
    start_order.read("c1", run(), 11)
    start_order.forget_all_but(())
    assert start_order.current_run("c1") is None


def test_what_needs_no_container_is_missing_in_no_list() -> None:
    """No list holds it, which proves neither that it is gone nor that it began after the replacement."""
    start_order = replaced_at(10)
    observation = without_container(12)
    start_order.read("", observation.run, 12)
    listing = CompleteList(13, ("c1",))
    start_order.listed([observation], listing)
    assert not start_order.started_after("", NO_CONTAINER)
    assert not start_order.gone("", listing)
    assert not start_order.has_ended(NO_CONTAINER)
