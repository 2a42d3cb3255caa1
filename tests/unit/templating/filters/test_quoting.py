"""Quoted values are one token that means the same, or are refused."""

from __future__ import annotations

import shlex
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from templating.errors import Refused
from templating.sandbox.filters.quoting import quote_nginx, quote_shell
from tests.support.examples import examples
from tests.unit.templating.support import container, render

SAFE_TEXT = st.text(st.characters(exclude_characters="$", exclude_categories=["Cc", "Cs"]))


def nginx_tokens(text: str) -> list[str]:
    """The tokens of one line as nginx's parser reads them: quotes, and the escapes that it drops."""
    tokens: list[str] = []
    current, quote, at = "", "", 0
    while at < len(text):
        sign = text[at]
        if sign == "\\" and at + 1 < len(text):
            after = text[at + 1]
            current += {"t": "\t", "r": "\r", "n": "\n"}.get(after, after if after in "\"'\\" else sign + after)
            at += 2
            continue
        if quote:
            if sign == quote:
                tokens.append(current)
                current, quote = "", ""
            else:
                current += sign
        elif sign in "\"'" and not current:
            quote = sign
        elif sign in " \t;{}":
            tokens += [current] if current else []
            tokens += [sign] if sign in ";{}" else []
            current = ""
        else:
            current += sign
        at += 1
    assert not quote, "an open quote"
    return tokens + ([current] if current else [])


@settings(max_examples=examples(60), deadline=None)
@given(SAFE_TEXT)
def test_nginx_reads_one_token_that_means_the_text(text: str) -> None:
    """Whatever the text, nothing of it ends the token or the directive."""
    assert nginx_tokens(f"server_name {quote_nginx(text)};") == ["server_name", text, ";"]


@settings(max_examples=examples(60), deadline=None)
@given(st.text(), st.sampled_from("$\n\r\0\x1b\x7f"), st.text())
def test_what_nginx_cannot_quote_is_refused(before: str, sign: str, after: str) -> None:
    """A variable or a control character anywhere in the text is an error that does not show it."""
    with pytest.raises(Refused) as refused:
        quote_nginx(before + sign + after)
    assert str(refused.value).startswith("quote_nginx: the value holds ")


@settings(max_examples=examples(60), deadline=None)
@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_a_shell_reads_one_word_that_means_the_text(text: str) -> None:
    """The quoted word is read back as it was."""
    assert shlex.split(f"echo {quote_shell(text)}") == ["echo", text]


@settings(max_examples=examples(25), deadline=None)
@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_the_real_shell_agrees(text: str) -> None:
    """`sh` prints what was quoted."""
    script = f"printf %s {quote_shell(text)}"
    assert subprocess.run(["/bin/sh", "-c", script], capture_output=True, check=True).stdout == text.encode()


def test_no_shell_word_holds_nul() -> None:
    """NUL is refused."""
    with pytest.raises(Refused):
        quote_shell("a\0b")


def test_the_filters_take_any_value() -> None:
    """Numbers and missing labels are texts, too."""
    template = "{{ 80 | quote_nginx }} {{ containers.first.labels.no | quote_nginx }} {{ none | quote_shell }}"
    assert render(template, container()) == '"80" "" None'
