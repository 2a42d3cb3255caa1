"""When a run is known to have started after the replacement."""

from __future__ import annotations

import pytest

from models.run import Run
from notify.sighting import CompleteList, Sighting
from notify.witness import Witness

EARLY, LATE = "2024-05-01T10:00:00.000000001Z", "2024-05-01T10:00:05Z"
TEN_NS = 1_714_557_600_000_000_000  # 2024-05-01T10:00:00Z


def run(started_at: str = EARLY) -> Run:
    """A run of the one container."""
    return Run("c1", started_at)


def replaced_at(at_s: float) -> Witness:
    """A witness after a replacement."""
    witness = Witness()
    witness.replaced(at_s)
    return witness


def test_nothing_known_proves_nothing() -> None:
    """Without a reading of before and without the engine's clock the order is unknown."""
    witness = replaced_at(10)
    witness.read("c1", run(), 11)
    assert not witness.started_after("e", run())


@pytest.mark.parametrize("before", [None, Run("c1", "2024-05-01T09:00:00Z")])
def test_a_later_reading_without_the_run_proves_it(before: Run | None) -> None:
    """A reading begun after the replacement showed it stopped, or in an earlier run."""
    witness = replaced_at(10)
    witness.read("c1", before, 11)
    witness.read("c1", run(), 12)
    assert witness.started_after("e", run())


def test_an_earlier_reading_without_the_run_proves_nothing() -> None:
    """It may have started between the reading and the replacement."""
    witness = replaced_at(10)
    witness.read("c1", None, 9)
    witness.read("c1", run(), 12)
    assert not witness.started_after("e", run())


@pytest.mark.parametrize(("begun_at_s", "ids", "proved"), [(11.0, (), True), (9.0, (), False), (11.0, ("c1",), False)])
def test_a_complete_list_without_the_container(begun_at_s: float, ids: tuple[str, ...], proved: bool) -> None:  # noqa: FBT001
    """It did not exist when a list was begun after the replacement."""
    witness = replaced_at(10)
    witness.read("c1", run(), 12)
    witness.listed([Sighting("c1", "web", "e", run(), 12)], CompleteList(begun_at_s, ids))
    assert witness.started_after("e", run()) is proved


def test_the_list_before_counts_as_well() -> None:
    """A container is in the newest list when it is first seen, but was missing in the one before."""
    witness = replaced_at(10)
    witness.listed([], CompleteList(11, ()))
    witness.read("c1", run(), 12)
    witness.listed([Sighting("c1", "web", "e", run(), 12)], CompleteList(13, ("c1",)))
    assert witness.started_after("e", run())


@pytest.mark.parametrize(("begun_at_s", "engine", "proved"), [(11, "e", True), (9, "e", False), (11, "other", False)])
def test_the_engines_own_clock(begun_at_s: float, engine: str, proved: bool) -> None:  # noqa: FBT001
    """A StartedAt later than the same engine's clock after the replacement proves it."""
    witness = replaced_at(10)
    witness.engine_clock(engine, begun_at_s, TEN_NS + 1_000_000_000)
    witness.read("c1", run(LATE), 12)
    assert witness.started_after("e", run(LATE)) is proved


def test_the_engines_clock_is_exact_to_the_nanosecond() -> None:
    """Equal is not later."""
    witness = replaced_at(10)
    witness.engine_clock("e", 11, TEN_NS + 1)
    assert not witness.started_after("e", run(EARLY))
    witness.engine_clock("e", 12, TEN_NS)
    assert witness.started_after("e", run(EARLY))


def test_a_new_replacement_voids_all_proof() -> None:
    """What is known of the order with one replacement says nothing about the next."""
    witness = replaced_at(10)
    witness.read("c1", None, 11)
    witness.engine_clock("e", 11, TEN_NS)
    witness.read("c1", run(LATE), 12)
    witness.replaced(13)
    assert not witness.started_after("e", run(LATE))


def test_an_older_reading_changes_nothing() -> None:
    """A snapshot that is behind a delivery's own look does not bring an ended run back."""
    witness = replaced_at(10)
    witness.read("c1", run(LATE), 12)
    witness.read("c1", run(EARLY), 11)
    assert witness.current_run("c1") == run(LATE)
    assert witness.has_ended(run(EARLY))


def test_an_older_reading_told_late_proves_that_the_newest_run_came_after_it() -> None:
    """A delivery's look at the run before, told after the loop has seen the next one."""
    witness = replaced_at(10)
    witness.read("c1", run(LATE), 12)
    assert not witness.started_after("e", run(LATE))
    witness.read("c1", run(EARLY), 11)
    assert witness.started_after("e", run(LATE))
    assert witness.current_run("c1") == run(LATE)


def test_an_older_reading_from_before_the_replacement_proves_nothing() -> None:
    """Between it and the replacement the newest run may have begun."""
    witness = replaced_at(10)
    witness.read("c1", run(LATE), 12)
    witness.read("c1", run(EARLY), 9)
    assert not witness.started_after("e", run(LATE))


def test_an_unreadable_time_proves_nothing() -> None:
    """A StartedAt that cannot be read is later than nothing."""
    witness = replaced_at(10)
    witness.engine_clock("e", 11, 0)
    assert not witness.started_after("e", run("soon"))


def test_forgets_what_is_asked() -> None:
    """Containers of no interest take no memory."""
    witness = replaced_at(10)
    witness.read("c1", run(), 11)
    witness.forget_all_but(())
    assert witness.current_run("c1") is None
