"""Containers that the engine lists and can't show: none of them holds up the others.

What fails, or is not answered in a second, is unresolved, and holds up what is published for a few tries. It is put
into quarantine once it is known to be its own fault: another inspect that was begun later was answered. From then on it
is asked beside everything else, with backoff, until the engine shows it. Where nothing else is answered, either, the
engine is at fault, and nothing is published.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from models.backoff import delay_s
from models.matching import DOCKER_SHORT_ID_DIGITS
from reconciler.backend.port import InspectFailed, InspectPending
from reconciler.informer.state import Quarantined

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Collection, Iterator

    from reconciler.backend.port import EngineError

# Enough for a fault that passes; each try is already retried inside the reader.
TRIES = 3
# How many are asked beside at once; the reader has room for a few more, which it took over from its own connections.
_ASKED_AT_ONCE_MAX = 4
_NO_ROOM_S = 1.0
# A container in quarantine that causes many events is asked no more often than this.
_BETWEEN_EVENTS_S = 1.0


@dataclass(slots=True)
class _Unresolved:
    """A container whose last inspect told nothing.

    Attributes:
        name: as listed, or as an event told.
        begun_at_s: when that inspect was begun.
        under_way: whether it goes on beside.
        error: why the last one failed; None where none did.
        tries: how many failed.
        since_s: since when it is in quarantine; None while it may still be the engine's fault.
        asked_again: an event came since the inspect was begun.
        due_at_s: when it is asked again, in quarantine.
        is_told: whether the log has it.
    """

    name: str
    begun_at_s: float
    under_way: bool = False
    error: EngineError | None = None
    tries: int = 0
    since_s: float | None = None
    asked_again: bool = False
    due_at_s: float = 0.0
    is_told: bool = False


class Quarantine:
    """What is unresolved, and what of it is in quarantine. Pure: every moment is an argument."""

    def __init__(self, *, name_of: Callable[[str], str], chance: Callable[[], float], log: logging.Logger) -> None:
        """Begin empty.

        Args:
            name_of: the name of a container, by its full id; '' where it is not known.
            chance: a random number in [0, 1).
            log: where a container that is put into quarantine, and one that leaves it, is told.
        """
        self._unresolved: dict[str, _Unresolved] = {}
        self._name_of = name_of
        self._chance = chance
        self._log = log

    def __contains__(self, container_id: object) -> bool:
        """Whether a container is under way beside, or in quarantine: not to be asked with the others."""
        entry = self._unresolved.get(container_id) if isinstance(container_id, str) else None
        return entry is not None and (entry.under_way or entry.since_s is not None)

    # What became of an inspect

    def pending(self, outcome: InspectPending) -> None:
        """It goes on beside."""
        entry = self._entry(outcome.container_id, outcome.begun_at_s)
        entry.under_way, entry.asked_again = True, False

    def failed(self, outcome: InspectFailed, now_s: float) -> None:
        """It told nothing."""
        entry = self._entry(outcome.container_id, outcome.begun_at_s)
        entry.under_way, entry.error = False, outcome.error
        entry.tries += 1
        entry.due_at_s = now_s + (0.0 if entry.asked_again else delay_s(entry.tries, self._chance()))
        if entry.since_s is not None:
            self._tell(outcome.container_id, entry)

    def resolved(self, container_id: str) -> bool:
        """It told everything, being gone included.

        Returns:
            Whether an event came meanwhile, so that it has to be asked again.
        """
        entry = self._unresolved.pop(container_id, None)
        if entry is None:
            return False
        if entry.is_told:
            self._log.info("container %s can be inspected again", self._called(container_id, entry))
        return entry.asked_again

    def invalidate(self, container_id: str, now_s: float) -> None:
        """An event came, or a list shows something else."""
        entry = self._unresolved[container_id]
        entry.asked_again = entry.under_way
        entry.due_at_s = min(entry.due_at_s, max(now_s, entry.begun_at_s + _BETWEEN_EVENTS_S))

    def keep_only(self, container_ids: Collection[str]) -> None:
        """Forget containers that are neither known nor listed any more."""
        for container_id in self._unresolved.keys() - container_ids:
            del self._unresolved[container_id]

    # Whose fault it is

    def suspects(self) -> list[str]:
        """The containers that would be put into quarantine, if the engine were known to show others."""
        return [container_id for container_id, entry in self._unresolved.items() if _is_suspect(entry)]

    def admit(self, answered_at_s: float, now_s: float) -> None:
        """Put those into quarantine that an answer proves to be at fault.

        Args:
            answered_at_s: when the newest inspect of any container that was answered had been begun.
            now_s: our monotonic clock, seconds.
        """
        for container_id in self.suspects():
            entry = self._unresolved[container_id]
            if entry.begun_at_s < answered_at_s:
                entry.since_s = now_s
                self._tell(container_id, entry)

    def holding_up(self) -> Iterator[InspectFailed | InspectPending]:
        """What is unresolved and may be the engine's fault."""
        for container_id, entry in self._unresolved.items():
            if entry.since_s is not None:
                continue
            if entry.under_way or entry.error is None:
                yield InspectPending(container_id, entry.begun_at_s)
            else:
                yield InspectFailed(container_id, entry.begun_at_s, entry.error)

    def next_try_s(self, container_id: str) -> float:
        """After how many seconds one that failed, and is not in quarantine, is tried again."""
        return delay_s(self._unresolved[container_id].tries, self._chance())

    # Asking beside

    def due(self, now_s: float) -> list[str]:
        """Those in quarantine that are to be asked now, the longest overdue first."""
        under_way = sum(entry.under_way for entry in self._unresolved.values())
        waiting = [(entry.due_at_s, key) for key, entry in self._unresolved.items() if _is_waiting(entry)]
        due = [key for due_at_s, key in sorted(waiting) if due_at_s <= now_s]
        return due[: max(0, _ASKED_AT_ONCE_MAX - under_way)]

    def next_due(self) -> float | None:
        """When `due` has something to say, on our monotonic clock; None while only an outcome can change that."""
        if sum(entry.under_way for entry in self._unresolved.values()) >= _ASKED_AT_ONCE_MAX:
            return None
        return min((entry.due_at_s for entry in self._unresolved.values() if _is_waiting(entry)), default=None)

    def asked(self, container_id: str, now_s: float) -> None:
        """It is asked beside."""
        entry = self._unresolved[container_id]
        entry.begun_at_s, entry.under_way, entry.asked_again = now_s, True, False

    def no_room(self, container_id: str, now_s: float) -> None:
        """It could not be asked: too many are."""
        self._unresolved[container_id].due_at_s = now_s + _NO_ROOM_S

    def shown(self, known_ids: Collection[str]) -> tuple[Quarantined, ...]:
        """What is in quarantine, by name.

        Args:
            known_ids: the containers of which a state from before is shown.
        """
        found = [
            Quarantined(container_id, entry.name, _why(entry), entry.since_s, container_id in known_ids)
            for container_id, entry in self._unresolved.items()
            if entry.since_s is not None
        ]
        return tuple(sorted(found, key=lambda each: (each.name, each.container_id)))

    # Inside

    def _entry(self, container_id: str, begun_at_s: float) -> _Unresolved:
        entry = self._unresolved.setdefault(container_id, _Unresolved(self._name_of(container_id), begun_at_s))
        entry.begun_at_s = begun_at_s
        entry.name = entry.name or self._name_of(container_id)
        return entry

    def _tell(self, container_id: str, entry: _Unresolved) -> None:
        # What is only slow is told when its request fails; most never do.
        if entry.is_told or entry.error is None or entry.error.reason == "closed":
            return
        entry.is_told = True
        self._log.warning(
            "container %s is listed but can't be inspected; it keeps its last known state, or is left out where none "
            "is known, until the engine shows it: %s",
            self._called(container_id, entry),
            entry.error,
        )

    @staticmethod
    def _called(container_id: str, entry: _Unresolved) -> str:
        short_id = container_id[:DOCKER_SHORT_ID_DIGITS]
        return f"{entry.name} ({short_id})" if entry.name else short_id


def _is_suspect(entry: _Unresolved) -> bool:
    return entry.since_s is None and (entry.under_way or entry.tries >= TRIES)


def _is_waiting(entry: _Unresolved) -> bool:
    return entry.since_s is not None and not entry.under_way


def _why(entry: _Unresolved) -> str:
    return "no answer yet" if entry.error is None else str(entry.error)
