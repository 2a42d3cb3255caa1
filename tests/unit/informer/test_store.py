"""The store: by id, and in the order that templates see."""

from __future__ import annotations

from models.container import Container
from reconciler.informer.state import Reading
from reconciler.informer.store import Cached, Store
from tests.unit.informer.informer_harness import RecordingWorld


def _cached(world: RecordingWorld, name: str) -> Cached:
    container = Container.from_inspect(world.inspect_body(name), engine="e", networks={}, warn=print)
    return Cached(Reading(container, 1.0))


def _names(store: Store) -> list[str]:
    return [container.name for container in store.in_order()]


def test_containers_are_in_the_order_of_their_names() -> None:
    """Whatever the order in which they came, were renamed and went."""
    world, store = RecordingWorld(), Store()
    for name in ("b", "c", "a"):
        world.add_container(name)
        store.put(_cached(world, name))
    assert _names(store) == ["a", "b", "c"]
    world.rename("a", "z")
    store.put(_cached(world, "z"))
    assert _names(store) == ["b", "c", "z"]
    store.drop(world.container("c").id)
    store.drop("not there")
    assert _names(store) == ["b", "z"]
    assert len(store) == 2
    assert store.readings().keys() == store.ids()


def test_a_new_reading_takes_the_place_of_the_old_one() -> None:
    """The order stays, the container is the new one."""
    world, store = RecordingWorld(), Store()
    world.add_container("web")
    store.put(_cached(world, "web"))
    assert [container.running for container in store.in_order()] == [True]
    world.die("web")
    store.put(_cached(world, "web"))
    assert [container.running for container in store.in_order()] == [False]
    assert store.ids() == {world.container("web").id}


def test_containers_of_one_name_are_in_the_order_of_their_ids() -> None:
    """A rename may be read of one before the other."""
    world, store = RecordingWorld(), Store()
    ids = sorted(world.add_container(name, overrides={"Name": "/same"}) for name in ("x", "y"))
    for name in ("x", "y"):
        store.put(_cached(world, name))
    assert [container.id for container in store.in_order()] == ids
