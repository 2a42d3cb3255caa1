"""Fields by their path, with labels whose names hold dots."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from models.record import Record
from templating.errors import TemplateUsageError
from templating.sandbox.writing import describe

if TYPE_CHECKING:
    from jinja2.sandbox import SandboxedEnvironment


def look_up(environment: SandboxedEnvironment, item: Any, path: Any) -> Any:
    """What an item has under a path such as `name`, `networks.first.name` or `labels.com.docker.compose.project`.

    In a mapping all that is left of the path is tried as one key first, because labels have dots in their names.
    """
    if isinstance(path, int):
        return environment.getitem(item, path)
    if not isinstance(path, str):
        raise TemplateUsageError(f"{describe(path)} does not name a field")
    value, rest = item, path
    while rest:
        if isinstance(value, Mapping) and not isinstance(value, Record) and rest in value:
            return value[rest]
        name, _, rest = rest.partition(".")
        value = environment.getitem(value, int(name) if name.isdecimal() and len(name) < _MANY_DIGITS else name)
    return value


_MANY_DIGITS = 10
