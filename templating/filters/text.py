"""Texts taken apart, searched, hashed and put in order."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any

from templating.errors import WrongUse
from templating.filters.fields import look_up
from templating.guards import describe
from templating.regex_matching import Flags

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from templating.environment import TemplateEnvironment

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


def filters(environment: TemplateEnvironment) -> dict[str, Callable[..., Any]]:
    """The filters of this file by name."""
    write = environment.meter.write

    def split(value: Any, separator: Any = None, maxsplit: int = -1) -> list[str]:
        return write(value).split(None if separator is None else _not_empty(write(separator)), maxsplit)

    def split_list_(value: Any, separator: Any = ",") -> list[str]:
        return split_list(write(value), _not_empty(write(separator)))

    def sha1(value: Any) -> str:
        # A name for a file or a key, as in nginx-proxy: nothing is protected by it.
        return hashlib.sha1(write(value).encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()

    def natural_sort(value: Iterable[Any], attribute: str | None = None, reverse: bool = False) -> list[Any]:  # noqa: FBT001, FBT002
        def key(item: Any) -> tuple[tuple[Any, ...], str]:
            return natural_key(write(item if attribute is None else look_up(environment, item, attribute)))

        return sorted(value, key=key, reverse=reverse)

    own: dict[str, Callable[..., Any]] = {
        "split": split,
        "split_list": split_list_,
        "sha1": sha1,
        "natural_sort": natural_sort,
    }
    return own | _regex_filters(environment)


def _regex_filters(environment: TemplateEnvironment) -> dict[str, Callable[..., Any]]:
    write, regex, meter = environment.meter.write, environment.regex, environment.meter

    def regex_search(
        value: Any,
        pattern: Any,
        *groups: Any,
        ignorecase: bool = False,
        multiline: bool = False,
    ) -> str | list[str]:
        wanted = [_group(group) for group in groups]
        return regex.search(write(pattern), write(value), wanted, Flags(ignorecase, multiline))

    def regex_replace(  # noqa: PLR0917 - as templates elsewhere call it
        value: Any,
        pattern: Any,
        replacement: Any = "",
        ignorecase: bool = False,  # noqa: FBT001, FBT002
        multiline: bool = False,  # noqa: FBT001, FBT002
        count: int = 0,
    ) -> str:
        flags = Flags(ignorecase, multiline)
        return regex.replace(write(pattern), write(replacement), write(value), count, flags, meter.size_limit_bytes)

    return {"regex_search": regex_search, "regex_replace": regex_replace}


def _group(group: Any) -> int | str:
    r"""A group as templates name it: `1`, `'\\1'`, `'\\g<port>'` or `'port'`."""
    if isinstance(group, int):
        return group
    if not isinstance(group, str):
        raise WrongUse(f"regex_search: {describe(group)} does not name a group")
    name = group.removeprefix("\\").removeprefix("g<").removesuffix(">")
    return int(name) if name.isdecimal() and len(name) <= len("100") else name


def _not_empty(separator: str) -> str:
    if not separator:
        raise WrongUse("the text to split at is empty")
    return separator
