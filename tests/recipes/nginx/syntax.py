"""nginx's configuration taken apart as nginx does it, so that a test sees what is a directive and what is a value."""

from __future__ import annotations

from typing import Any

Directive = tuple[str, list[str], list[Any]]


def parse(text: str) -> list[Directive]:
    """Directives as (name, words, directives inside)."""
    tokens = _tokens(text)
    top, end = _block(tokens, 0)
    assert end == len(tokens), "a block is closed that was not opened"
    return top


def _block(tokens: list[tuple[str, bool]], at: int) -> tuple[list[Directive], int]:
    found: list[Directive] = []
    words: list[str] = []
    while at < len(tokens):
        text, quoted = tokens[at]
        at += 1
        if quoted or text not in {";", "{", "}"}:
            words.append(text)
        elif text == "}":
            return found, at
        else:
            inside: list[Directive] = []
            if text == "{":
                inside, at = _block(tokens, at)
            found.append((words[0], words[1:], inside))
            words = []
    return found, at


def _tokens(text: str) -> list[tuple[str, bool]]:
    """Words and signs; True for a word that was quoted."""
    found: list[tuple[str, bool]] = []
    at = 0
    while at < len(text):
        sign = text[at]
        if sign in " \t\r\n":
            at += 1
        elif sign == "#":
            at = text.find("\n", at)
            at = len(text) if at < 0 else at
        elif sign in ";{}":
            found.append((sign, False))
            at += 1
        else:
            word, at, quoted = _word(text, at)
            found.append((word, quoted))
    return found


def _word(text: str, at: int) -> tuple[str, int, bool]:
    quote = text[at] if text[at] in "\"'" else ""
    start = at = at + len(quote)
    word = ""
    while at < len(text):
        sign = text[at]
        if (quote and sign == quote) or (not quote and sign in " \t\r\n;{"):
            break
        if sign == "\\" and text[at + 1] in "\"'\\":
            at += 1
        word += text[at]
        at += 1
    assert at > start or quote, "an empty word"
    return word, at + len(quote), bool(quote)
