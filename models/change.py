"""Why something is different from before, in words for people: `web-2 started`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Change:
    """One change that was seen in the engine's state.

    Attributes:
        subject: the name of the container (or network) as people know it.
        what: what happened to it, in the past tense: `started`, `stopped`, `became healthy`, `was renamed from x`.
    """

    subject: str
    what: str

    def __str__(self) -> str:
        """Read as in a sentence."""
        return f"{self.subject} {self.what}"
