"""What is to be told, as configured: one restart or one signal for everything that a name matches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ActionKind = Literal["restart", "signal"]


@dataclass(frozen=True, slots=True, order=True)
class Notification:
    """A configured notification.

    Attributes:
        action: what is done to each matching container.
        container: the name as configured, by the rules of `models.matching`; never empty.
        signal: canonical name such as `SIGHUP` for a signal (see `models.signals`), empty for a restart.
    """

    action: ActionKind
    container: str
    signal: str = ""

    def __str__(self) -> str:
        """Read as in a sentence: `signal HUP to nginx`, `restart of nginx`."""
        if self.action == "restart":
            return f"restart of {self.container}"
        return f"signal {self.signal.removeprefix('SIG')} to {self.container}"
