"""Model values as plain Python data, for what writes JSON or YAML."""

from __future__ import annotations

from typing import Any

from models.mapping import CaseMapping
from models.raw import RawContainer
from models.record import Record

_LEFT_OUT = "raw"  # of a container: it would say everything twice


def plain(value: Any) -> Any:
    """Copy a value deeply into dictionaries and lists that nobody else holds.

    A container is a dictionary of its fields without `raw`; `raw` is its `attrs`. What is no value of the models, and
    no mapping or list, is returned as it is.
    """
    if isinstance(value, RawContainer):
        return plain(value.attrs)
    if isinstance(value, Record):
        return {name: plain(value[name]) for name in value if name != _LEFT_OUT}
    if isinstance(value, CaseMapping | dict):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return value
