"""`frozen` makes a class of values: what `dataclass(frozen=True, slots=True)` makes, in a fifth of the time.

A dataclass that is frozen executes source text for six methods, a millisecond for each class, and the program has well
over a hundred of them: that was a third of what its imports took, and attrs takes longer still. Here text is executed
for `__init__` alone, whose speed counts later; the rest is the same for all.
"""

from __future__ import annotations

from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, field, fields
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar, dataclass_transform, overload

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


@overload
def frozen(cls: type[T], /) -> type[T]: ...
@overload
def frozen(*, kw_only: bool = False) -> Callable[[type[T]], type[T]]: ...
@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(cls: type[T] | None = None, /, *, kw_only: bool = False) -> type[T] | Callable[[type[T]], type[T]]:
    """Make a class of immutable values of its annotated fields, which may be `dataclasses.field()`s.

    `__post_init__` is called where there is one.

    Two are equal where they are of one class and their fields are; methods that the class defines itself stay.
    `dataclasses.fields`, `replace` and `asdict` know it.

    Args:
        cls: the class.
        kw_only: whether all fields are given by name.
    """
    if cls is None:
        return lambda each: _made(each, kw_only=kw_only)
    return _made(cls, kw_only=kw_only)


def _made(cls: type[T], *, kw_only: bool) -> type[T]:
    own = frozenset(vars(cls))
    made = dataclass(init=False, repr=False, eq=False, slots=True, kw_only=kw_only)(cls)
    declared = fields(made)  # type: ignore[arg-type] # it is one now
    compared = _values_of([each.name for each in declared if each.compare])
    methods: dict[str, Any] = {
        "__init__": _initializer(declared, checks=hasattr(made, "__post_init__")),
        "__repr__": _repr_of([each.name for each in declared if each.repr]),
        "__setattr__": _refuse_assignment,
        "__delattr__": _refuse_deletion,
        "__setstate__": _set_state,
    }
    if "__eq__" not in own:
        methods |= {"__eq__": _equality_of(compared), "__hash__": lambda self: hash(compared(self))}
    for name, method in methods.items():
        if name not in own:
            setattr(made, name, method)
    return made


def _initializer(declared: tuple[Field[Any], ...], *, checks: bool) -> Any:
    known: dict[str, Any] = {"_set": object.__setattr__, "_missing": MISSING}
    positional, by_name, body = ["self"], list[str](), list[str]()
    for each in declared:
        text, given = each.name, each.name
        if each.default_factory is not MISSING:
            known[f"_make_{each.name}"] = each.default_factory
            text += "=_missing"
            given = f"_make_{each.name}() if {each.name} is _missing else {each.name}"
        elif each.default is not MISSING:
            known[f"_default_{each.name}"] = each.default
            text += f"=_default_{each.name}"
        (by_name if each.kw_only else positional).append(text)
        body.append(f"    _set(self, {each.name!r}, {given})")
    if checks:
        body.append("    self.__post_init__()")
    parameters = [*positional, *(["*", *by_name] if by_name else [])]
    exec("\n".join([f"def __init__({', '.join(parameters)}):", *(body or ["    pass"])]), known)  # noqa: S102 - ours
    return known["__init__"]


def _values_of(names: list[str]) -> Callable[[Any], tuple[Any, ...]]:
    if len(names) > 1:
        return attrgetter(*names)
    return lambda self: tuple([getattr(self, name) for name in names])


def _equality_of(compared: Callable[[Any], tuple[Any, ...]]) -> Any:
    def equals(self: Any, other: object) -> Any:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return self is other or compared(self) == compared(other)

    return equals


def _repr_of(names: list[str]) -> Any:
    def shown(self: Any) -> str:
        text = ", ".join([f"{name}={getattr(self, name)!r}" for name in names])
        return f"{type(self).__qualname__}({text})"

    return shown


def _refuse_assignment(_self: Any, name: str, _value: object) -> NoReturn:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_deletion(_self: Any, name: str) -> NoReturn:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _set_state(self: Any, state: tuple[None, dict[str, Any]]) -> None:
    for name, each in state[1].items():
        object.__setattr__(self, name, each)
