"""Only the containers in an engine's list filters are read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from reconciler.backend.narrowed import NarrowedReader
from reconciler.backend.port import EngineError, InspectFailed, Inspection
from tests.support.fake_clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.support.fake_engine import FakeEngine
    from tests.unit.backend.conftest import MakeReader

FRONT = (("label", "tier=front"),)


@pytest.fixture
def front(make_reader: MakeReader) -> NarrowedReader:
    """Reads what is in front."""
    return NarrowedReader(make_reader(), FRONT, clock=FakeClock())


def inspected_ids(engine: FakeEngine) -> list[str]:
    """Whom the engine was asked for."""
    return [target.split("/")[3] for _, target in engine.requests if target.count("/") == 4]


def filters_of(target: str) -> dict[str, list[str]]:
    """What a request for a list was narrowed to."""
    found: dict[str, list[str]] = json.loads(parse_qs(urlsplit(target).query)["filters"][0])
    return found


def lists(engine: FakeEngine) -> list[dict[str, list[str]]]:
    """The filters of each list."""
    return [filters_of(target) for _, target in engine.requests if "/containers/json?" in target]


def by_id(found: Iterable[object]) -> dict[str, bool]:
    """Whether each is there."""
    return {each.container_id: each.body is not None for each in found if isinstance(each, Inspection)}


def test_the_list_is_narrowed(engine: FakeEngine, front: NarrowedReader) -> None:
    """By the engine."""
    seen = engine.add_container("web", labels={"tier": "front"})
    engine.add_container("db", labels={"tier": "back"})
    assert [entry["Id"] for entry in front.list().entries] == [seen]
    assert lists(engine) == [{"label": ["tier=front"]}]


def test_what_is_listed_is_inspected_without_another_question(engine: FakeEngine, front: NarrowedReader) -> None:
    """A label never changes."""
    ids = [engine.add_container(f"web-{number}", labels={"tier": "front"}) for number in range(3)]
    front.list()
    assert by_id(front.inspect_each(ids, lambda _: None)) == dict.fromkeys(ids, True)
    assert len(lists(engine)) == 1


def test_what_is_not_in_the_filters_is_not_inspected(engine: FakeEngine, front: NarrowedReader) -> None:
    """Whatever event names it: it is as if it were gone; the others are inspected all the same."""
    front.list()
    seen = engine.add_container("web", labels={"tier": "front"})
    other = engine.add_container("db", env={"PASSWORD": "hush"})
    assert by_id(front.inspect_each([other, seen], lambda _: None)) == {seen: True, other: False}
    assert inspected_ids(engine) == [seen]
    assert lists(engine)[-1] == {"label": ["tier=front"], "id": [other, seen]}
    assert front.inspect(other).body is None
    assert front.inspect(seen).body is not None
    assert inspected_ids(engine) == [seen, seen]


def test_one_that_is_gone_is_said_to_be(engine: FakeEngine, front: NarrowedReader) -> None:
    """By its inspect, since it was in the filters."""
    seen = engine.add_container("web", labels={"tier": "front"})
    front.list()
    engine.remove("web")
    assert front.inspect(seen).body is None


def test_many_unknown_ones_cost_one_list(engine: FakeEngine, front: NarrowedReader) -> None:
    """Without their ids."""
    ids = [engine.add_container(f"other-{number}") for number in range(60)]
    assert by_id(front.inspect_each(ids, lambda _: None)) == dict.fromkeys(ids, False)
    assert lists(engine) == [{"label": ["tier=front"]}]


def test_filters_of_what_changes_are_asked_for_each_time(engine: FakeEngine, make_reader: MakeReader) -> None:
    """A name, a status or a network may be another one by now."""
    reader = NarrowedReader(make_reader(), [("label", "tier=front"), ("status", "running")], clock=FakeClock())
    engine.add_container("web", labels={"tier": "front"})
    with pytest.raises(EngineError, match="invalid filter"):
        reader.list()
    (failed,) = reader.inspect_each(["a" * 64], lambda _: None)
    assert isinstance(failed, InspectFailed)
    assert "invalid filter" in str(failed.error)
    assert lists(engine)[-1] == {"label": ["tier=front"], "status": ["running"], "id": ["a" * 64]}
