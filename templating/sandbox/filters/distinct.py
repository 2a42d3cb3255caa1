"""Paths with patterns of which no two mean one file: to logrotate a file that two entries name is a fault."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from models.frozen import frozen
from models.record import Record
from templating.errors import TemplateUsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from jinja2.sandbox import SandboxedEnvironment

_PATTERN = re.compile(r"[*?\[]")


@frozen
class Repeat(Record):
    """An entry that names a file which another entry names.

    Attributes:
        entry: the entry that is left out.
        other: the entry that counts.
        is_same: whether both want the same, so that nothing is lost.
    """

    entry: Mapping[str, Any]
    other: Mapping[str, Any]
    is_same: bool


@frozen
class Distinct(Record):
    """Entries of which no two name one file.

    Attributes:
        kept: the entries that count, in their order.
        repeats: the others.
    """

    kept: tuple[Mapping[str, Any], ...]
    repeats: tuple[Repeat, ...]


def distinct(entries: Sequence[Mapping[str, Any]]) -> Distinct:
    """Leave out each entry that may name a file which another one names.

    A pattern counts rather than a file that it means, a wide pattern rather than a narrow one, then what comes first:
    so little stays without rotation. Two patterns are taken to mean a common
    file unless their beginnings or ends rule it out.

    Args:
        entries: mappings with `path`, and `terms`, which is equal where two entries want the same.
    """
    ordered = sorted(range(len(entries)), key=lambda at: _narrowness(entries[at]["path"]))
    index, kept, repeats = _Index(), [], []
    for at in ordered:
        entry = entries[at]
        other = index.meeting(entry)
        if other is None:
            index.add(entry)
            kept.append(at)
        else:
            repeats.append((at, Repeat(entry, other, bool(entry["terms"] == other["terms"]))))
    repeats.sort(key=lambda each: each[0])
    return Distinct(tuple(entries[at] for at in sorted(kept)), tuple(repeat for _, repeat in repeats))


def _narrowness(path: str) -> tuple[bool, int]:
    """Sorts patterns before files, and those first that say least."""
    return not _PATTERN.search(path), len(path)


class _Index:
    """Entries by folder, so that each is compared with few others."""

    def __init__(self) -> None:
        self._files: dict[str, Mapping[str, Any]] = {}
        self._patterns: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}

    def add(self, entry: Mapping[str, Any]) -> None:
        path = entry["path"]
        if _PATTERN.search(path):
            self._patterns.setdefault(_shelf(path), []).append(entry)
        else:
            self._files[path] = entry

    def meeting(self, entry: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """The first entry that may name a file which this one names."""
        path = entry["path"]
        if path in self._files:
            return self._files[path]
        shelves = self._patterns if _PATTERN.search(path.rpartition("/")[0]) else {_shelf(path), _ANY_FOLDER}
        candidates = (other for shelf in shelves for other in self._patterns.get(shelf, ()))
        return next((other for other in candidates if may_meet(path, other["path"])), None)


_ANY_FOLDER: tuple[str, ...] = ()


def _shelf(path: str) -> tuple[str, ...]:
    folder = path.rpartition("/")[0]
    return _ANY_FOLDER if _PATTERN.search(folder) else (folder,)


def may_meet(first: str, second: str) -> bool:
    """Whether two paths with patterns may mean one file."""
    parts, others = first.split("/"), second.split("/")
    return len(parts) == len(others) and all(map(_part_may_meet, parts, others))


def _part_may_meet(first: str, second: str) -> bool:
    if first == second:
        return True
    if first.startswith(".") != second.startswith(".") and first and second:
        return False
    if not _PATTERN.search(first):
        return fnmatchcase(first, second)
    if not _PATTERN.search(second):
        return fnmatchcase(second, first)
    return _agree(_PATTERN.split(first)[0], _PATTERN.split(second)[0]) and _agree(_end(first), _end(second))


def _agree(first: str, second: str) -> bool:
    return first.startswith(second) or second.startswith(first)


def _end(part: str) -> str:
    """What follows the last pattern, backwards."""
    return re.split(r"[*?\]]", part)[-1][::-1]


def filters(_environment: SandboxedEnvironment) -> dict[str, Callable[..., Any]]:
    """The filters of this file by name."""

    def distinct_files(value: Any) -> Distinct:
        if isinstance(value, str | Mapping) or not isinstance(value, Iterable):
            raise TemplateUsageError("distinct_files takes a list of mappings with a path and terms")
        return distinct([_entry(each) for each in value])

    return {"distinct_files": distinct_files}


def _entry(value: Any) -> Mapping[str, Any]:
    if isinstance(value, Mapping) and isinstance(value.get("path"), str) and "terms" in value:
        return value
    raise TemplateUsageError("distinct_files takes a list of mappings with a path and terms")
