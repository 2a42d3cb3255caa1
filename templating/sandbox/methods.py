"""Methods of texts that are ours: `format` through the sandbox, and those that take what is undefined for ''."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from jinja2.sandbox import SandboxedFormatter

from templating.errors import TemplateUsageError
from templating.sandbox.undefined import Blank
from templating.sandbox.writing import refuse_addresses, text_of

if TYPE_CHECKING:
    from jinja2.sandbox import SandboxedEnvironment

Method = Callable[..., str]


def _join(environment: SandboxedEnvironment, separator: str) -> Method:  # noqa: ARG001 - all have one signature
    def join(pieces: Iterable[Any]) -> str:
        texts = [str(piece) if isinstance(piece, Blank) else piece for piece in pieces]
        if not all(isinstance(text, str) for text in texts):
            raise TemplateUsageError("the method join takes texts only; the filter join takes everything")
        return separator.join(texts)

    return join


def _replace(environment: SandboxedEnvironment, text: str) -> Method:  # noqa: ARG001
    def replace(old: Any, new: Any, count: int = -1) -> str:
        return text.replace(text_of(old), text_of(new), count)

    return replace


def _format(environment: SandboxedEnvironment, text: str) -> Method:
    def format_(*args: Any, **kwargs: Any) -> str:
        return str(_Formatter(environment).vformat(text, args, kwargs))

    return format_


def _format_map(environment: SandboxedEnvironment, text: str) -> Method:
    def format_map(values: Any) -> str:
        return str(_Formatter(environment).vformat(text, (), values))

    return format_map


OF_TEXTS: dict[str, Callable[[SandboxedEnvironment, str], Method]] = {
    "join": _join,
    "replace": _replace,
    "format": _format,
    "format_map": _format_map,
}
"""Name to what makes the method for one text."""


class _Formatter(SandboxedFormatter):
    """`str.format` that looks up through the sandbox and writes no address."""

    def get_value(self, key: int | str, args: Any, kwargs: Any) -> Any:
        try:
            return super().get_value(key, args, kwargs)
        except LookupError:
            raise TemplateUsageError("format is given fewer values than its text names") from None

    def convert_field(self, value: Any, conversion: Any) -> Any:
        refuse_addresses(value)
        return super().convert_field(value, conversion)

    def format_field(self, value: Any, format_spec: str) -> Any:
        text = text_of(value) if isinstance(value, Blank) or not format_spec else value
        return format(text, format_spec)
