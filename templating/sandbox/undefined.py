"""What is not there, in three kinds.

- `MissingText`: a label or a variable that a container does not carry. It prints, compares, sorts and adds as `''`,
  and answers to the methods of `''`; only `is defined` and `default` know better.
- `Nothing`: the first of an empty list, and whatever is looked up in it. It is false and undefined, and looking
  further, or calling what was found, gives nothing again. It compares as `''` too, so that lists sort by it.
- `Unknown`: a name that a template made up: no variable of that name, or no such field in the model. In strict mode
  its use is an error. Otherwise it prints as `''` and its name is noted, once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from jinja2.exceptions import UndefinedError
from jinja2.runtime import Undefined
from jinja2.utils import missing

from templating.errors import TemplateUsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Blank(Undefined):
    """Behaves as the empty text, without being one."""

    __slots__ = ()

    def _touch(self) -> None:
        """It is being used; `Unknown` has something to say about that."""

    def __str__(self) -> str:
        self._touch()
        return ""

    def __eq__(self, other: object) -> bool:
        self._touch()
        return isinstance(other, Blank) or other == ""

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        self._touch()
        return hash("")

    def __bool__(self) -> bool:
        self._touch()
        return False

    def __len__(self) -> int:
        self._touch()
        return 0

    def __iter__(self) -> Iterator[Any]:
        self._touch()
        return iter(())

    def __contains__(self, item: object) -> bool:
        self._touch()
        return item == ""

    def __lt__(self, other: Any) -> Any:
        return _plain(other, self) > ""

    def __le__(self, other: Any) -> Any:
        return _plain(other, self) >= ""

    def __gt__(self, other: Any) -> Any:
        return _plain(other, self) < ""

    def __ge__(self, other: Any) -> Any:
        return _plain(other, self) <= ""

    def __add__(self, other: Any) -> Any:
        return "" + _plain(other, self)

    def __radd__(self, other: Any) -> Any:
        return _plain(other, self) + ""

    def __int__(self) -> int:  # type: ignore[override]
        self._touch()
        raise ValueError  # what int('') does, and what the filter `int` answers with its default

    def __float__(self) -> float:  # type: ignore[override]
        self._touch()
        raise ValueError

    def __html__(self) -> str:
        return str(self)


def _plain(other: Any, this: Blank) -> Any:
    this._touch()  # noqa: SLF001 - a helper of the class above
    return "" if isinstance(other, Blank) else other


class Nothing(Blank):
    """The first of nothing, and all that is looked up in it."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return NOTHING

    def __getitem__(self, key: object) -> Any:
        return NOTHING

    def __call__(self, *_args: object, **_kwargs: object) -> Any:
        """A method of nothing gives nothing."""
        return NOTHING


class MissingText(Nothing):
    """A label or a variable that is not set. Its methods are those of `''`: `lookup.py` finds them."""

    __slots__ = ()

    def __getitem__(self, key: object) -> Any:
        return "" if isinstance(key, slice) else NOTHING


NOTHING = Nothing("there is nothing")
MISSING_TEXT = MissingText("it is not set")


class Unknown(Blank):
    """A name that does not exist.

    Attributes:
        _used: is told the name, and what is said of it, at each use, and gives what may be said; raises where a use is
            an error. Set on a subclass for each environment.
    """

    __slots__ = ()
    _used: Callable[[str, str | None], str]

    def __new__(
        cls,
        hint: str | None = None,
        obj: Any = missing,  # noqa: ARG004 - the signature is Jinja's
        name: str | None = None,
        exc: type[Exception] = UndefinedError,  # noqa: ARG004
    ) -> Any:
        """Jinja asks for one without a name where a list was empty: that is nothing, not a name made up."""
        return super().__new__(cls) if name is not None else Nothing(hint)

    def _touch(self) -> None:
        self._use()

    def __call__(self, *_args: object, **_kwargs: object) -> NoReturn:
        """A function that a template made up cannot be called in any mode."""
        raise TemplateUsageError(f"a function is called that does not exist: {self._use()}")

    def _use(self) -> str:
        used = type(self)._used  # noqa: SLF001 - its own class's
        return used(str(self._undefined_name), self._undefined_hint)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        self._touch()
        return self

    def __getitem__(self, key: object) -> Any:
        self._touch()
        return self


def unknown_class(used: Callable[[str, str | None], str]) -> type[Unknown]:
    """The class of unknown names for one environment."""
    return type("Unknown", (Unknown,), {"__slots__": (), "_used": staticmethod(used)})
