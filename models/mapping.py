"""Read-only mappings that answer to attributes and keys in any case.

The exact spelling is tried first, at the speed of a plain dictionary; only a miss ignores case, by an index that is
built at the first miss. It is not a `dict`, because `dict.update(labels, ...)` would be a way for a template to change
what the next one sees.
"""

from __future__ import annotations

from collections.abc import ItemsView, Iterator, KeysView, Mapping, ValuesView
from functools import lru_cache
from typing import Any, Generic, NoReturn, Self, TypeVar

V = TypeVar("V")

_set = object.__setattr__


@lru_cache(maxsize=4096)
def _spellings(keys: tuple[str, ...]) -> dict[str, str]:
    """Folded key to the first of its keys in sorted order; cached, because similar containers have the same keys."""
    found: dict[str, str] = {}
    for key in sorted(keys):
        folded = key.casefold()
        found.setdefault(key if folded == key else folded, key)
    return found


class CaseMapping(Mapping[str, V], Generic[V]):
    """A read-only mapping; `ports.tcp`, `ports['TCP']` and `ports.Tcp` are one thing.

    The exact spelling comes first, then the first key in sorted order that differs by case alone. An attribute that is
    a method's name (`items`, `keys`, `values`, `get`) is the method; such a key answers to `labels['items']`.
    Iterates in sorted order.

    Args:
        data: the entries, of which it keeps a sorted copy.
    """

    __slots__ = ("_any_case", "_data")

    _any_case: dict[str, str] | None
    _data: dict[str, V]

    def __init__(self, data: Mapping[str, V]) -> None:
        _set(self, "_data", {key: data[key] for key in sorted(data)})
        _set(self, "_any_case", None)

    def __getitem__(self, key: str) -> V:
        try:
            return self._data[key]
        except KeyError:
            return self._data[self._spelling(key)]

    def __getattr__(self, name: str) -> V:
        # Asked only where there is no such method. Dunder names are Python's protocols (`__html__`, `__copy__`), never
        # data, and our own slots must not be looked up in themselves while they are still empty.
        if name in CaseMapping.__slots__ or name.startswith("__"):
            raise AttributeError(name)
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None

    def _spelling(self, key: object) -> str:
        """The key as it is spelled here; KeyError where there is none, whatever the case."""
        if not isinstance(key, str):
            raise KeyError(key)
        any_case = self._any_case
        if any_case is None:
            any_case = _spellings(tuple(self._data))
            _set(self, "_any_case", any_case)
        return any_case[key.casefold()]

    def __contains__(self, key: object) -> bool:
        try:
            self[key]  # type: ignore[index] # any object may be asked for
        except KeyError:
            return False
        return True

    def __iter__(self) -> Iterator[str]:
        return iter(self._data)

    def __len__(self) -> int:
        return len(self._data)

    def keys(self) -> KeysView[str]:
        """The keys as they are spelled here, sorted."""
        return self._data.keys()

    def values(self) -> ValuesView[V]:
        """The values in the order of their keys."""
        return self._data.values()

    def items(self) -> ItemsView[str, V]:
        """Pairs of key and value, sorted by key."""
        return self._data.items()

    def __eq__(self, other: object) -> bool:
        if isinstance(other, CaseMapping):
            return bool(self._data == other._data)
        return bool(self._data == other) if isinstance(other, dict) else NotImplemented

    __hash__ = None  # type: ignore[assignment] # like a dict: equal to dictionaries, which have no hash

    def __repr__(self) -> str:
        return repr(self._data)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"{name}: this mapping is read-only")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"{name}: this mapping is read-only")


class TextMapping(CaseMapping[str]):
    """Labels or environment variables: text by name, where a missing one reads as the empty string.

    Looking up a missing one raises KeyError or AttributeError, as elsewhere, so that `is defined` and `default` take it
    for missing; templating turns that into a value that prints and compares as `''`.
    """

    __slots__ = ()

    def get(self, key: str, default: Any = "") -> Any:
        """The text of that name, whatever the case, else the default."""
        try:
            return self[key]
        except KeyError:
            return default
