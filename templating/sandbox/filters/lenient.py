"""Values that containers write, read without an error: what is none of the kind gives nothing.

`from_yaml` ends the render where its text is no YAML, which is right for an operator's file. What a container says must
never cost the others their next change: a template reads it with these, and leaves that container out.
"""

from __future__ import annotations

import copy
import ipaddress
import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from templating.sandbox.undefined import NOTHING
from templating.sandbox.writing import text_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from jinja2.sandbox import SandboxedEnvironment

LENGTH_MAX = 64 * 1024
"""Characters of a document; a longer one counts as unreadable."""

YAML_LENGTH_MAX = 16 * 1024
"""Characters of a document that is YAML and not JSON, whose parser is a hundred times as fast."""

_VALUES_MAX = 50_000
_DEPTH_MAX = 20
# Of YAML: the parser's time grows with the square of the brackets that are open, and it reads 1,024 characters ahead.
_OPEN_BRACKETS_MAX = 100
_EVENTS_MAX = 4_000
_OPENING, _CLOSING = frozenset("[{"), frozenset("]}")


class _UnreadableError(Exception):
    """The text is not one document of plain values."""


def try_yaml(text: str) -> Any:
    """One YAML 1.2 document (so JSON, too) as mappings, lists, texts, numbers and booleans; None where it is none.

    A key that is there twice, tags, several documents, and what is too large or too deep make a text unreadable. Dates
    stay texts. The result is the caller's own.
    """
    found = _read(text) if len(text) <= LENGTH_MAX else None
    return copy.deepcopy(found)


@lru_cache(maxsize=4096)
def _read(text: str) -> Any:
    """Kept, for the same text comes back with every render, and a parser of YAML takes its time."""
    try:
        return _plain(_parse(text), [_VALUES_MAX], 0)
    except (_UnreadableError, ValueError, RecursionError):
        return None


def _parse(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse)
    except json.JSONDecodeError:
        pass
    # Imported where it is used: most templates need no YAML, and it would slow down every start.
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    if len(text) > YAML_LENGTH_MAX or _open_brackets(text) > _OPEN_BRACKETS_MAX:
        raise _UnreadableError
    try:
        # Looked through before anything is built: what takes long to read ends here.
        for number, _event in enumerate(YAML(typ="safe", pure=True).parse(text)):
            if number > _EVENTS_MAX:
                raise _UnreadableError
        return YAML(typ="safe", pure=True).load(text)
    except (YAMLError, AttributeError, TypeError, KeyError, IndexError, OverflowError):
        # The parser meets some texts that are no YAML with errors of Python's own.
        raise _UnreadableError from None


def _open_brackets(text: str) -> int:
    """How many brackets are open at once, those within quotes included."""
    opened = most = 0
    for character in text:
        if character in _OPENING:
            opened += 1
            most = max(most, opened)
        elif character in _CLOSING:
            opened -= 1
    return most


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _UnreadableError
    return found


def _refuse(_constant: str) -> Any:
    raise _UnreadableError


def _plain(value: Any, left: list[int], depth: int) -> Any:
    """A copy of plain values alone. Counted as it would be written out: aliases of aliases grow without bound."""
    left[0] -= 1
    if left[0] < 0 or depth > _DEPTH_MAX:
        raise _UnreadableError
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, dict):
        return {_key(key): _plain(each, left, depth + 1) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each, left, depth + 1) for each in value]
    if hasattr(value, "isoformat"):
        return value.isoformat()
    raise _UnreadableError


def _key(key: Any) -> Any:
    if key is None or isinstance(key, bool | int | float | str):
        return key
    raise _UnreadableError


def usual_address(text: str) -> str:
    """The usual form of an IPv4 or IPv6 address, '' where a text is none; a zone (`fe80::1%eth0`) is no part of one."""
    try:
        address = ipaddress.ip_address(text.strip())
    except ValueError:
        return ""
    return "" if "%" in str(address) else str(address)


def filters(_environment: SandboxedEnvironment) -> dict[str, Callable[..., Any]]:
    """The filters of this file by name."""

    def read(value: Any) -> Any:
        found = try_yaml(text_of(value))
        return NOTHING if found is None else found

    return {"try_yaml": read, "usual_address": lambda value: usual_address(text_of(value)) or NOTHING}
