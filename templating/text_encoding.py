"""Text as people save it: UTF-8, with or without the byte order mark that Windows' editors begin it with."""

from __future__ import annotations

import codecs

_OTHER_MARKS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
"""The longer ones first: the mark of UTF-32 begins with that of UTF-16."""

_TWO_CHARACTERS = 4  # bytes, in UTF-16
_ASCII_MAX = 0x7F


def without_mark(content: bytes) -> bytes:
    """The content without UTF-8's byte order mark at its start."""
    return content.removeprefix(codecs.BOM_UTF8)


def other_encoding(content: bytes) -> str:
    """`UTF-16` or `UTF-32`, where it is written in one of these, else ''.

    Both are told by a mark that something follows, UTF-16 without one by its first two characters if they are of ASCII.
    """
    for mark, name in _OTHER_MARKS:
        if content.startswith(mark) and len(content) > len(mark):
            return name
    first = content[:_TWO_CHARACTERS]
    is_wide = len(first) == _TWO_CHARACTERS and any(
        not any(zeros) and all(0 < each <= _ASCII_MAX for each in letters)
        for letters, zeros in ((first[::2], first[1::2]), (first[1::2], first[::2]))
    )
    return "UTF-16" if is_wide else ""


def decoded(content: bytes) -> str:
    """A text that has to be one.

    Raises:
        ValueError: it is not UTF-8; the message is the end of a sentence that begins with what it is.
    """
    name = other_encoding(content)
    if name:
        raise ValueError(f"is {name}, not UTF-8; save it as UTF-8")
    try:
        return without_mark(content).decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError("is not UTF-8 text") from None
