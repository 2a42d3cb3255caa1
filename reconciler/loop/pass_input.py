"""What a pass sees: the latest states of all engines, merged into one value; all jobs of a pass see the same."""

from __future__ import annotations

import threading
from collections import Counter
from itertools import chain
from typing import TYPE_CHECKING

from models.frozen import frozen
from models.snapshot import Snapshot
from notify.start_order import CompleteList

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from models.event import Change
    from reconciler.informer.state import EngineState, PublishedState, Reading


@frozen
class PassInput:
    """What a pass sees.

    Attributes:
        snapshot: the whole state.
        revision: a number that differs whenever the snapshot does.
        readings: the readings behind the snapshot, by container id.
        listed: the last complete list.
        changes: what changed in the state since the last pass.
    """

    snapshot: Snapshot
    revision: int
    readings: Mapping[str, Reading]
    listed: CompleteList
    changes: Sequence[Change]


class EngineStates:
    """The latest states of all engines, merged. For the loop's thread, but for `peek`."""

    def __init__(self, published: Sequence[PublishedState]) -> None:
        """Take where each informer publishes."""
        self._published = tuple(published)
        self._lock = threading.Lock()
        self._merged: tuple[Snapshot, int] | None = None
        self._revisions: tuple[int, ...] = ()
        self._taken: PassInput | None = None
        self._states: tuple[EngineState, ...] = ()
        self._are_known = False

    def latest(self) -> tuple[EngineState, ...]:
        """The latest state of each engine, without taking what changed."""
        return tuple(each.latest for each in self._published)

    def are_known(self) -> bool:
        """Whether every engine has been read completely once: before that nothing may be written or told."""
        self._are_known = self._are_known or all(
            state.snapshot is not None and state.listed is not None for state in self.latest()
        )
        return self._are_known

    def take(self) -> PassInput | None:
        """What the next pass sees, with all changes since the last one; None while an engine was never read."""
        if not self.are_known():
            return None
        with self._lock:
            taken = [each.take() for each in self._published]
            states = tuple(state for state, _ in taken)
            snapshot, revision = self._merge(states)
        changes = tuple(chain.from_iterable(changes for _, changes in taken))
        before = self._taken
        if before is not None and not changes and not before.changes and _are_the_same(states, self._states):
            return before
        self._states = states
        self._taken = PassInput(snapshot, revision, _readings(states), _listed(states), changes)
        return self._taken

    def peek(self) -> tuple[Snapshot, int] | None:
        """A snapshot that no pass has seen yet, with its revision; None where there is none. From any thread."""
        with self._lock:
            before = self._merged
            if before is None:
                return None
            merged = self._merge(self.latest())
        return None if merged is before else merged

    def _merge(self, states: Sequence[EngineState]) -> tuple[Snapshot, int]:
        revisions = tuple(state.revision for state in states)
        if self._merged is None or revisions != self._revisions:
            self._merged = _snapshot(states), 1 if self._merged is None else self._merged[1] + 1
            self._revisions = revisions
        return self._merged


def containers_by_state(snapshot: Snapshot) -> dict[str, int]:
    """How many containers there are of each `State.Status`."""
    return dict(Counter(container.status for container in snapshot.all_containers))


def _are_the_same(states: Sequence[EngineState], others: Sequence[EngineState]) -> bool:
    return all(state is other for state, other in zip(states, others, strict=True))


def _snapshot(states: Sequence[EngineState]) -> Snapshot:
    snapshots = [state.snapshot for state in states if state.snapshot is not None]
    if len(snapshots) == 1:
        return snapshots[0]
    own_ids = (each.own_container_id for each in snapshots if each.own_container_id is not None)
    return Snapshot.of(chain.from_iterable(each.all_containers for each in snapshots), next(own_ids, None))


def _readings(states: Sequence[EngineState]) -> Mapping[str, Reading]:
    if len(states) == 1:
        return states[0].readings
    return {key: reading for state in states for key, reading in state.readings.items()}


def _listed(states: Sequence[EngineState]) -> CompleteList:
    lists = [state.listed for state in states if state.listed is not None]
    if len(lists) == 1:
        return lists[0]
    ids = frozenset(chain.from_iterable(each.container_ids for each in lists))
    return CompleteList(min(each.begun_at_s for each in lists), ids)
