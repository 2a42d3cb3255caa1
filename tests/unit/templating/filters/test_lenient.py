"""What containers write, read without an error."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from templating.sandbox.filters.lenient import LENGTH_MAX, YAML_LENGTH_MAX, try_yaml, usual_address
from tests.unit.templating.support import container, render

_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


@given(value=_VALUES)
def test_json_is_read_as_it_was_written(value: Any) -> None:
    """Whatever JSON can say."""
    assert try_yaml(json.dumps(value)) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a.test:", {"a.test": None}),
        ('a.test:\n  "/":\n    port: 8000\n    dest: /x\n', {"a.test": {"/": {"port": 8000, "dest": "/x"}}}),
        ("{a.test: {/: {port: '80'}}}", {"a.test": {"/": {"port": "80"}}}),
        ("base: &base {port: 1}\nother: *base\n", {"base": {"port": 1}, "other": {"port": 1}}),
        ("when: 2020-01-01", {"when": "2020-01-01"}),
    ],
)
def test_yaml_is_read(text: str, value: Any) -> None:
    """With what its writers use: no body, flow style, anchors."""
    assert try_yaml(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "a: 1\na: 2", '{"a": 1, "a": 2}', "a: [1", "a: 1\n--- \nb: 2", "!!python/object:os.system {}", "a: !x 1",
        "\0", "a: NaN\n\tb", '{"a": NaN}', "a\nb:", "{" * 5000, "[" * 100_000, "- " * 30 + "x", "? [1]\n: 2", "a: *b",
        "2020-01-01: 1",
        "x" * (LENGTH_MAX + 1), "x" * (YAML_LENGTH_MAX + 1), "[" + "a," * 5000 + "]", "[{" * 51 + "}]" * 51,
        "\udcff: 1\n- 2", "1e999999999999: !!int x",
        "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
        + "".join(f"{b}: &{b} [{', '.join([f'*{a}'] * 10)}]\n" for a, b in zip("abcdef", "bcdefg", strict=True)),
    ],
)  # fmt: skip
def test_what_is_not_one_document_is_nothing(text: str) -> None:
    """Repeated keys, tags, what is cut off, several documents, and what is too large, too deep or grows."""
    assert try_yaml(text) is None


def test_json_is_read_where_yaml_would_be_too_long() -> None:
    """Its parser is fast, so the limit is four times as high."""
    numbers = list(range(8000))
    assert try_yaml(json.dumps(numbers)) == numbers
    assert try_yaml(json.dumps(numbers) + " # the same as YAML") is None


def test_what_takes_a_parser_of_yaml_long_is_not_given_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """One container's brackets would take the time that all containers have, render after render."""
    asked: list[str] = []

    def parse(_: YAML, text: str) -> tuple[()]:
        asked.append(text)
        return ()

    monkeypatch.setattr(YAML, "parse", parse)
    assert try_yaml("{" * 5000) is None
    assert asked == []
    assert try_yaml("a: {b: [1, 2]} # asked") == {"a": {"b": [1, 2]}}
    assert asked == ["a: {b: [1, 2]} # asked"]


@given(text=st.text(st.characters(), max_size=40) | st.text("{}[]:,-&*!|>?#%@`'\" \n\tab01~.", max_size=30))
def test_no_text_is_an_error(text: str) -> None:
    """Whatever it is, reading ends with a value or with nothing."""
    try_yaml(text)


def test_a_result_is_the_callers_own() -> None:
    """What one render does to it is not seen by the next, though the text is parsed once."""
    first = try_yaml("a: {b: [1]}")
    first["a"]["b"].append(2)
    assert try_yaml("a: {b: [1]}") == {"a": {"b": [1]}}


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("FD00:0:0::0001", "fd00::1"), (" 10.1.2.3 ", "10.1.2.3"), ("::1", "::1"),
        ("010.1.2.3", ""), ("1.2.3", ""), ("fe80::1%eth0", ""), ("1", ""), ("", ""), ("::1]", ""), ("٣.1.1.1", ""),
    ],
)  # fmt: skip
def test_addresses(text: str, form: str) -> None:
    """One form for each address, and nothing for what is none."""
    assert usual_address(text) == form


def test_templates_see_nothing_as_undefined() -> None:
    """It is false, and `default` takes its place; a missing variable is no document either."""
    shown = "{% for name in ('A', 'B') %}{{ (containers[0].env[name]|try_yaml).x is defined }} {% endfor %}"
    shown += "{{ 'x'|usual_address|default('-') }}"
    assert render(shown, container(env=["A=x: 1"]), strict=True) == "True False -"
