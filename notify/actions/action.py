"""What an action is: a type whose objects are configured notifications.

Everything that is particular to it stands in its one file: how it is delivered, which requests that takes, how it is
written on the command line, in the environment and in a state file, and how it reads in a sentence.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import MISSING, field, fields
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from models.frozen import frozen
from models.notification import Notification
from notify.actions.keys import SECONDS_MAX
from notify.rules import Rules

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path
    from typing import Self

    from notify.actions.keys import Key
    from notify.delivery import Inspector, Outcome, Task
    from notify.port import NotifyPort

_WHOM = ("container", "match")

SignalVia = Literal["auto", "exec", "kill"]
"""`--signal-via`: `auto` avoids `docker kill` where it would cancel the restart policy, `exec` always, `kill` never."""

Need = Literal["kill", "exec", "restart"]
"""Groups of requests to the engine, as `reconciler.backend.permissions` lists them."""


@frozen
class OptionWords:
    """An action on the command line.

    Attributes:
        flag: such as `--signal`.
        metavar: the names of the words that follow, the container first where there is one.
        help: for `--help`.
        is_command: whether the last word is a command line, which holds blanks and, where quoted, commas.
    """

    flag: str
    metavar: tuple[str, ...]
    help: str
    is_command: bool = False


@frozen
class Action(Notification, ABC):
    """One action, configured for one name, or for none. Its fields are of the types that `state` can keep.

    Attributes:
        rules: when it is told, and how many at a time; no part of what it is.
        option: how it is given.
        keys: how it is given in a configuration file: the key that names it, then what is its own.
        recipients: whether it is for containers.
    """

    rules: Rules = field(default=Rules(), kw_only=True, compare=False, repr=False)
    option: ClassVar[OptionWords]
    keys: ClassVar[tuple[Key, ...]] = ()
    recipients: ClassVar[Literal["required", "optional", "none"]] = "required"

    @property
    def is_rolling(self) -> bool:
        """Whether its containers are told a few at a time."""
        return self.rules.max_parallel is not None

    @abstractmethod
    def __str__(self) -> str:
        """Read as in a sentence: `signal HUP to nginx`."""

    @classmethod
    @abstractmethod
    def from_words(cls, words: Sequence[str]) -> Self:
        """Read what follows the flag; ValueError says what is wrong and what to give."""

    @abstractmethod
    def deliver(self, port: NotifyPort, task: Task, inspector: Inspector, via: SignalVia) -> Outcome:
        """Tell the task's run; called by a worker's thread.

        Args:
            port: the engine.
            task: whom, and what is known of earlier tries.
            inspector: reads the container's state; ask it directly before anything is done.
            via: how signals may be sent.

        Returns:
            How it ended. Where nothing was asked of the engine yet a failure is `Failed(acted=False)`.
        """

    def effect(self) -> object:
        """What a delivery does to a run, whoever asks for it; None where it is another one for each job."""
        own = [getattr(self, each.name) for each in fields(self) if each.compare and each.name not in _WHOM]
        return (self.action, *own)

    @abstractmethod
    def needs(self, via: SignalVia) -> frozenset[Need]:
        """The requests that a delivery may make, beside those of every notification."""

    def refusal(self, via: SignalVia) -> str:
        """Why it could never be delivered like this, and what to give; empty where it can be."""
        del via
        return ""

    def check(self) -> None:
        """Refuse fields that don't go together; ValueError says what to give."""

    def within(self, folder: Path) -> Self:
        """The same, with paths that are not absolute beginning in this folder."""
        del folder
        return self

    def state(self) -> dict[str, object]:
        """The fields, as a state file keeps them beside the action's word; one that is as by default is left out."""
        kept = {each.name: getattr(self, each.name) for each in fields(self) if each.compare}
        return {each.name: kept[each.name] for each in fields(self) if each.compare and kept[each.name] != each.default}

    @classmethod
    def from_state(cls, state: Mapping[str, object]) -> Self:
        """Read what `state` gave; ValueError names a field that is missing, or of another type."""
        found: dict[str, Any] = {}
        for each in fields(cls):
            if each.compare and (each.name in state or each.default is MISSING):
                found[each.name] = _FROM_JSON[str(each.type)](each.name, state.get(each.name))
        return cls(**found)


def _text(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{name} is missing or not str")  # noqa: TRY004 - the caller's one kind of error
    return value


def _texts(name: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise ValueError(f"{name} is missing or no list of str")
    return tuple(value)


def _whole_numbers(name: str, value: object) -> tuple[int, ...]:
    if not isinstance(value, list) or not all(type(each) is int for each in value):
        raise ValueError(f"{name} is missing or no list of int")
    return tuple(value)


def _pairs(name: str, value: object) -> tuple[tuple[str, ...], ...]:
    if not isinstance(value, list):
        raise ValueError(f"{name} is missing or no list of pairs")  # noqa: TRY004 - the caller's one kind of error
    pairs = tuple(_texts(name, each) for each in value)
    if any(len(pair) != 2 for pair in pairs):  # noqa: PLR2004 - that is a pair
        raise ValueError(f"{name} is no list of pairs")
    return pairs


def _flag(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{name} is neither true nor false")  # noqa: TRY004 - the caller's one kind of error
    return value


def _seconds(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= SECONDS_MAX:
        raise ValueError(f"{name} is no number of seconds over 0")
    return float(value)


_FROM_JSON: dict[str, Callable[[str, object], object]] = {
    "str": _text,
    "tuple[str, ...]": _texts,
    "tuple[int, ...]": _whole_numbers,
    "tuple[tuple[str, str], ...]": _pairs,
    "float": _seconds,
    "bool": _flag,
}
"""How a field is read back, by its type as it is written in the action."""


def container_name(word: str) -> str:
    """The CONTAINER of an option; ValueError where it is empty."""
    name = word.strip()
    if not name:
        raise ValueError("CONTAINER is empty: give an id, a name, a service, or the value of a pygen.target label")
    return name
