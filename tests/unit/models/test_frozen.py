"""A class that `frozen` makes behaves as a dataclass that is frozen and has slots."""

from __future__ import annotations

import copy
import pickle
from dataclasses import FrozenInstanceError, asdict, dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from models.frozen import frozen
from models.record import Record

if TYPE_CHECKING:
    from collections.abc import Callable


def _classes(make: Callable[[type[Any]], type[Any]]) -> type[Any]:
    @make
    class Point:
        """Where something is."""

        kind: ClassVar[str] = "point"
        x: int
        y: int = 0
        label: str = field(default="", compare=False)
        hidden: str = field(default="", repr=False)
        seen: list[int] = field(default_factory=list)
        z: int = field(default=0, kw_only=True)

        @property
        def both(self) -> int:
            """A property."""
            return self.x + self.y

    return Point


OURS, THEIRS = _classes(frozen), _classes(dataclass(frozen=True, slots=True))


@pytest.mark.parametrize("arguments", [(1,), (1, 2), (1, 2, "a"), (1, 2, "a", "b", [3])])
@pytest.mark.parametrize("named", [{}, {"z": 4}])
def test_it_is_made_and_shown_as_a_dataclass_is(arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
    """By place and by name, with defaults."""
    ours, theirs = OURS(*arguments, **named), THEIRS(*arguments, **named)
    assert asdict(ours) == asdict(theirs)
    assert repr(ours) == repr(theirs)
    assert ours.both == theirs.both
    assert [each.name for each in fields(ours)] == [each.name for each in fields(theirs)]
    assert OURS.__match_args__ == THEIRS.__match_args__
    assert OURS.__slots__ == THEIRS.__slots__


@pytest.mark.parametrize(
    ("arguments", "named"),
    [((), {}), ((1, 2, "", "", [], 5), {}), ((1,), {"x": 2}), ((1,), {"other": 2}), ((), {"y": 1})],
)
def test_wrong_arguments_are_refused_in_the_same_words(arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
    """Too many, too few, unknown, twice."""
    with pytest.raises(TypeError) as theirs:
        THEIRS(*arguments, **named)
    with pytest.raises(TypeError) as ours:
        OURS(*arguments, **named)
    assert str(ours.value).split("__init__")[1] == str(theirs.value).split("__init__")[1]


def test_each_has_a_default_of_its_own() -> None:
    """Made by the factory, once for each."""
    first, second = OURS(1), OURS(1)
    first.seen.append(1)
    assert second.seen == []


@pytest.mark.parametrize("made", [OURS, THEIRS])
def test_equality(made: type[Any]) -> None:
    """Of the compared fields, within one class; equal ones have one hash."""

    @frozen
    class Other:
        """Another class with the same fields."""

        x: int

    @frozen
    class One:
        """One field."""

        x: int

    assert made(1, 2, "a") == made(1, 2, "b")
    assert made(1, 2) != made(1, 3)
    assert made(1) != (1, 0, "", "", [], 0)
    assert One(1) == One(1)
    assert One(1) != Other(1)  # type: ignore[comparison-overlap] # just that
    assert len({One(1), One(1), One(2)}) == 2
    with pytest.raises(TypeError, match="unhashable"):
        hash(made(1))


@pytest.mark.parametrize("made", [OURS, THEIRS])
def test_nothing_changes(made: type[Any]) -> None:
    """Not a field, and nothing is added; `replace` makes another one."""
    point = made(1, 2)
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'x'"):
        point.x = 3
    with pytest.raises(FrozenInstanceError, match="cannot delete field 'x'"):
        del point.x
    with pytest.raises((FrozenInstanceError, TypeError)):
        point.other = 3
    assert (replace(point, x=5).x, point.x) == (5, 1)


@frozen
class Base(Record):
    """A value that is a mapping, and has methods of its own."""

    a: int
    b: str = "b"

    def __repr__(self) -> str:
        return "mine"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Base)

    def __hash__(self) -> int:
        return 7


@frozen(kw_only=True)
class Derived(Base):
    """With a field more."""

    c: int


def test_own_methods_and_inherited_fields_stay() -> None:
    """As with dataclasses."""
    assert (repr(Base(1)), hash(Base(1)), Base(1) == Base(2)) == ("mine", 7, True)
    derived = Derived(1, "x", c=3)
    assert (dict(derived), derived != Derived(1, "x", c=4)) == ({"a": 1, "b": "x", "c": 3}, True)
    with pytest.raises(TypeError):
        Derived(1, "x", 3)  # type: ignore[call-arg] # which is what the test is about
    match derived:
        case Base(a, b):
            assert (a, b) == (1, "x")


def test_a_value_can_refuse_what_it_is_given() -> None:
    """In `__post_init__`, also of a class further up."""

    @frozen
    class Positive:
        """More than nothing."""

        x: int

        def __post_init__(self) -> None:
            if self.x <= 0:
                raise ValueError("not positive")

    @frozen
    class Named(Positive):
        """With a name."""

        name: str = ""

    assert Named(1).x == 1
    with pytest.raises(ValueError, match="not positive"):
        Named(0)


def test_it_can_be_copied() -> None:
    """As other values can."""
    derived = Derived(1, c=3)
    for other in (copy.copy(derived), copy.deepcopy(derived), pickle.loads(pickle.dumps(derived))):
        assert dict(other) == dict(derived)
