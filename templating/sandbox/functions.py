"""Jinja's global functions as functions. As the classes that they are in Jinja they would open more than their call."""

from __future__ import annotations

from typing import Any

from jinja2.utils import Cycler, Joiner, Namespace

from templating.errors import Refused, TemplateUsageError

_MAX_RANGE = 100_000


def bounded_range(*args: int) -> range:
    """`range` of at most 100,000 numbers, as Jinja's sandbox has it, with a reason that says so."""
    try:
        numbers = range(*args)
    except (TypeError, ValueError):
        raise TemplateUsageError("range takes one to three whole numbers, and no step of 0") from None
    try:
        fits = len(numbers) <= _MAX_RANGE
    except OverflowError:
        fits = False
    if not fits:
        raise Refused(f"a range has at most {_MAX_RANGE:,} numbers")
    return numbers


def make_dict(*args: Any, **kwargs: Any) -> dict[Any, Any]:
    """A mapping of a template's own."""
    return dict(*args, **kwargs)


def make_namespace(*args: Any, **kwargs: Any) -> Namespace:
    """What a template may assign to in inner scopes."""
    return Namespace(*args, **kwargs)


def make_cycler(*items: Any) -> Cycler:
    """One item after the other, again and again."""
    return Cycler(*items)


def make_joiner(sep: str = ", ") -> Joiner:
    """Nothing at its first call, the separator at all others."""
    return Joiner(sep)


GLOBALS = {
    "range": bounded_range,
    "dict": make_dict,
    "namespace": make_namespace,
    "cycler": make_cycler,
    "joiner": make_joiner,
}
"""All of them by name. `lipsum` is left out: its text differs from call to call."""
