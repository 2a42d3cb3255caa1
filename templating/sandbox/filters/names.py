"""Names as containers write them: which are host names at all, and how many of one container count.

All recipes share these rules. A list in a label or a variable is read up to a limit, so that one container's flood
costs the others nothing.
"""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Any

from models.container import Container
from models.frozen import frozen
from models.hosts import NAME_LENGTH_MAX
from models.record import Record
from templating.errors import TemplateUsageError
from templating.sandbox.undefined import Blank

if TYPE_CHECKING:
    from collections.abc import Callable

    from jinja2.sandbox import SandboxedEnvironment

ENTRIES_MAX = 100
"""So many different entries of one list of one container count, unless a template says otherwise."""

_LIMIT_MAX = 100_000
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_LABEL_WITH_UNDERSCORE = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_UNSAFE = re.compile(r"[^A-Za-z0-9_.-]")
_PLAIN_LENGTH_MAX = 64


@frozen
class Entries(Record):
    """What is left of a list that a container wrote.

    Attributes:
        kept: the entries that count, each once, in the order in which they were written.
        refused: how many different entries were read and are not what was asked for.
        beyond: how many different entries there are beyond the limit.
    """

    kept: tuple[str, ...]
    refused: int
    beyond: int


def is_host_name(text: str, *, underscore: bool = False) -> bool:
    """Whether a text is a host name, in any case: RFC 1123, and no number at its end.

    A name whose last part is a number is an address to resolvers and browsers (WHATWG URL, 'ends in a number').

    Args:
        text: what may be one.
        underscore: whether `_` counts as a letter, but for the first of all: engines' names have them.
    """
    labels = text.lower().split(".")
    label = _LABEL_WITH_UNDERSCORE if underscore else _LABEL
    return (
        text.isascii()
        and len(text) <= NAME_LENGTH_MAX
        and not text.startswith("_")
        and all(map(label.fullmatch, labels))
        and not _NUMBER.fullmatch(labels[-1])
    )


def is_ip_address(text: str) -> bool:
    """Whether a text is one IPv4 or IPv6 address that something can be reached at; no zone, no mask, no name."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return "%" not in text and not (address.is_unspecified or address.is_multicast)


def fold(name: str) -> str:
    """What a name is compared by: lower case, without the root's dot."""
    return name.lower().removesuffix(".")


def entries_of(text: str, limit: int, separator: str = ",") -> Entries:
    """The entries of a list, trimmed, blanks dropped, each once, up to a limit."""
    found = dict.fromkeys(part for each in text.split(separator) if (part := each.strip()))
    return Entries(tuple(found)[:limit], 0, max(0, len(found) - limit))


def host_names_of(text: str, limit: int, *, underscore: bool, addresses: bool) -> Entries:
    """The host names of a list, folded, each once.

    Args:
        text: names, separated by commas.
        limit: how many different entries are looked at.
        underscore: see `is_host_name`.
        addresses: whether an IPv4 address is a name, as clients may ask for one.
    """
    read = entries_of(fold_each(text), limit)
    names = tuple(
        name
        for name in read.kept
        if is_host_name(name, underscore=underscore) or (addresses and ":" not in name and is_ip_address(name))
    )
    return Entries(names, len(read.kept) - len(names), read.beyond)


def fold_each(text: str) -> str:
    """A list whose names are folded."""
    return ",".join(fold(part.strip()) for part in text.split(","))


def plain_name(container: Container) -> str:
    """A container's name for any file, comment and log: letters, digits, `_`, `.` and `-`, at most 64; else its id."""
    return _UNSAFE.sub("_", (container.name or container.short_id)[:_PLAIN_LENGTH_MAX]) or "_"


def text_of(value: Any, name: str) -> str:
    """What a filter was given, as a text; a number is written, and what is missing is empty.

    Raises:
        TemplateUsageError: it is neither.
    """
    if isinstance(value, str | Blank) or type(value) is int:
        return str(value)
    raise TemplateUsageError(f"{name} takes a text")


def limit_of(value: Any, name: str) -> int:
    """How many entries count: a number, or a text that holds one; missing or empty, `ENTRIES_MAX`.

    Raises:
        TemplateUsageError: it is no number from 1 to 100,000.
    """
    text = text_of(value, name).strip()
    if not text:
        return ENTRIES_MAX
    limit = int(text) if text.isascii() and text.isdecimal() and len(text) <= len(str(_LIMIT_MAX)) else 0
    if not 0 < limit <= _LIMIT_MAX:
        raise TemplateUsageError(f"{name}: the limit is a whole number from 1 to {_LIMIT_MAX:,}")
    return limit


def filters(_environment: SandboxedEnvironment) -> dict[str, Callable[..., Any]]:
    """The filters of this file by name."""

    def entries(value: Any, limit: Any = "", separator: Any = ",") -> Entries:
        sign = text_of(separator, "entries")
        if not sign:
            raise TemplateUsageError("entries: the text to split at is empty")
        return entries_of(text_of(value, "entries"), limit_of(limit, "entries"), sign)

    def host_names(value: Any, limit: Any = "", *, underscore: bool = False, addresses: bool = False) -> Entries:
        number = limit_of(limit, "host_names")
        return host_names_of(text_of(value, "host_names"), number, underscore=underscore, addresses=addresses)

    def plain_name_(value: Any) -> str:
        if not isinstance(value, Container):
            raise TemplateUsageError("plain_name takes a container")
        return plain_name(value)

    return {"entries": entries, "host_names": host_names, "plain_name": plain_name_}


def tests() -> dict[str, Callable[..., bool]]:
    """The tests of this file by name."""

    def host_name(value: Any, *, underscore: bool = False) -> bool:
        return is_host_name(text_of(value, "host_name"), underscore=underscore)

    def ip_address(value: Any) -> bool:
        return is_ip_address(text_of(value, "ip_address"))

    return {"host_name": host_name, "ip_address": ip_address}
