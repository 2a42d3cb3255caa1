"""Read-only lists as templates see them: `first`, `first_value`, `matching`, and a look at the first element."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self, SupportsIndex, TypeVar, overload

from models import matching
from models.mapping import CaseMapping
from models.record import Record

if TYPE_CHECKING:
    from collections.abc import Iterable

T = TypeVar("T")


class ItemList(tuple[T, ...]):
    """A list that cannot be changed. It prints, compares and adds up like the Python list with the same elements.

    An attribute that lists do not have is looked up on the first element, so that `matching('web').name` works;
    AttributeError where there is no element, or the first has none of the name. `first`, `last` and `first_value` of
    an empty list are None; templating makes them undefined.
    """

    __slots__ = ()

    @property
    def first(self) -> T | None:
        """The first element, None where there is none."""
        return self[0] if self else None

    @property
    def last(self) -> T | None:
        """The last element, None where there is none."""
        return self[-1] if self else None

    @property
    def first_value(self) -> T | None:
        """The first element that is neither None nor empty, None where there is none."""
        for item in self:
            if item:
                return item
        return None

    def matching(self, target: object) -> Self:
        """The elements that are `target`, or have it as their id or name."""
        return self._of(item for item in self if matching.is_named(item, target))

    def not_matching(self, target: object) -> Self:
        """The elements that `matching` leaves out, in the list's order."""
        found = {id(item) for item in self.matching(target)}
        return self._of(item for item in self if id(item) not in found)

    def _of(self, items: Iterable[T]) -> Self:
        """A list of the same kind."""
        return type(self)(items)

    def __getattr__(self, name: str) -> Any:
        # Asked only where lists have no such attribute; underscores are Python's own protocols. Of any other element
        # than the model's own, say a generator that a template added, an attribute could lead anywhere.
        first = self[0] if self and not name.startswith("_") else None
        if isinstance(first, ItemList):
            return getattr(first, name)
        if not isinstance(first, Record | CaseMapping):
            raise AttributeError(name)  # noqa: TRY004 - what Python's protocol asks for
        try:
            return first[name]
        except KeyError:
            raise AttributeError(name) from None

    @overload
    def __getitem__(self, index: SupportsIndex) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Self: ...
    def __getitem__(self, index: SupportsIndex | slice) -> T | Self:
        found = tuple.__getitem__(self, index)
        return self._of(found) if isinstance(index, slice) else found  # type: ignore[arg-type,return-value] # by index

    def __add__(self, other: Iterable[Any]) -> Self:
        return self._of([*self, *other]) if isinstance(other, list | tuple) else NotImplemented

    def __radd__(self, other: Iterable[Any]) -> Self:
        return self._of([*other, *self]) if isinstance(other, list | tuple) else NotImplemented

    def __eq__(self, other: object) -> bool:
        return tuple.__eq__(self, tuple(other) if isinstance(other, list) else other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = tuple.__hash__

    def __repr__(self) -> str:
        return repr(list(self))
