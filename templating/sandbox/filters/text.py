"""Texts taken apart, searched, hashed and put in order."""

from __future__ import annotations

import contextlib
import hashlib
import re
from typing import TYPE_CHECKING, Any

from templating.errors import TemplateUsageError
from templating.sandbox.filters.fields import look_up
from templating.sandbox.writing import describe, text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from jinja2.sandbox import SandboxedEnvironment

_DIGITS = re.compile(r"([0-9]+)")


def natural_key(text: str) -> tuple[tuple[Any, ...], str]:
    """What a text sorts by so that `web-2` comes before `web-10`; case decides only where all else is equal.

    The parts alternate, text first, so that like is always compared with like. A number is compared by the count of
    its digits and then by them, which holds for numbers of any length.
    """
    parts = _DIGITS.split(text.casefold())
    return tuple(_number_key(part) if at % 2 else part for at, part in enumerate(parts)), text


def _number_key(digits: str) -> tuple[int, str]:
    number = digits.lstrip("0")
    return len(number), number


def split_list(text: str, separator: str = ",") -> list[str]:
    """The parts of a list that is written in one text, trimmed, blanks dropped: `'a, b,,'` gives `['a', 'b']`."""
    return [part for each in text.split(separator) if (part := each.strip())]


def filters(environment: SandboxedEnvironment) -> dict[str, Callable[..., Any]]:
    """The filters of this file by name."""

    def split(value: Any, separator: Any = None, maxsplit: int = -1) -> list[str]:
        return text_of(value).split(None if separator is None else _not_empty(text_of(separator)), maxsplit)

    def split_list_(value: Any, separator: Any = ",") -> list[str]:
        return split_list(text_of(value), _not_empty(text_of(separator)))

    def sha1(value: Any) -> str:
        # A name for a file or a key, as in nginx-proxy: nothing is protected by it.
        return hashlib.sha1(text_of(value).encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()

    def natural_sort(value: Iterable[Any], attribute: str | None = None, reverse: bool = False) -> list[Any]:  # noqa: FBT001, FBT002
        def key(item: Any) -> tuple[tuple[Any, ...], str]:
            return natural_key(text_of(item if attribute is None else look_up(environment, item, attribute)))

        return sorted(value, key=key, reverse=reverse)

    own: dict[str, Callable[..., Any]] = {
        "split": split,
        "split_list": split_list_,
        "sha1": sha1,
        "natural_sort": natural_sort,
    }
    return own | {"regex_search": regex_search, "regex_replace": regex_replace}


def regex_search(
    value: Any,
    pattern: Any,
    *groups: Any,
    ignorecase: bool = False,
    multiline: bool = False,
) -> str | list[str]:
    """The first match, or the groups asked for; empty where there is none."""
    wanted = [_group(group) for group in groups]
    with _reasons():
        found = re.search(text_of(pattern), text_of(value), _flags(ignorecase, multiline))
        if not wanted:
            return found[0] if found else ""
        return [found[group] or "" for group in wanted] if found else []


def regex_replace(  # noqa: PLR0917 - as templates elsewhere call it
    value: Any,
    pattern: Any,
    replacement: Any = "",
    ignorecase: bool = False,  # noqa: FBT001, FBT002
    multiline: bool = False,  # noqa: FBT001, FBT002
    count: int = 0,
) -> str:
    """Every match replaced (the first `count` where that is not 0)."""
    with _reasons():
        compiled = re.compile(text_of(pattern), _flags(ignorecase, multiline))
        return compiled.sub(text_of(replacement), text_of(value), count=max(count, 0))


def _flags(ignore_case: bool, multi_line: bool) -> re.RegexFlag:  # noqa: FBT001
    return (re.IGNORECASE if ignore_case else re.NOFLAG) | (re.MULTILINE if multi_line else re.NOFLAG)


@contextlib.contextmanager
def _reasons() -> Iterator[None]:
    """What can be wrong with a pattern or a replacement, in words without either."""
    try:
        yield
    except (IndexError, KeyError):
        raise TemplateUsageError("the pattern has no such group") from None
    except (re.error, OverflowError):
        raise TemplateUsageError("the pattern or its replacement is not a regular expression's") from None


def _group(group: Any) -> int | str:
    r"""A group as templates name it: `1`, `'\\1'`, `'\\g<port>'` or `'port'`."""
    if isinstance(group, int):
        return group
    if not isinstance(group, str):
        raise TemplateUsageError(f"regex_search: {describe(group)} does not name a group")
    name = group.removeprefix("\\").removeprefix("g<").removesuffix(">")
    return int(name) if name.isdecimal() and len(name) <= len("100") else name


def _not_empty(separator: str) -> str:
    if not separator:
        raise TemplateUsageError("the text to split at is empty")
    return separator
