"""The states of several engines, merged into what a pass sees."""

from __future__ import annotations

from reconciler.loop.pass_input import EngineStates
from tests.unit.informer.informer_harness import InformerHarness


def two_engines() -> tuple[InformerHarness, InformerHarness, EngineStates]:
    """Two engines, neither of which was read yet."""
    one, two = InformerHarness(), InformerHarness()
    one.world.add_container("b")
    two.world.add_container("a")
    return one, two, EngineStates([one.published, two.published])


def test_nothing_is_seen_before_every_engine_was_read() -> None:
    """A file with the containers of one of two engines would be a wrong file."""
    one, two, states = two_engines()
    one.open_stream()
    assert not states.are_known()
    assert states.take() is None
    two.open_stream()
    assert states.are_known()
    assert states.take() is not None


def test_containers_of_all_engines_are_in_one_order() -> None:
    """By name, with the readings behind them, and the earliest list."""
    one, two, states = two_engines()
    one.open_stream()
    two.pass_by(5)
    two.open_stream()
    seen = states.take()
    assert seen is not None
    assert [container.name for container in seen.snapshot.containers] == ["a", "b"]
    assert seen.readings.keys() == one.state.readings.keys() | two.state.readings.keys()
    assert one.state.listed is not None
    assert seen.listed.begun_at_s == one.state.listed.begun_at_s
    assert set(seen.listed.container_ids) == set(seen.readings)


def test_a_change_of_any_engine_is_a_new_revision() -> None:
    """And nothing else is: the snapshot stays the same object."""
    one, two, states = two_engines()
    one.open_stream()
    two.open_stream()
    first = states.take()
    again = states.take()
    assert first is not None
    assert again is not None
    assert (again.revision, again.snapshot) == (first.revision, first.snapshot)
    assert again.snapshot is first.snapshot
    two.world.add_container("c")
    two.tell()
    two.informer.sync()
    changed = states.take()
    assert changed is not None
    assert changed.revision == first.revision + 1
    assert [str(change) for change in changed.changes] == ["c started"]


def test_one_engine_that_is_away_leaves_the_others_as_they_are() -> None:
    """Its last state stays beside what the others do."""
    one, two, states = two_engines()
    one.open_stream()
    two.open_stream()
    one.reader.hanging.add("inspect")
    one.world.rename("b", "b2")
    one.tell()
    one.informer.sync()
    two.world.add_container("c")
    two.tell()
    two.informer.sync()
    seen = states.take()
    assert seen is not None
    assert [container.name for container in seen.snapshot.containers] == ["a", "b", "c"]
