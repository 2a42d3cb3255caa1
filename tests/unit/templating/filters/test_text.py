"""Texts taken apart, hashed, searched, replaced and sorted."""

from __future__ import annotations

import hashlib
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from templating.sandbox.filters.text import natural_key, split_list
from tests.support.examples import examples
from tests.unit.templating.support import container, failure_of, render


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("'a,b,,c' | split(',')", "['a', 'b', '', 'c']"),
        ("' a  b ' | split", "['a', 'b']"),
        ("'a,b,c' | split(',', 1)", "['a', 'b,c']"),
        ("' a , b,, c ,' | split_list", "['a', 'b', 'c']"),
        ("'a;b' | split_list(';')", "['a', 'b']"),
        ("'' | split_list", "[]"),
        ("'/api' | sha1", hashlib.sha1(b"/api").hexdigest()),
        ("'ü' | sha1", hashlib.sha1("ü".encode()).hexdigest()),
        ("'web-12' | regex_search('[0-9]+')", "12"),
        ("'web' | regex_search('[0-9]+')", ""),
        ("'WEB' | regex_search('web', ignorecase=true)", "WEB"),
        ("'a\\nb' | regex_search('^b$', multiline=true)", "b"),
        ("'host:80' | regex_search('(.*):([0-9]+)', 2, '\\\\1')", "['80', 'host']"),
        ("'host:80' | regex_search('(?P<p>[0-9]+)', 'p', '\\\\g<p>')", "['80', '80']"),
        ("'host' | regex_search('(x)?host', 1)", "['']"),
        ("'host' | regex_search('(x)', 1)", "[]"),
        ("'a1b22' | regex_replace('[0-9]+', '#')", "a#b#"),
        ("'a1b22' | regex_replace('[0-9]+')", "ab"),
        ("'web-1' | regex_replace('(\\\\w+)-(\\\\d)', '\\\\2.\\\\1')", "1.web"),
        ("'aaa' | regex_replace('a', 'b', count=2)", "bba"),
        ("'AAA' | regex_replace('a', 'b', ignorecase=true)", "bbb"),
        ("['web-10', 'web-2', 'Web-1'] | natural_sort", "['Web-1', 'web-2', 'web-10']"),
        ("[10, 9, 'a'] | natural_sort(reverse=true)", "['a', 10, 9]"),
        ("[{'n': 'b10'}, {'n': 'b9'}] | natural_sort('n')", "[{'n': 'b9'}, {'n': 'b10'}]"),
        ("[{'n': {'m': 2}}, {'n': {'m': 1}}] | natural_sort(attribute='n.m') | map(attribute='n.m') | list", "[1, 2]"),
    ],
)
def test_text_filters(expression: str, expected: str) -> None:
    """The filters do what their manual says."""
    assert render(f"{{{{ {expression} }}}}", container()) == expected


@pytest.mark.parametrize("expression", ["'a' | split('')", "'a' | split_list('')", "'a' | regex_search('[')"])
def test_impossible_arguments_are_template_errors(expression: str) -> None:
    """An empty separator or a broken pattern is told."""
    assert failure_of(f"{{{{ {expression} }}}}").line == 1


@settings(max_examples=examples(60), deadline=None)
@given(st.lists(st.tuples(st.text("abAB-. ", max_size=5), st.integers(0, 10**30))))
def test_numbers_in_texts_sort_by_their_value(parts: list[tuple[str, int]]) -> None:
    """Texts that differ in a number only are in the order of the numbers, of any length."""
    texts = sorted((f"{text}{number}{text}" for text, number in parts), key=natural_key)
    for text in {text for text, _ in parts}:
        pattern = re.compile(re.escape(text) + r"([0-9]+)" + re.escape(text))
        found = [int(match[1]) for each in texts if (match := pattern.fullmatch(each))]
        assert found == sorted(found)


@settings(max_examples=examples(60), deadline=None)
@given(st.lists(st.text()))
def test_natural_sort_is_a_total_order(texts: list[str]) -> None:
    """The same texts in any order give the same list, and none is lost."""
    shuffled = texts[::-1]
    once = sorted(texts, key=natural_key)
    assert sorted(shuffled, key=natural_key) == once
    assert sorted(once) == sorted(texts)


@settings(max_examples=examples(60), deadline=None)
@given(st.lists(st.text(st.characters(exclude_characters=","))), st.text(" \t", max_size=2))
def test_a_list_in_a_text_is_read_back(parts: list[str], blanks: str) -> None:
    """What was joined with commas and blanks is there again, trimmed, without the empty parts."""
    joined = f"{blanks},{blanks}".join(parts)
    assert split_list(joined) == [part.strip() for part in parts if part.strip()]
