"""Restarts that cause each other.

A template that shows the restarted container's own state (its address, its uptime, its health) changes the file with
every restart, which causes the next one. No debt may be lost, so such a chain cannot be cut; it is slowed down.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from models.backoff import doubled_s
from notify.actions.action import Action

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

Place = tuple[Action, str]
"""The notification and the container's id: of these there is one delivery at a time."""

LONGEST_GAP_S = 30.0
_LINK_WITHIN_S = 30.0  # a new debt that soon after a restart of ours continues the chain
_FREE_LINKS = 2  # people change two things in a row, too
_FIRST_GAP_S = 1.0
_MEMORY_S = 120.0


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
        self._own_doing = False

    def file_changed(self, changed: Collection[str], known: Iterable[tuple[str, str]]) -> None:
        """The file takes a new content; what is owed for it continues a chain where only restarts of ours led to it.

        Args:
            changed: the names of the containers whose changes led to it; empty where something else did.
            known: the id and the name of each container that is known.
        """
        restarted_ids = {container_id for _, container_id in self._chains}
        restarted = {name for container_id, name in known if container_id in restarted_ids}
        self._own_doing = bool(changed) and restarted.issuperset(changed)

    def restarted(self, place: Place, now_s: float) -> None:
        """A restart of ours was through."""
        chain = self._chains.setdefault(place, Chain(now_s))
        chain.restarted_at_s, chain.linked = now_s, False

    def owed_again(self, places: Iterable[Place], now_s: float) -> list[Place]:
        """The containers are owed restarts; chains that ended long ago are forgotten.

        Returns:
            Those among them whose restarts begin to be slowed down with this.
        """
        self._forget_before(now_s - _MEMORY_S)
        if not self._own_doing:
            return []
        return [place for place in places if self._link(self._chains.get(place), now_s)]

    def not_before_s(self, place: Place) -> float:
        """Before when the container is not restarted again, on the monotonic clock."""
        chain = self._chains.get(place)
        return -math.inf if chain is None or not chain.gap_s else chain.restarted_at_s + chain.gap_s

    def _forget_before(self, moment_s: float) -> None:
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
