"""Regular expressions that may be handed on to a server: those that its engine certainly takes.

A template that writes a container's regular expression into another program's configuration has to know beforehand
that the program can compile it, or one bad value costs all hosts their next change. Judged on the safe side: what
Python's `re` and PCRE have in common and understand alike. Left out are, above all, named groups, which become
variables of nginx's and could take the place of others, look-behind, back-references and what is not ASCII.
"""

from __future__ import annotations

import re
from functools import lru_cache

_LENGTH_MAX = 255
_SIZE_MAX = 60_000
"""PCRE compiles into at most 64 KiB."""
_BYTES_PER_CHARACTER = 8
_BYTES_PER_CLASS = 34

_ESCAPE = r"\\(?:[dDwWsSbB]|[!-/:-@\[-`{-~])"
_CLASS_ITEM = rf"(?:[A-Za-z0-9 _.,:;@%+=~/*?!&#'\"<>|(){{}}$-]|{_ESCAPE})"
# Reserved: a later Python takes these for operations on sets.
_SET_OPERATION = re.compile(r"--|&&|\|\||~~")
_TOKENS = re.compile(
    rf"{_ESCAPE}"
    rf"|(?P<cls>\[\^?{_CLASS_ITEM}+\])"
    r"|\((?:\?[:=!]|(?!\?))"
    r"|\{(?P<least>[0-9]{1,3})(?:,(?P<most>[0-9]{0,3}))?\}\??"
    r"|[*+?]\??"
    r"|[^\\\[\]{}()*+?\x00-\x1f\x7f-\U0010ffff]"
    r"|\)",
)


@lru_cache(maxsize=4096)
def is_portable_regex(pattern: str) -> bool:
    """Whether a regular expression is one that Python and PCRE both take, with the same meaning."""
    return 0 < len(pattern) <= _LENGTH_MAX and _size(pattern) <= _SIZE_MAX and _compiles(pattern)


def _size(pattern: str) -> int:
    """An upper bound of what PCRE makes of a pattern, in bytes; more than is allowed where a part is not known."""
    end, classes, times = 0, 0, 1
    for token in _TOKENS.finditer(pattern):
        if token.start() != end or _SET_OPERATION.search(token["cls"] or ""):
            break
        end = token.end()
        classes += token["cls"] is not None
        times *= max(int(token["most"] or 0), int(token["least"] or 0), 1)
    if end != len(pattern):
        return _SIZE_MAX + 1
    return times * (len(pattern) * _BYTES_PER_CHARACTER + classes * _BYTES_PER_CLASS)


def _compiles(pattern: str) -> bool:
    try:
        re.compile(pattern, re.ASCII)
    except (re.error, OverflowError, RecursionError):
        return False
    return True
