"""How large things may become in one render: a text, a list, a number, and all of them together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jinja2.runtime import Undefined

from templating.errors import LimitExceeded, WrongUse
from templating.undefined import Blank

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

MIB = 1024 * 1024
MAX_ITEMS = 1_000_000
"""Of a list that a template makes."""
MAX_BITS = 16_384
"""Of a whole number that a template computes: about 4,900 digits."""
_SMALL = 4096
"""Texts below this many characters are not added up unless they are printed."""
_MAX_DEPTH = 1000
_TOTAL_FACTOR = 32
"""All printed and intermediate texts of a render together, as a multiple of the size limit."""
_PRINTED_OVERHEAD = 48
"""What a printed value costs beside its characters, in bytes."""


class Meter:
    """Adds up what one render makes, and says when it is too much.

    Attributes:
        size_limit_bytes: the largest text, in the end and on the way.
    """

    def __init__(self, size_limit_bytes: int) -> None:
        self.size_limit_bytes = size_limit_bytes
        self._total_limit = max(size_limit_bytes * _TOTAL_FACTOR, MIB)
        self._total = 0

    def start(self) -> None:
        """A new render begins."""
        self._total = 0

    def text(self, length: int) -> None:
        """A text of this many characters is about to be made."""
        if length > self.size_limit_bytes:
            raise LimitExceeded(f"the text grows beyond {describe_bytes(self.size_limit_bytes)}, the limit of a render")
        if length > _SMALL:
            self._add(length)

    def printer(self) -> Callable[[Any], Any]:
        """What turns a value into the text that is printed. Called for every `{{ }}`, so it is one flat function."""
        write, limit = self.write, self._total_limit

        def printed(value: Any) -> str:
            text = value if type(value) is str else write(value)
            self._total += len(text) + _PRINTED_OVERHEAD
            if self._total > limit:
                self._add(0)
            return text

        return printed

    def items(self, count: int) -> None:
        """A list of this many items is about to be made."""
        if count > MAX_ITEMS:
            raise LimitExceeded(f"a list grows beyond {MAX_ITEMS:,} items")
        if count > _SMALL:
            self._add(count * 8)

    def bits(self, count: int) -> None:
        """A whole number of about this many bits is about to be computed."""
        if count > MAX_BITS:
            raise LimitExceeded("a number grows beyond 4,900 digits")

    def join(self, pieces: Iterable[str]) -> str:
        """Put pieces together, if they fit."""
        kept = list(pieces)
        self.text(sum(map(len, kept)))
        return "".join(kept)

    def write(self, value: Any) -> str:
        """The text of any value, if it fits: a small list of large things may be very long when it is written."""
        if not isinstance(value, str | Blank | int | float):
            self.nested(value)
        return str(value)

    def nested(self, value: Any, *, as_text: bool = True) -> None:
        """Look through lists, tuples, sets and mappings as if written out; the same list twice counts twice."""
        length = 0
        stack: list[Iterator[Any]] = [iter((value,))]
        while stack:
            item = next(stack[-1], stack)
            if item is stack:
                stack.pop()
                continue
            length += _own_length(item)
            if length > self.size_limit_bytes or len(stack) > _MAX_DEPTH:
                self.text(self.size_limit_bytes + 1)
            if as_text:
                _refuse_address(item)
            inner = _inner(item)
            if inner is not None:
                stack.append(inner)

    def _add(self, cost: int) -> None:
        self._total += cost
        if self._total > self._total_limit:
            raise LimitExceeded(
                f"all texts of the render together grow beyond {describe_bytes(self._total_limit)}",
            )


def _own_length(item: object) -> int:
    return len(item) + 4 if isinstance(item, str | bytes) else 4


def _refuse_address(item: object) -> None:
    """Python would write where in memory they are, which differs from start to start."""
    # Jinja's own kind is what `{{ 'a' if x }}` gives where x is false.
    if isinstance(item, Undefined):
        return
    if callable(item):
        raise WrongUse("a function or macro is written as text; are its brackets missing?")
    if hasattr(item, "__next__") and not hasattr(item, "__len__"):
        raise WrongUse("the result of map, select or the like is written as text; join it, or make a list of it")


def _inner(item: object) -> Iterator[Any] | None:
    if isinstance(item, dict):
        return (part for pair in item.items() for part in pair)
    return iter(item) if isinstance(item, list | tuple | set | frozenset) else None


def describe_bytes(count: int) -> str:
    """Read as in a sentence: `16 MiB`, `1000 bytes`."""
    return f"{count // MIB} MiB" if count % MIB == 0 else f"{count} bytes"
