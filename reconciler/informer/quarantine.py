"""Containers that the engine lists and can't show: none of them holds up the others.

What fails, or is not answered in a second, is unresolved, and holds up what is published for a few tries. It is put
into quarantine once it is known to be its own fault: another inspect that was begun later was answered. From then on it
is asked beside everything else, with backoff, until the engine shows it. Where nothing else is answered, either, the
engine is at fault, and nothing is published.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from models.matching import DOCKER_SHORT_ID_DIGITS
from reconciler.informer.state import Quarantined

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Collection, Iterator

    from reconciler.backend.port import EngineError, InspectFailed

# Enough for a fault that passes; each try is already retried inside the reader.
TRIES = 3


@dataclass(slots=True)
class _Unresolved:
    """A container whose last inspect told nothing.

    Attributes:
        name: as listed, or as an event told.
        begun_at_s: when that inspect was begun.
        under_way: whether it goes on beside.
        error: why the last one failed; None where none did.
        since_s: since when it is in quarantine; None while it may still be the engine's fault.
        is_told: whether the log has it.
    """

    name: str
    begun_at_s: float
    under_way: bool = False
    error: EngineError | None = None
    since_s: float | None = None
    is_told: bool = False


class Quarantine:
    """What is unresolved, and what of it is in quarantine. Pure: every moment is an argument, seconds.

    Args:
        name_of: the name of a container, by its full id; '' where it is not known.
        failures: how often a container's inspect has failed in a row.
        log: where a container that is put into quarantine, and one that leaves it, is told.
    """

    def __init__(self, *, name_of: Callable[[str], str], failures: Callable[[str], int], log: logging.Logger) -> None:
        self._unresolved: dict[str, _Unresolved] = {}
        self._name_of = name_of
        self._failures = failures
        self._log = log

    def __contains__(self, container_id: object) -> bool:
        """Whether a container is in quarantine: not to be asked with the others."""
        entry = self._unresolved.get(container_id) if isinstance(container_id, str) else None
        return entry is not None and entry.since_s is not None

    # What became of an inspect

    def pending(self, container_id: str, begun_at_s: float) -> None:
        """It goes on beside."""
        self._entry(container_id, begun_at_s).under_way = True

    def failed(self, outcome: InspectFailed) -> None:
        """It told nothing."""
        entry = self._entry(outcome.container_id, outcome.begun_at_s)
        entry.under_way, entry.error = False, outcome.error
        if entry.since_s is not None:
            self._tell(outcome.container_id, entry)

    def resolved(self, container_id: str) -> None:
        """It told everything, being gone included."""
        entry = self._unresolved.pop(container_id, None)
        if entry is not None and entry.is_told:
            self._log.info("container %s can be inspected again", self._called(container_id, entry))

    def keep_only(self, container_ids: Collection[str]) -> list[str]:
        """Forget containers that are neither known nor listed any more, and say which."""
        gone = list(self._unresolved.keys() - container_ids)
        for container_id in gone:
            del self._unresolved[container_id]
        return gone

    # Whose fault it is

    def suspects(self) -> list[str]:
        """The containers that would be put into quarantine, if the engine were known to show others."""
        return [
            container_id
            for container_id, entry in self._unresolved.items()
            if entry.since_s is None and (entry.under_way or self._failures(container_id) >= TRIES)
        ]

    def admit(self, answered_at_s: float, now_s: float) -> None:
        """Put those into quarantine that an answer proves to be at fault.

        Args:
            answered_at_s: when the newest inspect of any container that was answered had been begun.
            now_s: our monotonic clock.
        """
        for container_id in self.suspects():
            entry = self._unresolved[container_id]
            if entry.begun_at_s < answered_at_s:
                entry.since_s = now_s
                self._tell(container_id, entry)

    def unadmitted(self) -> list[str]:
        """The containers that failed, and are not in quarantine."""
        return [key for key, entry in self._unresolved.items() if entry.since_s is None and not entry.under_way]

    def holding_up(self) -> Iterator[tuple[EngineError | None, float]]:
        """What is unresolved and may be the engine's fault: why it failed, None while it is under way; when begun."""
        for entry in self._unresolved.values():
            if entry.since_s is None:
                yield None if entry.under_way else entry.error, entry.begun_at_s

    # What is asked beside

    def count_under_way(self) -> int:
        """How many inspects go on beside."""
        return sum(entry.under_way for entry in self._unresolved.values())

    def begun_at_s(self, container_id: str) -> float | None:
        """When the last inspect of a container in quarantine was begun; None of one that is not in it."""
        return self._unresolved[container_id].begun_at_s if container_id in self else None

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
            "is known, until an inspect succeeds: %s",
            self._called(container_id, entry),
            entry.error,
        )

    @staticmethod
    def _called(container_id: str, entry: _Unresolved) -> str:
        short_id = container_id[:DOCKER_SHORT_ID_DIGITS]
        return f"{entry.name} ({short_id})" if entry.name else short_id


def _why(entry: _Unresolved) -> str:
    return "no answer yet" if entry.error is None else str(entry.error)
