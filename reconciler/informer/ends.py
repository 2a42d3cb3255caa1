"""Ends of runs that are known from their events, before any inspect shows them.

After a crash an engine answers no inspect of the container until it has cleaned up (60 to 100 ms on 20.10); the `die`
event is there in 3 ms. A `die` whose engine time is later than the cached run's `StartedAt` proves that this run is
over. An event never proves a beginning: what comes after the end is for the inspect to say. An inspect that shows the
ended run as running (Podman 4.3 does right after `die`) is asked again soon, and believed in the end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from models.run import parse_ns
from reconciler.informer.invalidation import is_end

if TYPE_CHECKING:
    from models.container import Container
    from models.event import EngineEvent

# Six and a half seconds in all, then the engine is believed.
_ASK_AGAIN_S = (0.2, 0.4, 0.8, 1.6, 3.2)


@dataclass(slots=True)
class _End:
    """What events told of the ends of one container.

    Attributes:
        told_ns: the engine's time of the last one, 0 where it is not told: a run that was begun before is over.
        started_at: of the run that was known when its end was told; '' where none was.
        is_proven: whether that run is over for sure: the event's time is later than its start.
        contradictions: how many inspects have shown what is over.
    """

    told_ns: int = 0
    started_at: str = ""
    is_proven: bool = False
    contradictions: int = 0


@dataclass(slots=True)
class _Start:
    """The last start that events told of.

    Attributes:
        told_ns: the engine's time of it: a run that ended before is not the one that began.
        contradictions: how many inspects have shown nothing that is as new.
    """

    told_ns: int
    contradictions: int = 0


class Ends:
    """What events tell of the ends of runs, and of starts after them, until an inspect shows the same."""

    def __init__(self) -> None:
        self._ends: dict[str, _End] = {}
        self._starts: dict[str, _Start] = {}

    def event(self, event: EngineEvent, cached: Container | None) -> bool:
        """Take an event.

        Args:
            event: any event.
            cached: the container that it is about, as last read or known to have ended; None where it is not known.

        Returns:
            Whether it proves that the run of the cached container is over, which is news.
        """
        if not is_end(event):
            return False
        started_ns = None if cached is None or not cached.is_current else parse_ns(cached.started_at)
        is_proven = started_ns is not None and event.time_ns > started_ns
        if started_ns is not None and event.time_ns > 0 and not is_proven:  # an earlier run's, told late
            return False
        end = self._ends.setdefault(event.actor_id, _End())
        end.told_ns, end.contradictions = max(end.told_ns, event.time_ns), 0
        if cached is None or not cached.is_current:
            return False
        was_proven = end.is_proven and end.started_at == cached.started_at
        end.started_at, end.is_proven = cached.started_at, was_proven or is_proven
        return is_proven and not was_proven

    def started(self, event: EngineEvent) -> None:
        """Take the event of a start: an inspect that shows no run as new is to be asked again."""
        if event.time_ns:
            self._starts[event.actor_id] = _Start(event.time_ns)

    def is_over(self, container: Container) -> bool:
        """Whether an event has proven that this run is over."""
        end = self._ends.get(container.id)
        return end is not None and end.is_proven and end.started_at == container.started_at

    def contradicted(self, after: Container) -> float | None:
        """Compare an inspect with what its container's events told.

        Returns:
            After how many seconds it should be asked again, because it shows a run that has ended, or none that began
            after the last start; None where it is to be believed.
        """
        again_s = self._contradicts_end(after)
        return self._contradicts_start(after) if again_s is None else again_s

    def _contradicts_start(self, after: Container) -> float | None:
        start = self._starts.get(after.id)
        if start is None:
            return None
        if _ended_before(after, start.told_ns) and start.contradictions < len(_ASK_AGAIN_S):
            start.contradictions += 1
            return _ASK_AGAIN_S[start.contradictions - 1]
        del self._starts[after.id]
        return None

    def _contradicts_end(self, after: Container) -> float | None:
        end = self._ends.get(after.id)
        if end is None:
            return None
        if _shows_what_is_over(after, end) and end.contradictions < len(_ASK_AGAIN_S):
            end.contradictions += 1
            return _ASK_AGAIN_S[end.contradictions - 1]
        del self._ends[after.id]
        return None

    def forget(self, container_id: str) -> None:
        """The container is gone."""
        self._ends.pop(container_id, None)
        self._starts.pop(container_id, None)


def _ended_before(container: Container, told_ns: int) -> bool:
    """Whether an inspect shows no run at all that may have begun then: the last one had ended before."""
    if container.is_current:
        return False
    state = container.raw.attrs.get("State")
    finished_at = state.get("FinishedAt") if isinstance(state, Mapping) else None
    finished_ns = parse_ns(finished_at) if isinstance(finished_at, str) else None
    return finished_ns is None or finished_ns < told_ns


def _shows_what_is_over(container: Container, end: _End) -> bool:
    if not container.is_current:
        return False
    return container.started_at == end.started_at or (parse_ns(container.started_at) or end.told_ns) < end.told_ns
