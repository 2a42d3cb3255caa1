"""What an action is: a type whose objects are configured notifications.

Everything that is particular to it stands in its one file: how it is delivered, which requests that takes, how it is
written on the command line, in the environment and in a state file, and how it reads in a sentence.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, ClassVar, Literal

from models.notification import Notification

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Self

    from notify.delivery import Inspector, Outcome, Task
    from notify.port import NotifyPort

SignalVia = Literal["auto", "exec", "kill"]
"""`--signal-via`: `auto` avoids `docker kill` where it would cancel the restart policy, `exec` always, `kill` never."""

Need = Literal["kill", "exec", "restart"]
"""Groups of requests to the engine, as `reconciler.backend.permissions` lists them."""


@dataclass(frozen=True, slots=True)
class OptionWords:
    """An action on the command line.

    Attributes:
        flag: such as `--signal`.
        metavar: the names of the words that follow, the container first.
        help: for `--help`.
    """

    flag: str
    metavar: tuple[str, ...]
    help: str


@dataclass(frozen=True, slots=True)
class Action(Notification, ABC):
    """One action, configured for one name. Its fields are texts: see `state`.

    Attributes:
        option: how it is given.
    """

    option: ClassVar[OptionWords]

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

    @abstractmethod
    def needs(self, via: SignalVia) -> frozenset[Need]:
        """The requests that a delivery may make, beside those of every notification."""

    def refusal(self, via: SignalVia) -> str:
        """Why it could never be delivered like this, and what to give; empty where it can be."""
        del via
        return ""

    def state(self) -> dict[str, str]:
        """The fields, as a state file keeps them beside the action's word."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def from_state(cls, state: Mapping[str, object]) -> Self:
        """Read what `state` gave; ValueError names a field that is missing or no text."""
        texts: dict[str, str] = {}
        for field in fields(cls):
            text = state.get(field.name)
            if not isinstance(text, str):
                raise ValueError(f"{field.name} is missing or not str")  # noqa: TRY004 - the caller's one kind of error
            texts[field.name] = text
        return cls(**texts)


def container_name(word: str) -> str:
    """The CONTAINER of an option; ValueError where it is empty."""
    name = word.strip()
    if not name:
        raise ValueError("CONTAINER is empty: give an id, a name, a service, or the value of a pygen.target label")
    return name
