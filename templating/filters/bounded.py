"""Jinja's own filters that make texts or lists, kept from making too large ones."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from jinja2 import filters as jinja
from jinja2.utils import htmlsafe_json_dumps

from templating.errors import LimitExceeded
from templating.filters.data import plain

if TYPE_CHECKING:
    from templating.environment import TemplateEnvironment
    from templating.meter import Meter

Filter = Callable[..., Any]

_WRITING = (
    "capitalize e escape forceescape list lower pprint safe string striptags title trim truncate upper urlencode urlize"
    " wordcount xmlattr"
)
"""Filters whose result is at most a small multiple of what they are given."""
_MAX_INDENT = 64
_MAX_PRECISION = 300


def filters(environment: TemplateEnvironment) -> dict[str, Filter]:
    """Jinja's filters, bounded, by name."""
    own = _Bounded(environment)
    texts: dict[str, Filter] = {
        "center": own.center,
        "indent": own.indent,
        "format": own.format,
        "replace": own.replace,
    }
    texts |= {"join": own.join, "wordwrap": own.wordwrap, "tojson": _checked(own.tojson, environment.meter)}
    others: dict[str, Filter] = {"sum": own.sum, "batch": own.batch, "slice": own.slice, "round": own.round}
    writing: dict[str, Filter] = {name: _checked(jinja.FILTERS[name], environment.meter) for name in _WRITING.split()}
    return writing | texts | others


class _Bounded:
    """Each method is the filter of its name, with Jinja's own signature."""

    def __init__(self, environment: TemplateEnvironment) -> None:
        self._environment = environment
        self._meter = environment.meter
        self._guards = environment.guards

    def center(self, value: Any, width: int = 80) -> str:
        self._meter.text(width)
        return self._meter.write(value).center(width)

    def indent(
        self,
        value: Any,
        width: int | str = 4,
        first: bool = False,  # noqa: FBT001, FBT002
        blank: bool = False,  # noqa: FBT001, FBT002
    ) -> str:
        text = self._meter.write(value)
        each = len(width) if isinstance(width, str) else width
        self._meter.text(len(text) + (text.count("\n") + 1) * max(each, 0))
        return jinja.do_indent(text, width, first, blank)

    def format(self, value: Any, *args: Any, **kwargs: Any) -> str:
        return self._guards.percent(self._meter.write(value), kwargs or args)

    def replace(self, value: Any, old: Any, new: Any, count: int | None = None) -> str:
        write = self._meter.write
        return self._guards.replace(write(value), write(old), write(new), -1 if count is None else count)

    def join(self, value: Iterable[Any], d: Any = "", attribute: str | int | None = None) -> str:
        texts = [self._meter.write(item) for item in self._read(value, attribute)]
        separator = self._meter.write(d)
        self._meter.text(sum(map(len, texts)) + len(separator) * max(len(texts) - 1, 0))
        return separator.join(texts)

    def wordwrap(
        self,
        value: Any,
        width: int = 79,
        break_long_words: bool = True,  # noqa: FBT001, FBT002
        wrapstring: str | None = None,
        break_on_hyphens: bool = True,  # noqa: FBT001, FBT002
    ) -> str:
        text = self._meter.write(value)
        lines = text.count("\n") + len(text) // max(width, 1) + 1
        self._meter.text(len(text) + 2 * lines * len(wrapstring or "\n"))
        wrapped = jinja.do_wordwrap(self._environment, text, width, break_long_words, wrapstring, break_on_hyphens)
        self._meter.text(len(wrapped))
        return wrapped

    def sum(self, value: Iterable[Any], attribute: str | int | None = None, start: Any = 0) -> Any:
        total = start
        for item in self._read(value, attribute):
            total = self._guards.binary("+", total, item)
        return total

    def batch(self, value: Iterable[Any], linecount: int, fill_with: Any = None) -> Any:
        self._meter.items(linecount)
        return jinja.do_batch(value, linecount, fill_with)

    def slice(self, value: Iterable[Any], slices: int, fill_with: Any = None) -> Any:
        self._meter.items(slices)
        return jinja.sync_do_slice(list(value), slices, fill_with)

    def round(self, value: float, precision: int = 0, method: Any = "common") -> float:
        if abs(precision) > _MAX_PRECISION:
            raise LimitExceeded(f"round takes at most {_MAX_PRECISION} digits")
        return jinja.do_round(value, precision, method)

    def tojson(self, value: Any, indent: int | None = None) -> Any:
        if indent is not None and indent > _MAX_INDENT:
            raise LimitExceeded(f"tojson indents by at most {_MAX_INDENT} characters")
        return htmlsafe_json_dumps(plain(value, self._meter), indent=indent, sort_keys=True)

    def _read(self, value: Iterable[Any], attribute: str | int | None) -> Iterable[Any]:
        return value if attribute is None else map(jinja.make_attrgetter(self._environment, attribute), value)


def _checked(function: Filter, meter: Meter) -> Filter:
    """What goes in and what comes out fits."""

    @functools.wraps(function)
    def checked(*args: Any, **kwargs: Any) -> Any:
        for arg in args:
            if type(arg) in _CONTAINERS:
                meter.nested(arg)
        result = function(*args, **kwargs)
        if isinstance(result, str):
            meter.text(len(result))
        elif isinstance(result, list):
            meter.items(len(result))
        return result

    return checked


_CONTAINERS = frozenset({list, tuple, dict, set, frozenset})
