"""Restarts that cause each other.

A template that shows the restarted container's own state (its address, its uptime, its health) changes the file with
every restart, which owes the next one. No debt may be lost, so such a chain cannot be cut; it is slowed down.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from models.backoff import doubled_s
from notify.actions.action import Action

if TYPE_CHECKING:
    from collections.abc import Iterable

Place = tuple[Action, str]

LONGEST_GAP_S = 30.0
_LINK_WITHIN_S = 30.0  # a new debt that soon after a restart of ours continues the chain
_FREE_LINKS = 2  # people change two things in a row, too
_FIRST_GAP_S = 1.0


@dataclass(slots=True)
class Chain:
    """One container's restarts by one notification.

    Attributes:
        restarted_at_s: when our last restart of it was through, on the monotonic clock.
        links: how many restarts in a row were soon followed by a new debt.
        linked: whether the last restart is counted already.
    """

    restarted_at_s: float
    links: int = 0
    linked: bool = False

    @property
    def gap_s(self) -> float:
        """How long after the last restart the next one may come."""
        slowed = self.links - _FREE_LINKS
        return 0.0 if slowed <= 0 else doubled_s(_FIRST_GAP_S, slowed, LONGEST_GAP_S)


class RestartLoopThrottle:
    """The throttle of all containers."""

    def __init__(self) -> None:
        self._chains: dict[Place, Chain] = {}

    def restarted(self, place: Place, now_s: float) -> None:
        """A restart of ours was through."""
        chain = self._chains.setdefault(place, Chain(now_s))
        chain.restarted_at_s, chain.linked = now_s, False

    def owed_again(self, places: Iterable[Place], now_s: float) -> list[Place]:
        """The containers are owed anew.

        Returns:
            Those among them whose restarts begin to be slowed down with this.
        """
        return [place for place in places if self._link(self._chains.get(place), now_s)]

    def container_ids(self) -> set[str]:
        """The containers that were restarted lately."""
        return {container_id for _, container_id in self._chains}

    def not_before_s(self, place: Place) -> float:
        """Before when the container is not restarted again, on the monotonic clock."""
        chain = self._chains.get(place)
        return -math.inf if chain is None or not chain.gap_s else chain.restarted_at_s + chain.gap_s

    def forget_before(self, moment_s: float) -> None:
        """Drop what ended before."""
        for place in [place for place, chain in self._chains.items() if chain.restarted_at_s < moment_s]:
            del self._chains[place]

    @staticmethod
    def _link(chain: Chain | None, now_s: float) -> bool:
        if chain is None or chain.linked:
            return False
        if now_s - chain.restarted_at_s > _LINK_WITHIN_S:
            chain.links = 0
            return False
        chain.links, chain.linked = chain.links + 1, True
        return chain.links == _FREE_LINKS + 1
