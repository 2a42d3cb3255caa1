"""Lists searched and grouped by what their elements have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from models.listing import ItemList
from templating.sandbox.filters.fields import look_up
from templating.sandbox.undefined import Blank

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from jinja2.sandbox import SandboxedEnvironment

_ANY = object()


class Group(NamedTuple):
    """One value of a label and the elements that carry it; reads like the pairs of Jinja's `groupby`."""

    grouper: str
    list: Sequence[Any]


def same_kind(example: Iterable[Any], items: list[Any]) -> Sequence[Any]:
    """A list of the same kind as another, so that `matching` and `first` work on what a filter left."""
    return example[:0] + items if isinstance(example, ItemList) else items


def filters(environment: SandboxedEnvironment) -> dict[str, Callable[..., Any]]:
    """The filters of this file by name."""

    def where(value: Iterable[Any], field: Any, expected: Any = _ANY) -> Sequence[Any]:
        def fits(item: Any) -> bool:
            found = look_up(environment, item, field)
            return bool(found) if expected is _ANY else bool(found == expected)

        return same_kind(value, [item for item in value if fits(item)])

    def group_by_label(value: Iterable[Any], label: str, default: Any = None) -> list[Group]:
        groups: dict[str, list[Any]] = {}
        for item in value:
            found = environment.getitem(environment.getattr(item, "labels"), label)
            if isinstance(found, Blank):
                if default is None:
                    continue
                found = default
            groups.setdefault(str(found), []).append(item)
        return [Group(name, same_kind(value, groups[name])) for name in sorted(groups)]

    return {"any": any, "all": all, "where": where, "group_by_label": group_by_label}
