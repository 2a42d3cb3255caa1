"""All containers at one moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from models.snapshot import Snapshot
from tests.unit.models.bodies import read_attrs

if TYPE_CHECKING:
    from models.container import Container


def container(container_id: str, name: str, **state: Any) -> Container:
    """A container in some state."""
    return read_attrs({"Id": container_id, "Name": f"/{name}", "State": state})


def test_is_sorted_by_name_then_id() -> None:
    """Whatever the order they came in."""
    found = [container("2", "b", Running=True), container("3", "a", Running=True), container("1", "b", Running=True)]
    snapshot = Snapshot.of(found)
    assert [each.id for each in snapshot.containers] == [each.id for each in snapshot.all_containers] == ["3", "1", "2"]


def test_containers_are_those_that_run() -> None:
    """Paused ones included, restarting and stopped ones only among all."""
    found = [
        container("1", "running", Running=True),
        container("2", "paused", Running=True, Paused=True),
        container("3", "restarting", Running=True, Restarting=True),
        container("4", "stopped", Running=False),
        container("5", "created"),
    ]
    snapshot = Snapshot.of(found)
    assert [each.name for each in snapshot.containers] == ["paused", "running"]
    assert len(snapshot.all_containers) == 5


def test_both_lists_know_our_own_container() -> None:
    """A stopped one is ours only among all."""
    ours = container("1", "ours", Running=False)
    snapshot = Snapshot.of([ours, container("2", "other", Running=True)], own_container_id="1")
    assert snapshot.own_container_id == "1"
    assert snapshot.all_containers.self is ours
    assert snapshot.containers.self is None
    assert Snapshot.of([ours]).all_containers.self is None


def test_nothing_is_a_snapshot_too() -> None:
    """An engine without containers."""
    snapshot = Snapshot.of([])
    assert snapshot.containers == snapshot.all_containers == []
    assert snapshot.own_container_id is None
