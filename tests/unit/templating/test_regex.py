"""Which patterns may be slow is known beforehand, and those run where they can be ended."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from templating import regex_matching
from templating.errors import LimitExceeded, WrongUse
from templating.regex import Regex
from templating.regex_cost import STEPS_MAX, shape_of, steps_max
from templating.regex_matching import Flags

PLAIN = Flags()


@pytest.mark.parametrize(
    "pattern",
    [
        "abc",
        "^web-[0-9]+$",
        r"(\w+)-(\d+)\.(.*)$",
        "a|b|c",
        "(?:ab){3}",
        "[a-z]{2,5}x?",
        r"\bfoo\b",
        "(?i)a+",
        "(?=a)a",
    ],
)
def test_ordinary_patterns_run_in_place(pattern: str) -> None:
    """Names, hosts and lists of a usual length are matched without a process."""
    assert steps_max(pattern, 100) <= STEPS_MAX


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+$",
        "(a|aa)+$",
        "(a*)*b",
        "((a?)b?)+c",
        "([a-z]+)*$",
        "(x+x+)+y",
        "(?:a+){10}",
        r"(.*)\1+b",
        "(a?){40}a{40}",
    ],
)
def test_explosive_patterns_do_not(pattern: str) -> None:
    """A repetition of what can match in several ways is never run in place on a text of some length."""
    assert steps_max(pattern, 40) > STEPS_MAX


@pytest.mark.parametrize(("pattern", "length"), [("a*a*a*a*b", 1000), (".*x", 100_000), ("a?" * 40 + "a" * 40, 40)])
def test_long_texts_and_many_choices_do_not(pattern: str, length: int) -> None:
    """Repetitions side by side multiply the length of the text, bounded choices each other."""
    assert steps_max(pattern, length) > STEPS_MAX


@pytest.mark.filterwarnings("ignore:Possible (nested set|set):FutureWarning")
@settings(max_examples=80, deadline=None)
@given(st.from_regex(r"[ab(|)*+?.{},0-9\\\[\]^$]{0,12}", fullmatch=True))
def test_every_pattern_has_a_cost_or_is_none(pattern: str) -> None:
    """What Python compiles has a shape, and what it refuses is refused in the same way."""
    try:
        re.compile(pattern)
    except (re.error, OverflowError):
        with pytest.raises((re.error, OverflowError)):
            shape_of(pattern)
    else:
        assert steps_max(pattern, 10) > 0


def test_both_ways_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """A search or a replacement gives the same in place and in a process, odd signs included."""
    text = "ünï\ud800\n'\"\\x 12-34"
    in_place, elsewhere = Regex(), Regex()

    def all_of(regex: Regex) -> list[object]:
        return [
            regex.search("[0-9]+", text, [], PLAIN),
            regex.search("([0-9])([0-9])", text, [1, 2], PLAIN),
            regex.search("zzz", text, [1], PLAIN),
            regex.search("^'", text, [], Flags(multi_line=True)),
            regex.replace("([0-9])", r"<\1>", text, 2, PLAIN, 1000),
        ]

    expected = all_of(in_place)
    monkeypatch.setattr("templating.regex.STEPS_MAX", -1)
    try:
        assert all_of(elsewhere) == expected
        with pytest.raises(LimitExceeded):
            elsewhere.replace("[0-9]", "x" * 10, text, 0, PLAIN, 5)
        with pytest.raises(WrongUse, match="no such group"):
            elsewhere.search("[0-9]", text, [7], PLAIN)
    finally:
        elsewhere.close()


def test_the_process_ends_with_the_render(monkeypatch: pytest.MonkeyPatch) -> None:
    """After `close` it is gone, and a later search starts another."""
    monkeypatch.setattr("templating.regex.STEPS_MAX", -1)
    regex = Regex()
    for _ in range(2):
        assert regex.search("a", "ba", [], PLAIN) == "a"
        worker = regex._worker
        assert worker is not None
        regex.close()
        assert worker.returncode is not None
        assert not Path(f"/proc/{worker.pid}").exists()
    regex.close()


def test_a_process_that_cannot_be_started_or_ends_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither leaves the render without a reason."""
    monkeypatch.setattr("templating.regex.STEPS_MAX", -1)
    regex = Regex()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "executable", "/no/such/python")
        with pytest.raises(LimitExceeded, match="cannot be started: No such file"):
            regex.search("a", "a", [], PLAIN)
    with monkeypatch.context() as patch:
        patch.setattr(regex_matching, "__file__", os.devnull)
        with pytest.raises(LimitExceeded, match="ended"):
            regex.search("a", "a", [], PLAIN)
    regex.close()
