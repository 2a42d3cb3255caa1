"""Which regular expressions may be handed on to another program."""

from __future__ import annotations

import pytest

from templating.sandbox.regex_portable import is_portable_regex
from tests.unit.templating.support import render


@pytest.mark.parametrize(
    "pattern",
    [
        r"^foo\.bar\..*\.nip\.io", r"^(www\.)?example\.(com|org)$", r"^/(app1|alternative1)/", r"\.(gif|png)$",
        r"^[a-z0-9-]+\.example\.com$", r"^\d{1,3}(?:\.\d{1,3}){3}$", r"^(?!internal\.).+$", r"a.*?b", r"[^/]+",
        r"[\].\-]", ".", "^$", "a" * 255, "x{0,500}", r"it's \"quoted\";", "a++",
    ],
)  # fmt: skip
def test_what_people_write_is_portable(pattern: str) -> None:
    """Anchors, classes, groups, alternatives, repetitions and look-ahead."""
    assert is_portable_regex(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        "", "(", ")", "[", "]", "a{", "}", "{1}", "*a", "a**", "a{2,1}", "(?<n>a)", "(?P<n>a)", "(?P=n)",
        "(a)\\1", "(?i)a", "(?#c)", "(?<=a)b", "(?<!a)b", "(?>a)", "(?R)", "(a)(?(1)b)", "\\", "\\Q", "\\x41",
        "\\p{L}", "\\é",
        "é", "\n", "a\tb", "\x7f", "[z-a]", "[\\d-z]", "[[:alpha:]]", "[a--b]", "[a&&b]", "[é]", "[]", "a" * 256,
        "(a{999}){999}",
        "((a{99}){99}){99}", "(" * 300, "(*UTF8)a", "^*", "a{1000}", "$host\n",
    ],
)  # fmt: skip
def test_what_is_wrong_or_differs_is_not(pattern: str) -> None:
    """Malformed, huge, or understood otherwise elsewhere."""
    assert not is_portable_regex(pattern)


def test_templates_ask_with_a_test() -> None:
    """`is portable_regex` takes any value; what is missing is no regular expression."""
    assert (
        render("{{ '^a$' is portable_regex }} {{ '(' is portable_regex }} {{ 80 is portable_regex }}")
        == "True False True"
    )


def test_a_quoted_one_keeps_its_dollar() -> None:
    """`quote_nginx(dollar=true)` leaves a `$` as it is, and escapes all else as ever."""
    # In the template's text literal two backslashes are one.
    assert render(r"{{ '^a\\.\"$' | quote_nginx(dollar=true) }}") == r'"^a\\.\"$"'
