"""Read-only mappings that answer in any case."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.mapping import CaseMapping, TextMapping


def test_exact_spelling_comes_first() -> None:
    """Keys that differ by case alone are all reachable."""
    labels = CaseMapping({"Foo": 1, "foo": 2, "FOO": 3})
    assert (labels["Foo"], labels["foo"], labels.FOO) == (1, 2, 3)


def test_else_the_first_in_sorted_order() -> None:
    """Upper-case letters sort first."""
    labels = CaseMapping({"foo": 2, "Foo": 1})
    assert labels["fOO"] == 1
    assert labels.foO == 1


def test_case_is_folded_beyond_ascii() -> None:
    """Non-ASCII labels are found in any case, too."""
    assert CaseMapping({"Größe": 1})["GRÖSSE"] == 1


def test_answers_as_in_docker_pygen() -> None:
    """Attributes ignore case, in either direction."""
    env = CaseMapping({"PYGEN_TARGET": "x", "other": 1})
    assert (env.PYGEN_TARGET, env.pygen_target, env.Other) == ("x", "x", 1)


def test_a_key_that_is_a_methods_name_answers_as_a_key() -> None:
    """The attribute is the method."""
    labels = CaseMapping({"items": "a", "get": "b"})
    assert labels["items"] == "a"
    assert labels["GET"] == "b"
    assert list(labels.items()) == [("get", "b"), ("items", "a")]


@pytest.mark.parametrize("key", ["missing", "", 1, None])
def test_a_missing_key_is_a_key_error(key: Any) -> None:
    """In no case, and for what is no text either."""
    with pytest.raises(KeyError):
        CaseMapping({"a": 1})[key]
    assert key not in CaseMapping({"a": 1})


def test_a_missing_attribute_is_an_attribute_error() -> None:
    """So that `getattr` with a default works."""
    assert getattr(CaseMapping({"a": 1}), "b", "default") == "default"


def test_python_protocols_are_never_data() -> None:
    """A label cannot pass itself off as markup."""
    labels = CaseMapping({"__html__": "x"})
    assert not hasattr(labels, "__html__")
    assert labels["__html__"] == "x"


def test_iterates_in_sorted_order() -> None:
    """Two equal states read alike."""
    labels = CaseMapping({"b": 1, "a": 2})
    assert list(labels) == list(labels.keys()) == ["a", "b"]
    assert list(labels.values()) == [2, 1]
    assert repr(labels) == str(labels) == "{'a': 2, 'b': 1}"


def test_cannot_be_changed() -> None:
    """Not by attributes, items, nor through the data that it was made of, nor as a dict."""
    data = {"a": 1}
    labels: Any = CaseMapping(data)
    data["a"] = 2
    with pytest.raises(AttributeError, match="read-only"):
        labels.a = 3
    with pytest.raises(AttributeError, match="read-only"):
        del labels.a
    with pytest.raises(TypeError):
        labels["a"] = 3
    with pytest.raises(TypeError):
        dict.update(labels, a=3)
    with pytest.raises(TypeError):
        labels.items().mapping["a"] = 3
    assert labels["a"] == 1


def test_equals_a_dictionary_of_the_same_content() -> None:
    """Like a dict, and therefore without a hash."""
    labels = CaseMapping({"a": 1})
    assert labels == {"a": 1}
    assert labels == CaseMapping({"a": 1})
    assert labels != CaseMapping({"A": 1})
    assert labels != 5
    assert isinstance(labels, Mapping)
    with pytest.raises(TypeError):
        hash(labels)


def test_a_copy_is_itself() -> None:
    """What can't be changed needs no copy."""
    labels = CaseMapping({"a": 1})
    assert copy.copy(labels) is labels
    assert copy.deepcopy(labels) is labels


def test_an_unfinished_mapping_does_not_recurse() -> None:
    """One whose data is not there yet, as unpickling makes it, has no attributes, and says so."""
    shell: Any = CaseMapping.__new__(CaseMapping)
    with pytest.raises(AttributeError):
        _ = shell.a


def test_get_has_a_default() -> None:
    """None for mappings, the empty text for texts."""
    assert CaseMapping({"A": 1}).get("a") == 1
    assert CaseMapping({"A": 1}).get("b") is None
    assert TextMapping({"A": "x"}).get("a") == "x"
    assert TextMapping({}).get("b") == ""
    assert TextMapping({}).get("b", "d") == "d"


@given(st.dictionaries(st.text(max_size=5), st.integers()), st.text(max_size=5))
def test_finds_what_a_search_of_all_keys_finds(data: dict[str, int], key: str) -> None:
    """Exactly the rule: the key itself, else the first in sorted order that is alike without case."""
    alike = [each for each in sorted(data) if each.casefold() == key.casefold()]
    expected = data[key] if key in data else data[alike[0]] if alike else None
    assert CaseMapping(data).get(key) == expected
    assert (key in CaseMapping(data)) is (expected is not None)
