"""Why a render failed, in words that hold no value.

The texts of Python's and Jinja's exceptions often quote what they choked on, which may be somebody's password. Only
texts that are written by this package, or come from the template alone, are passed on; everything else is described
by its kind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jinja2 import exceptions as jinja

from models.raw import EngineCallRefused
from templating.errors import TemplateProblem
from templating.sandbox.limits import TimeLimitReached

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

_BY_KIND: tuple[tuple[type[BaseException], str], ...] = (
    (jinja.SecurityError, "something that templates may not do"),
    (jinja.TemplateAssertionError, "a filter or test that does not exist"),
    (jinja.FilterArgumentError, "a filter is given arguments that it does not take"),
    (jinja.TemplateRuntimeError, "a filter, test or block that does not exist, or a name used too early"),
    (RecursionError, "macros, includes or data are nested too deeply"),
    (MemoryError, "the memory does not suffice"),
    (ZeroDivisionError, "division by zero"),
    (OverflowError, "a number is too large"),
    (UnicodeError, "a text cannot be encoded or decoded"),
    (KeyError, "a key that does not exist"),
    (IndexError, "a position that does not exist"),
    (AttributeError, "an attribute that does not exist"),
    (TypeError, "a value of a kind that does not fit here, or a wrong number of arguments"),
    (ValueError, "a value that does not fit here"),
    (AssertionError, "a value that does not fit here"),
    (OSError, "a file or process that cannot be used"),
)


def reason_for(error: BaseException, limit_s: float, is_word: Callable[[object], bool]) -> str:
    """The reason.

    Args:
        error: what was raised.
        limit_s: the time limit, for its message.
        is_word: whether a name stands in a template's own text.
    """
    if isinstance(error, TimeLimitReached):
        return f"it takes longer than {limit_s:g} s, the limit of a render"
    if isinstance(error, TemplateProblem | EngineCallRefused | jinja.UndefinedError):
        return str(error)
    if isinstance(error, jinja.TemplateNotFound):
        return _not_found(error, is_word)
    if isinstance(error, jinja.TemplateSyntaxError):
        # Its text is about the template's own text.
        return str(error.message)
    kind = type(error).__name__
    return next((f"{text} ({kind})" for base, text in _BY_KIND if isinstance(error, base)), f"unexpected {kind}")


def _not_found(error: jinja.TemplateNotFound, is_word: Callable[[object], bool]) -> str:
    names = error.templates if isinstance(error, jinja.TemplatesNotFound) else [error.name]
    shown = [f"{name}" if is_word(name) else "(a computed name)" for name in names]
    return f"there is no template {' or '.join(shown)} to include"


def place_of(trace: TracebackType | None) -> tuple[str | None, int | None]:
    """The innermost template, and the line in it, that a traceback runs through."""
    name: str | None = None
    line: int | None = None
    while trace is not None:
        template = trace.tb_frame.f_globals.get("__jinja_template__")
        if template is not None:
            name, line = template.name, template.get_corresponding_lineno(_line_of(trace))
        trace = trace.tb_next
    return name, line


def _line_of(trace: TracebackType) -> int:
    """The line in the compiled template. A loop's jump back has none of its own: it belongs to the line before it."""
    lines = [
        line for start, _, line in trace.tb_frame.f_code.co_lines() if line is not None and start <= trace.tb_lasti
    ]
    return trace.tb_lineno or (lines[-1] if lines else 1)
