"""Jinja's own filters where they write values as text, so that none writes an address, and a few with our reasons."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from jinja2 import filters as jinja
from jinja2.utils import htmlsafe_json_dumps

from templating.sandbox import operators
from templating.sandbox.filters.data import plain
from templating.sandbox.writing import refuse_addresses, text_of

if TYPE_CHECKING:
    from jinja2.sandbox import SandboxedEnvironment

Filter = Callable[..., Any]

_WRITING = (
    "capitalize center e escape filesizeformat forceescape format lower pprint replace safe string striptags title trim"
    " truncate upper urlize wordcount xmlattr"
)
"""What they are given is written as text, somewhere in their result."""
_SCALARS = frozenset({str, int, float, bool, type(None)})


def filters(environment: SandboxedEnvironment) -> dict[str, Filter]:
    """Those of Jinja's filters that are not taken as they are, by name."""
    writing = {name: _checked(jinja.FILTERS[name]) for name in _WRITING.split()}
    writing |= {name: _checked(_of_text(jinja.FILTERS[name])) for name in ("indent",)}

    def read(value: Iterable[Any], attribute: str | int | None) -> Iterable[Any]:
        return value if attribute is None else map(jinja.make_attrgetter(environment, attribute), value)

    def join(value: Iterable[Any], d: Any = "", attribute: str | int | None = None) -> str:
        return text_of(d).join([text_of(item) for item in read(value, attribute)])

    def sum_(value: Iterable[Any], attribute: str | int | None = None, start: Any = 0) -> Any:
        total = start
        for item in read(value, attribute):
            total = operators.apply("+", total, item)
        return total

    def wordwrap(
        value: Any,
        width: int = 79,
        break_long_words: bool = True,  # noqa: FBT001, FBT002
        wrapstring: str | None = None,
        break_on_hyphens: bool = True,  # noqa: FBT001, FBT002
    ) -> str:
        return jinja.do_wordwrap(environment, text_of(value), width, break_long_words, wrapstring, break_on_hyphens)

    def urlencode(value: Any) -> str:
        parts = list(value) if hasattr(value, "__next__") else value
        refuse_addresses(parts)
        return jinja.do_urlencode(parts)

    def tojson(value: Any, indent: int | None = None) -> Any:
        return htmlsafe_json_dumps(plain(value), indent=indent, sort_keys=True)

    own: dict[str, Filter] = {"join": join, "sum": sum_, "wordwrap": wordwrap, "urlencode": urlencode}
    return writing | own | {"tojson": tojson}


def _of_text(function: Filter) -> Filter:
    """A filter that works on texts only, for any value."""

    @functools.wraps(function)
    def of_text(value: Any, *args: Any, **kwargs: Any) -> Any:
        return function(text_of(value), *args, **kwargs)

    return of_text


def _checked(function: Filter) -> Filter:
    """A filter, none of whose arguments would be written with an address."""
    given_first = 1 if hasattr(function, "jinja_pass_arg") else 0  # the environment or the like

    @functools.wraps(function)
    def checked(*args: Any, **kwargs: Any) -> Any:
        for arg in (*args[given_first:], *kwargs.values()):
            if type(arg) not in _SCALARS:
                refuse_addresses(arg)
        return function(*args, **kwargs)

    return checked
