"""What can be done to tell whoever reads the file. A new action is one file here, one line below, and its tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from notify.actions.command import Command
from notify.actions.exec import Exec
from notify.actions.http import Http
from notify.actions.restart import Restart
from notify.actions.signal import Signal
from notify.actions.signal_child import SignalChild

if TYPE_CHECKING:
    from notify.actions.action import Action

ACTIONS: dict[str, type[Action]] = {}
"""All of them by their word, in the order of the help."""


def register(action: type[Action]) -> None:
    """Make an action known to the command line, the list of permissions, the state file and the deliveries.

    Raises:
        ValueError: another one has its word.
    """
    if ACTIONS.setdefault(action.action, action) is not action:
        raise ValueError(f"there are two actions called {action.action!r}")


register(Restart)
register(Signal)
register(Exec)
register(Http)
register(Command)
register(SignalChild)
