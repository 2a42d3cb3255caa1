"""Values written as text, and never as the place in memory where Python keeps them.

Python writes a function, a generator and many other objects with their address, which differs from start to start and
tells an attacker something. Whatever turns a value into text asks here first.
"""

from __future__ import annotations

from typing import Any

from jinja2.runtime import Undefined
from jinja2.utils import Namespace
from markupsafe import Markup

from templating.errors import TemplateUsageError
from templating.sandbox.undefined import Blank

_PLAIN = frozenset({str, int, float, bool, type(None), bytes, range, slice, complex, Markup})
_EMPTY: dict[str, str] = {}
_VIEWS = (type(_EMPTY.keys()), type(_EMPTY.values()), type(_EMPTY.items()))
_SEQUENCES = (list, tuple, set, frozenset, *_VIEWS)


def text_of(value: Any) -> str:
    """A value as `{{ }}` writes it.

    Raises:
        TemplateUsageError: Python would write an address.
    """
    if type(value) is str:
        return value
    refuse_addresses(value)
    return str(value)


def refuse_addresses(value: Any) -> None:
    """Look through lists, tuples, sets and mappings, each once.

    Raises:
        TemplateUsageError: the text of the value, or of something in it, would hold an address.
    """
    seen: set[int] = set()
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if type(item) in _PLAIN or id(item) in seen:
            continue
        if isinstance(item, dict):
            parts: Any = [part for pair in item.items() for part in pair]
        elif isinstance(item, _SEQUENCES):
            parts = item
        else:
            _refuse_address(item)
            continue
        seen.add(id(item))
        waiting.extend(parts)


def _refuse_address(item: object) -> None:
    # Jinja's own kind is what `{{ 'a' if x }}` gives where x is false.
    if isinstance(item, Undefined) or type(item).__module__.partition(".")[0] == "models":
        return
    if callable(item):
        raise TemplateUsageError("a function or macro is written as text; are its brackets missing?")
    if hasattr(type(item), "__next__"):
        raise TemplateUsageError(
            "the result of map, select or the like is written as text; join it, or make a list of it"
        )
    if isinstance(item, Namespace):
        raise TemplateUsageError("a namespace is written as text; write its fields")
    kind = type(item)
    if kind.__repr__ is object.__repr__ and kind.__str__ is object.__str__:
        raise TemplateUsageError(f"a {kind.__name__} has no text that could be written")


def describe(value: object) -> str:
    """What a value is, never which: `a text`, `a list`, `nothing`."""
    names = {str: "a text", int: "a number", float: "a number", list: "a list", tuple: "a list", type(None): "none"}
    if isinstance(value, Blank):
        return "something undefined"
    return names.get(type(value), f"a {type(value).__name__}")
