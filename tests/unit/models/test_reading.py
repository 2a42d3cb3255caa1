"""Reading decoded JSON that may hold anything."""

from __future__ import annotations

from typing import Any

import pytest

from models.reading import FieldReader


@pytest.fixture
def warnings() -> list[str]:
    """What the reader warned of."""
    return []


@pytest.fixture
def reader(warnings: list[str]) -> FieldReader:
    """A reader of the container `web`."""
    return FieldReader("web", warnings.append)


PARENT: dict[str, Any] = {
    "text": "x", "flag": True, "object": {"a": 1}, "list": ["a", 1, None, {"b": 2}], "null": None, "number": 1.5,
}  # fmt: skip


def test_reads_what_is_of_its_type(reader: FieldReader, warnings: list[str]) -> None:
    """As it is, and silently."""
    assert reader.text(PARENT, "text") == "x"
    assert reader.flag(PARENT, "flag") is True
    assert reader.mapping(PARENT, "object") == {"a": 1}
    assert reader.sequence(PARENT, "list") == ["a", 1, None, {"b": 2}]
    assert warnings == []


@pytest.mark.parametrize("field", ["null", "absent"])
def test_null_and_absent_are_empty_and_silent(reader: FieldReader, warnings: list[str], field: str) -> None:
    """Both are legal."""
    assert reader.text(PARENT, field) == ""
    assert reader.flag(PARENT, field) is False
    assert reader.mapping(PARENT, field) == {}
    assert reader.sequence(PARENT, field) == reader.texts(PARENT, field) == []
    assert reader.mappings(PARENT, field) == []
    assert warnings == []


@pytest.mark.parametrize(
    ("kind", "field", "empty", "said"),
    [
        ("text", "number", "", "Config.number: expected a string, found a number"),
        (
            "flag",
            "text",
            False,
            "Config.text: expected true or false, found a string",
        ),
        ("mapping", "list", {}, "Config.list: expected an object, found a list"),
        (
            "sequence",
            "object",
            [],
            "Config.object: expected a list, found an object",
        ),
        ("text", "flag", "", "Config.flag: expected a string, found true or false"),
    ],
)
def test_another_type_is_empty_with_a_warning(  # noqa: PLR0917 - a table's columns and two fixtures
    reader: FieldReader, warnings: list[str], kind: str, field: str, empty: object, said: str
) -> None:
    """The warning names container and field, and never the value."""
    assert getattr(reader, kind)(PARENT, field, "Config.") == empty
    field_name, _, expected = said.partition(": ")
    assert warnings == [f"container web: {field_name} can't be read and is taken as empty: {expected}"]


def test_odd_elements_are_left_out(reader: FieldReader, warnings: list[str]) -> None:
    """Each with a warning, but for null."""
    assert reader.texts(PARENT, "list") == ["a"]
    assert [warning.partition(":")[2].split()[0] for warning in warnings] == ["list[]", "list[]"]
    assert reader.mappings(PARENT, "list") == [{"b": 2}]
    assert len(warnings) == 4
