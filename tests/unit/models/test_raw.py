"""A container as docker-py shows it."""

from __future__ import annotations

import inspect
import json
from typing import Any

import pytest
from docker.models.containers import Container as DockerContainer

from models.raw import ENGINE_CALLS, EngineCallRefused, RawMapping, read_only
from tests.unit.models.bodies import WEB_ID, attrs, read


def test_has_what_docker_py_has() -> None:
    """The same values for the same answer."""
    raw, expected = read().raw, DockerContainer(attrs=attrs())
    assert raw.attrs == expected.attrs
    assert (raw.id, raw.short_id, raw.name) == (expected.id, expected.short_id, expected.name)
    assert raw.labels == expected.labels
    assert (raw.status, raw.health) == (expected.status, expected.health)
    assert raw.ports == expected.ports
    assert repr(raw) == "<Container: a1b2c3d4e5f6>"


def test_whatever_else_docker_py_has_is_refused() -> None:
    """It would call the engine: every public name is either a value here or such a refusal."""
    raw: Any = read().raw
    names = {name for name, _ in inspect.getmembers(DockerContainer) if not name.startswith("_")}
    values = {"attrs", "id", "short_id", "name", "labels", "status", "health", "ports"}
    assert names - values - {"id_attribute"} == ENGINE_CALLS - {"client", "collection"}
    for name in ENGINE_CALLS:
        with pytest.raises(EngineCallRefused, match=f"raw.{name} would call the engine"):
            getattr(raw, name)


def test_an_unknown_name_is_an_attribute_error() -> None:
    """Not a refusal: docker-py does not have it either."""
    assert not hasattr(read().raw, "nonsense")
    assert not hasattr(read().raw, "__html__")


def test_attrs_answer_in_any_case() -> None:
    """As mappings do elsewhere, down to the last."""
    found: Any = read().raw.attrs
    assert found.Config.Hostname == found["config"]["hostname"] == "a1b2c3d4e5f6"
    assert found.NetworkSettings.Ports["80/tcp"].first.HostPort == "8080"
    assert found.State.health.status == "healthy"
    assert "config" in found
    assert found.get("nonsense") is None


def test_of_keys_alike_the_first_in_sorted_order_is_meant() -> None:
    """Though the engine wrote them in another."""
    labels = read({"Config/Labels": {"b": "1", "B": "2"}}).raw.attrs["Config"]["Labels"]
    assert list(labels) == ["b", "B"]
    assert (labels["b"], labels["B"]) == ("1", "2")
    found = read_only({"foo": 1, "Foo": 2})
    assert found["FOO"] == 2


def test_attrs_read_like_a_dictionary_in_the_engines_order() -> None:
    """Keys, values and items lead to read-only values."""
    found = read().raw.attrs
    assert list(found) == list(found.keys()) == list(attrs())
    assert list(found.values()) == list(attrs().values())
    assert list(found.items()) == list(attrs().items())
    assert all(isinstance(value, RawMapping) for key, value in found.items() if key in {"Config", "State"})


def test_attrs_cannot_be_changed() -> None:
    """At any depth, by any way that leads there."""
    found: Any = read().raw.attrs
    before = json.dumps(attrs())
    for change in (
        lambda: found.update(Name="/other"),
        lambda: dict.update(found, Name="/other"),
        lambda: found.Config.pop("Env"),
        lambda: found.Config.Env.append("A=b"),
        lambda: list.append(found.Mounts, {}),
        lambda: found.Mounts[0].update(Source="/"),
        lambda: found.keys().mapping["Config"],
        lambda: found.items().mapping["Config"],
        lambda: setattr(found, "Name", "/other"),
        lambda: setattr(read().raw, "name", "other"),
    ):
        with pytest.raises((AttributeError, TypeError)):
            change()
    assert found == read().raw.attrs
    assert json.dumps(attrs()) == before


def test_lists_in_lists_are_read_only() -> None:
    """All the way down."""
    found = read_only([[1, [2]], {"a": [3]}])
    assert found == [[1, [2]], {"a": [3]}]
    assert not any(isinstance(each, list) for each in (found, found[0], found[0][1], found[1]["a"]))


@pytest.mark.parametrize("settings", [None, {}, {"Ports": None}, "odd"])
def test_ports_of_an_odd_answer_are_empty(settings: Any) -> None:
    """Nothing is raised for what docker-py would trip over."""
    assert not read({"NetworkSettings": settings}, []).raw.ports


def test_two_are_equal_when_the_engine_said_the_same() -> None:
    """And may be kept in sets."""
    assert read().raw == read().raw
    assert {read().raw, read().raw} == {read().raw}
    assert read().raw != read({"Created": "later"}).raw
    assert read().raw != WEB_ID
