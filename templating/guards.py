"""Operators and methods that can make something very large out of something small, with their results bounded.

Each is checked before it is carried out: these are single calls into C, which nothing can interrupt.
"""

from __future__ import annotations

import functools
import operator
import re
from collections.abc import Callable, Iterable, Sized
from typing import TYPE_CHECKING, Any

from jinja2.sandbox import SandboxedFormatter

from templating.errors import LimitExceeded, Refused, WrongUse
from templating.undefined import Blank

if TYPE_CHECKING:
    from templating.meter import Meter

_NUMBERS = re.compile(r"\d+")
_PERCENT = re.compile(r"%(?:\([^)]*\))?[-+ #0]*(\*|\d+)?(?:\.(\*|\d+)?)?")
_PLAIN: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": operator.pow,
}


class Guards:
    """The guarded operators and methods of one environment.

    Args:
        meter: says what is too much.
        getattr_: the environment's look-up, for the fields in `'{0.name}'.format(container)`.
    """

    def __init__(self, meter: Meter, environment: Any) -> None:
        self._meter = meter
        self._environment = environment
        self._text_methods: dict[str, Callable[..., Any]] = {
            "center": self._padded,
            "ljust": self._padded,
            "rjust": self._padded,
            "zfill": self._padded,
            "expandtabs": self._expandtabs,
            "join": self._join,
            "replace": self._replace,
            "format": self._format,
            "format_map": self._format_map,
        }

    # Operators

    def binary(self, sign: str, left: Any, right: Any) -> Any:
        """Carry out an operator, if the result fits."""
        if sign == "*":
            self._check_product(left, right)
        elif sign == "**":
            self._check_power(left, right)
        elif sign == "+":
            self._check_sum(left, right)
        elif sign == "%" and isinstance(left, str):
            return self.percent(left, right)
        try:
            return _PLAIN[sign](left, right)
        except TypeError:
            kinds = f"{describe(left)} and {describe(right)}"
            raise WrongUse(f"{sign!r} cannot be applied to {kinds}") from None

    def percent(self, pattern: str, values: Any) -> str:
        """`pattern % values`, with widths and precisions bounded."""
        stars = [0]
        for width, precision in _PERCENT.findall(pattern):
            for number in (width, precision):
                if number == "*":
                    stars = [each for each in _as_tuple(values) if isinstance(each, int)]
                elif number:
                    self._meter.text(_small_int(number))
        self._meter.text(sum(map(abs, stars)))
        self._meter.nested(values)
        result: str = pattern % values
        self._meter.text(len(result))
        return result

    def _check_product(self, left: Any, right: Any) -> None:
        if isinstance(left, int) and isinstance(right, int):
            self._meter.bits(left.bit_length() + right.bit_length())
            return
        for sequence, times in ((left, right), (right, left)):
            if isinstance(times, int) and isinstance(sequence, str | bytes | list | tuple):
                self._check_size(sequence, len(sequence) * max(times, 0))

    def _check_power(self, left: Any, right: Any) -> None:
        if isinstance(left, int) and isinstance(right, int) and right > 0:
            self._meter.bits(left.bit_length() * right if abs(left) > 1 else 1)

    def _check_sum(self, left: Any, right: Any) -> None:
        if isinstance(left, str | bytes | list | tuple) and isinstance(right, Sized):
            self._check_size(left, len(left) + len(right))

    def _check_size(self, kind: Any, length: int) -> None:
        (self._meter.text if isinstance(kind, str | bytes) else self._meter.items)(length)

    # Methods

    def method(self, value: Any, name: str) -> Callable[..., Any] | None:
        """The guarded method of a value, None where there is none of that name."""
        if isinstance(value, str) and name in self._text_methods:
            return functools.partial(self._text_methods[name], value, *([name] if name in _PADDING else []))
        if isinstance(value, list) and name in ("append", "extend", "insert"):
            return functools.partial(self._grow_list, value, name)
        if isinstance(value, dict) and name in ("update", "setdefault"):
            return functools.partial(self._grow_dict, value, name)
        return None

    def _padded(self, text: str, name: str, width: int, *fill: str) -> str:
        self._meter.text(max(len(text), width))
        return str(getattr(text, name)(width, *fill))

    def _expandtabs(self, text: str, tabsize: int = 8) -> str:
        self._meter.text(len(text) + text.count("\t") * max(tabsize, 0))
        return text.expandtabs(tabsize)

    def _join(self, separator: str, pieces: Iterable[Any]) -> str:
        texts = [str(piece) if isinstance(piece, Blank) else piece for piece in pieces]
        if not all(isinstance(text, str) for text in texts):
            raise WrongUse("the method join takes texts only; the filter join takes everything")
        self._meter.text(sum(map(len, texts)) + len(separator) * max(len(texts) - 1, 0))
        return separator.join(texts)

    def _replace(self, text: str, old: Any, new: Any, count: int = -1) -> str:
        return self.replace(text, str(old), str(new), count)

    def replace(self, text: str, old: str, new: str, count: int = -1) -> str:
        """`text.replace(old, new, count)`, if the result fits."""
        times = text.count(old) if len(new) > len(old) else 0
        times = min(times, count) if count >= 0 else times
        self._meter.text(len(text) + times * (len(new) - len(old)))
        return text.replace(old, new, count)

    def _format(self, text: str, *args: Any, **kwargs: Any) -> str:
        return self._formatted(text, args, kwargs)

    def _format_map(self, text: str, values: Any) -> str:
        return self._formatted(text, (), values)

    def _formatted(self, text: str, args: Any, kwargs: Any) -> str:
        result = _BoundedFormatter(self._environment, self._meter).vformat(text, args, kwargs)
        self._meter.text(len(result))
        return result

    def _grow_list(self, items: list[Any], name: str, *args: Any) -> None:
        more = args[0] if name == "extend" and args else (None,)
        # A list that is extended by itself, or by a generator over itself, would never end.
        addition = list(more)
        self._meter.items(len(items) + len(addition))
        if name == "extend":
            items.extend(addition)
        else:
            getattr(items, name)(*args)

    def _grow_dict(self, mapping: dict[Any, Any], name: str, *args: Any, **kwargs: Any) -> Any:
        self._meter.items(len(mapping) + 1 + sum(len(arg) for arg in args if isinstance(arg, Sized)))
        return getattr(mapping, name)(*args, **kwargs)


_PADDING = frozenset({"center", "ljust", "rjust", "zfill"})


class _BoundedFormatter(SandboxedFormatter):
    """`str.format` that looks up through the sandbox and bounds every width."""

    def __init__(self, environment: Any, meter: Meter) -> None:
        super().__init__(environment)
        self._meter = meter

    def get_value(self, key: int | str, args: Any, kwargs: Any) -> Any:
        try:
            return super().get_value(key, args, kwargs)
        except LookupError:
            raise WrongUse("format is given fewer values than its text names") from None

    def format_field(self, value: Any, format_spec: str) -> Any:
        for number in _NUMBERS.findall(format_spec):
            self._meter.text(_small_int(number))
        if isinstance(value, Blank):
            value = str(value)
        text = format(value, format_spec) if format_spec else self._meter.write(value)
        self._meter.text(len(text))
        return text


def _small_int(digits: str) -> int:
    if len(digits) > len("1000000000"):
        raise LimitExceeded("a width has too many digits")
    return int(digits)


def _as_tuple(values: Any) -> tuple[Any, ...]:
    return values if isinstance(values, tuple) else (values,)


def describe(value: object) -> str:
    """What a value is, never which: `a text`, `a list`, `nothing`."""
    names = {str: "a text", int: "a number", float: "a number", list: "a list", tuple: "a list", type(None): "none"}
    if isinstance(value, Blank):
        return "something undefined"
    return names.get(type(value), f"a {type(value).__name__}")


def bounded_range(*args: int) -> range:
    """`range` of at most 100,000 numbers, as Jinja's sandbox has it, with a reason that says so."""
    try:
        numbers = range(*args)
    except (TypeError, ValueError):
        raise WrongUse("range takes one to three whole numbers, and no step of 0") from None
    try:
        fits = len(numbers) <= _MAX_RANGE
    except OverflowError:
        fits = False
    if not fits:
        raise Refused(f"a range has at most {_MAX_RANGE:,} numbers")
    return numbers


_MAX_RANGE = 100_000
