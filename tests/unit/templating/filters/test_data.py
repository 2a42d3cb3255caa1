"""JSON and YAML written and read."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from models.snapshot import Snapshot
from templating.sandbox.filters.data import plain
from templating.sandbox.rendering import Rendering, Text
from tests.support.examples import examples
from tests.unit.models.bodies import NETWORK_ID, attrs, read
from tests.unit.templating.support import container, failure_of, render, rendering

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
DATA = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
TO_JSON = rendering("{{ v | to_json }}")
TO_YAML = rendering("{{ v | to_yaml }}")
ROUND = rendering("{{ v | from_yaml | to_json }}")


def given_(made: Rendering, value: Any) -> str:
    """What a template makes of one value."""
    outcome = made.render({"v": value})
    assert isinstance(outcome, Text), str(outcome)
    return outcome.text.decode()


@settings(max_examples=examples(60), deadline=None)
@given(DATA)
def test_json_is_read_back_as_it_was(data: Any) -> None:
    """Any data comes back, with sorted keys, on one line."""
    text = given_(TO_JSON, data)
    assert json.loads(text) == data
    assert "\n" not in text


@settings(max_examples=examples(60), deadline=None)
@given(DATA)
def test_yaml_is_read_back_as_it_was(data: Any) -> None:
    """Any data comes back through YAML, by the library and by the filter."""
    text = given_(TO_YAML, data)
    assert YAML(typ="safe", pure=True).load(text) == data
    assert json.loads(given_(ROUND, text)) == data


@pytest.mark.parametrize(
    "sign", list("\x00\x07\t\n\r\x1b\x7f\x85\xa0\u2028\u2029\ufeff\ufffe\U0001f600'\"\\#:-?{}[]&*!|>%@` ~")
)
def test_every_odd_sign_survives_yaml(sign: str) -> None:
    """Signs that YAML folds, quotes or takes for its own are read back as they were, wherever they stand."""
    for text in (sign, f"{sign}a", f"a{sign}", f"a{sign}b", f"a {sign} b", f"a{sign}{sign}b"):
        data = {"k": [text, {text: text}]}
        assert YAML(typ="safe", pure=True).load(given_(TO_YAML, data)) == data


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("{'b': 1, 'a': [true, none, 1.5, 'ü']} | to_json", '{"a": [true, null, 1.5, "ü"], "b": 1}'),
        ("{'a': [1]} | to_json(2)", '{\n  "a": [\n    1\n  ]\n}'),
        ("containers.first.labels | to_json", '{"k": "v"}'),
        ("containers.first.ports | to_json", '{"sctp": [], "tcp": [80], "udp": []}'),
        ("[1] | map('string') | to_json", '["1"]'),
        ("(containers.first | to_json | from_yaml).name", "web"),
        ("(containers.first.raw | to_json | from_yaml).Name", "/web"),
        ("{'b': 1, 'a': ['x', 'y: z']} | to_yaml", "a:\n- x\n- 'y: z'\nb: 1\n"),
        ("'text' | to_yaml", "text\n"),
        ("'a: [1, x]' | from_yaml", "{'a': [1, 'x']}"),
        ("'yes' | from_yaml", "yes"),
        ("'2001-01-01' | from_yaml", "2001-01-01"),
        ("'' | from_yaml", "None"),
        ("{'a': '<&>'} | tojson", '{"a": "\\u003c\\u0026\\u003e"}'),
        ("{1: 'a', true: 'b', none: 'c'} | to_json", '{"1": "b", "null": "c"}'),
    ],
)
def test_data_filters(expression: str, expected: str) -> None:
    """Model values are data, keys are sorted, YAML is 1.2."""
    assert render(f"{{{{ {expression} }}}}", container(labels={"k": "v"}, ports=["80/tcp"])) == expected


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("'a: 1\\na: 2' | from_yaml", "the same key twice"),
        ("'{a: 1, a: 1}' | from_yaml", "the same key twice"),
        ("'a: [' | from_yaml", "not one YAML document"),
        ("'a\\n---\\nb' | from_yaml", "not one YAML document"),
        ("'!!python/object:os.system x' | from_yaml", "not one YAML document"),
        ("'{[a]: 1}' | from_yaml", "cannot be the key"),
        ("range | to_json", "cannot be written as data"),
        ("'inf' | float | to_json", "infinity"),
        ("{(1, 2): 3} | to_json", "cannot be the key"),
        ("[1] | to_json(100)", "at most 64"),
    ],
)
def test_what_is_no_data_is_a_template_error(expression: str, reason: str) -> None:
    """Duplicate keys, several documents, tags and functions are refused, without their content."""
    assert reason in failure_of(f"{{{{ {expression} }}}}").message


def test_a_container_is_a_dictionary_of_its_fields() -> None:
    """Without `raw`, and plain all the way down; a list of containers is a list of these."""
    container = read()
    found = plain(container)
    assert set(found) == set(container) - {"raw"}
    assert json.loads(json.dumps(found)) == found
    assert found["networks"][0]["id"] == NETWORK_ID
    assert found["ports"] == {"sctp": [], "tcp": [80, 443], "udp": [53]}
    assert found["compose"] == {"project": "shop", "service": "web", "number": 1}
    assert plain(Snapshot.of([container]).containers) == [found]


def test_raw_is_copied_as_the_engine_wrote_it() -> None:
    """Changing the copy changes nothing that the next template sees."""
    found = plain(read().raw)
    assert found == plain(read().raw.attrs) == attrs()
    found["Config"]["Env"].append("A=b")
    found["State"].clear()
    assert plain(read().raw) == attrs()


@pytest.mark.processes
def test_a_yaml_bomb_is_refused() -> None:
    """Aliases of aliases fill the memory that a render may take, and no more."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    text = "\\n".join(lines)
    assert "memory" in failure_of(f"{{{{ '{text}' | from_yaml }}}}", time_limit_s=120).message
