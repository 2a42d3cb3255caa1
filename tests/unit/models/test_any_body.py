"""Property: any inspect body with fields missing, null or of another type is read without an exception."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from models.container import Container
from models.matching import Index, matches
from models.snapshot import Snapshot
from templating.sandbox.filters.data import plain
from tests.support.examples import examples
from tests.unit.models.bodies import WEB_ID, attrs

if TYPE_CHECKING:
    from collections.abc import Iterator

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where each value of a decoded body lies, but the whole and its Id."""
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in steps:
        if (*path, step) != ("Id",):
            yield (*path, step)
            yield from paths(inner, (*path, step))


PATHS = list(paths(attrs()))


@st.composite
def odd_bodies(draw: st.DrawFn) -> dict[str, Any]:
    """The usual body with some values removed, nulled or replaced by something else."""
    body = attrs()
    for *parents, last in draw(st.lists(st.sampled_from(PATHS), min_size=1, max_size=6)):
        parent: Any = body
        for step in parents:
            parent = _step(parent, step)
        if isinstance(parent, dict) and last in parent and draw(st.booleans()):
            del parent[last]
        elif _step(parent, last) is not None:
            parent[last] = draw(JSON_VALUES)
    return body


def _step(parent: Any, step: Any) -> Any:
    """What lies there, None where an earlier change took it away."""
    try:
        return parent[step] if isinstance(parent, dict | list) else None
    except (KeyError, IndexError, TypeError):
        return None


def read_all(body: bytes) -> Container:
    """Read a body and look at everything that a template or the loop could look at."""
    warnings: list[str] = []
    container = Container.from_inspect(body, engine="e", networks={}, warn=warnings.append)
    for field in Container.TEMPLATE_FIELDS:
        str(container[field])
    assert all("can't be read" in warning for warning in warnings)
    assert (container.run is not None) is container.is_current
    assert container.same_view(Container.from_inspect(body, engine="e", networks={}, warn=lambda _: None))
    snapshot = Snapshot.of([container], container.id)
    assert snapshot.all_containers.self is container
    for name in container.target_names:
        assert matches(container, name)
        assert Index([container]).matching(name) == [container]
    assert container.networks.matching(container) == container.networks
    plain(container)
    return container


@settings(max_examples=examples(300))
@given(odd_bodies())
def test_odd_fields_never_raise(body: dict[str, Any]) -> None:
    """And what the engine said is all in `raw`."""
    container = read_all(json.dumps(body).encode())
    assert container.id == WEB_ID
    assert json.dumps(plain(container.raw), sort_keys=True) == json.dumps(body, sort_keys=True)


@given(st.dictionaries(st.sampled_from(list(attrs())), JSON_VALUES))
def test_any_object_with_an_id_is_a_container(fields: dict[str, Any]) -> None:
    """Top-level fields of any type."""
    read_all(json.dumps({**fields, "Id": "abc"}).encode())


@given(st.binary() | JSON_VALUES.map(lambda value: json.dumps(value).encode()))
def test_anything_else_is_a_value_error(body: bytes) -> None:
    """Never another exception."""
    try:
        container = Container.from_inspect(body, engine="e", networks={}, warn=lambda _: None)
    except ValueError:
        return
    assert isinstance(json.loads(body)["Id"], str)
    assert container.id
