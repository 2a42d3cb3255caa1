"""Whether a run that is first seen now is known to have started after the file was replaced.

Two kinds of proof count: a reading begun after the replacement that did not show this run, and a `StartedAt` that is
later than an upper bound of the engine's own clock at the replacement. Our clock is compared with our clock only, the
engine's with the engine's. Pure: every moment is an argument.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from models.frozen import frozen
from models.notification import Notification
from models.run import CHILD, NO_CONTAINER, OF_NO_ENGINE, parse_ns

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from models.run import Run

BEFORE_EVERYTHING_S = -math.inf


@frozen
class ContainerObservation:
    """One matching container as a snapshot shows it.

    Attributes:
        container_id: the full id.
        name: the name as people know it.
        engine: the name of the engine that owns it.
        run: its current run; None where it is known not to run (stopped, or restarting).
        read_at_s: our monotonic clock just before the request that showed this was sent.
        paused: whether that reading showed it paused.
    """

    container_id: str
    name: str
    engine: str
    run: Run | None
    read_at_s: float
    paused: bool = False


Observations = Mapping[Notification, Sequence[ContainerObservation]]
"""What a pass saw of each notification: the containers that match."""


def without_container(at_s: float) -> ContainerObservation:
    """What every pass shows of a notification that needs no container.

    Args:
        at_s: now, on our monotonic clock.
    """
    return ContainerObservation(container_id="", name="", engine="", run=NO_CONTAINER, read_at_s=at_s)


def of_child(name: str, run: Run | None, at_s: float) -> ContainerObservation:
    """What a pass shows of the child.

    Args:
        name: its program's.
        run: its one run; None before it and after it.
        at_s: now, on our monotonic clock.
    """
    return ContainerObservation(container_id=CHILD, name=name, engine=CHILD, run=run, read_at_s=at_s)


@frozen
class CompleteList:
    """The last complete list of containers: who is missing in it did not exist when it was begun, or later.

    Attributes:
        begun_at_s: our monotonic clock just before it was asked for; with several engines the earliest.
        container_ids: the full id of each container in it, stopped ones included, exactly as listed then.
    """

    begun_at_s: float
    container_ids: Collection[str]

    def lacks(self, container_id: str) -> bool:
        """Whether the container is missing in it; what is told without an engine's container never is."""
        return container_id not in OF_NO_ENGINE and container_id not in self.container_ids


@frozen
class Known:
    """The newest reading of a container.

    Attributes:
        run: the run that it showed, None for none.
        read_at_s: when the newest reading that showed it was begun.
        other_at_s: when the newest reading that showed something else was begun.
    """

    run: Run | None
    read_at_s: float
    other_at_s: float = BEFORE_EVERYTHING_S

    def was_other_at(self, replaced_at_s: float) -> bool:
        """Whether something else was shown at that moment or later; never, where nothing else was shown at all."""
        return self.other_at_s != BEFORE_EVERYTHING_S and self.other_at_s >= replaced_at_s


@dataclass(slots=True)
class StartOrder:
    """What is known about the order of runs and the last replacement.

    Attributes:
        replaced_at_s: our clock just after the last replacement; minus infinity where it was made before this process.
        engine_ns_max: for each engine an upper bound of its own clock at the replacement, ns since the epoch.
    """

    replaced_at_s: float = BEFORE_EVERYTHING_S
    engine_ns_max: dict[str, int] = field(default_factory=dict)
    _known: dict[str, Known] = field(default_factory=dict)
    _lists: list[CompleteList] = field(default_factory=list)

    def replaced(self, at_s: float) -> None:
        """The file was replaced: what bounded the former replacement is void."""
        self.replaced_at_s = at_s
        self.engine_ns_max.clear()

    def engine_clock(self, engine: str, begun_at_s: float, engine_ns_max: int | None) -> None:
        """Take an answer's upper bound of the engine's clock; it counts if it was asked for after the replacement."""
        if engine_ns_max is None or begun_at_s < self.replaced_at_s:
            return
        self.engine_ns_max[engine] = min(engine_ns_max, self.engine_ns_max.get(engine, engine_ns_max))

    def read(self, container_id: str, run: Run | None, read_at_s: float) -> None:
        """Take a reading of one container; an older one is only a proof of what did not run then."""
        known = self._known.get(container_id)
        if known is None:
            self._known[container_id] = Known(run, read_at_s)
        elif known.run == run:
            self._known[container_id] = Known(run, max(read_at_s, known.read_at_s), known.other_at_s)
        elif _is_newer(run, read_at_s, known):
            self._known[container_id] = Known(run, read_at_s, known.read_at_s)
        elif read_at_s < known.read_at_s:
            # An older reading, told late (a delivery's look at its container): then, the newest run did not run yet.
            self._known[container_id] = Known(known.run, known.read_at_s, max(known.other_at_s, read_at_s))

    def listed(self, observations: Iterable[ContainerObservation], listing: CompleteList) -> None:
        """Take a complete list: a container that was missing in it did not run when it was begun.

        The list before counts as well: a container that is seen for the first time is in the newest one already.
        """
        newest = self._lists[-1:]
        if not newest or listing.begun_at_s > newest[0].begun_at_s:
            self._lists = [*newest, listing]
        container_ids = {observation.container_id for observation in observations}
        for complete in self._lists:
            for container_id in filter(complete.lacks, container_ids):
                self._absent(container_id, complete.begun_at_s)

    def _absent(self, container_id: str, at_s: float) -> None:
        known = self._known.get(container_id)
        if known is not None and at_s > known.other_at_s:
            self._known[container_id] = Known(known.run, known.read_at_s, at_s)

    def gone(self, container_id: str, listing: CompleteList) -> bool:
        """Whether a complete list that is newer than every reading of the container lacks it."""
        known = self._known.get(container_id)
        read_at_s = BEFORE_EVERYTHING_S if known is None else known.read_at_s
        return listing.begun_at_s > read_at_s and listing.lacks(container_id)

    def has_ended(self, run: Run) -> bool:
        """Whether the newest reading of the run's container shows another run or none."""
        known = self._known.get(run.container_id)
        return known is not None and known.run != run

    def current_run(self, container_id: str) -> Run | None:
        """The run that the newest reading showed."""
        known = self._known.get(container_id)
        return None if known is None else known.run

    def started_after(self, engine: str, run: Run) -> bool:
        """Whether the run is known to have started after the replacement, so that it loaded the file's content."""
        known = self._known.get(run.container_id)
        if known is not None and known.run == run and known.was_other_at(self.replaced_at_s):
            return True
        bound_ns = self.engine_ns_max.get(engine)
        started_ns = parse_ns(run.started_at)
        return bound_ns is not None and started_ns is not None and started_ns > bound_ns

    def forget_all_but(self, container_ids: Collection[str]) -> None:
        """Drop what is known of containers that nothing is owed to and nothing matches."""
        for container_id in set(self._known).difference(container_ids):
            del self._known[container_id]


def _is_newer(run: Run | None, read_at_s: float, known: Known) -> bool:
    """Whether a reading that shows something else replaces the known one; equal times are decided by `StartedAt`."""
    if read_at_s != known.read_at_s:
        return read_at_s > known.read_at_s
    started_ns = parse_ns(run.started_at) if run is not None else None
    known_ns = parse_ns(known.run.started_at) if known.run is not None else None
    return started_ns is not None and (known_ns is None or started_ns > known_ns)
