"""Values with a fixed set of fields, read in templates as attributes or keys in any case."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from functools import cache
from typing import Any


@cache
def field_names(record_type: type[Any]) -> dict[str, str]:
    """The public fields of a record's type in the order of their definition: folded name to name."""
    names = (field.name for field in fields(record_type))
    return {name.casefold(): name for name in names if not name.startswith("_")}


class Record(Mapping[str, Any]):
    """Base of frozen dataclasses with slots: the exact spelling of a field costs what a plain attribute costs.

    `network.ip_address`, `network['ip_address']` and `network.IP_Address` are one thing. Iterates over the names of the
    public fields, in the order of their definition.
    """

    __slots__ = ()

    def __getitem__(self, key: str) -> Any:
        names = self._names()
        if key in names:
            return getattr(self, names[key])
        try:
            return getattr(self, names[key.casefold()])
        except AttributeError:  # not a string
            raise KeyError(key) from None

    def __getattr__(self, name: str) -> Any:
        # Called only where the exact spelling is not one of our fields.
        own = None if name.startswith("_") else self._names().get(name.casefold())
        if own is None or own == name:
            raise AttributeError(name)
        return getattr(self, own)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names().values())

    def __len__(self) -> int:
        return len(self._names())

    def __bool__(self) -> bool:
        return True

    @classmethod
    def _names(cls) -> dict[str, str]:
        """Folded name to name of the fields that a template may read."""
        return field_names(cls)
