"""Puts out what an informer knows: one state after the other, each only where it says something new.

Everything that was read goes out together, by `publish`. An end that an event proved (`informer/ends.py`) goes out at
once, by `publish_ends`, laid over the state before it: what else was read since may be half of something.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from models.snapshot import Snapshot, by_name
from reconciler.informer.changes import changes_between
from reconciler.informer.state import PROVES_NOTHING_S, EngineState, Reading

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from models.container import Container
    from models.event import Change
    from models.networks import NetworkFacts
    from notify.start_order import CompleteList
    from reconciler.backend.port import RequestTime
    from reconciler.informer.state import PublishedState, Quarantined
    from reconciler.informer.store import Store


class PublisherObserver(Protocol):
    """What is counted of states."""

    def quarantined(self, engine: str, count: int) -> None:
        """Say how many containers of an engine are in quarantine."""


class Publisher:
    """Publishes the states of one engine.

    Args:
        store: what is known of its containers.
        published: where states are put.
        observer: counts.
        own_id_of: finds the program's own container among those of the store.
    """

    def __init__(
        self,
        store: Store,
        published: PublishedState,
        *,
        observer: PublisherObserver,
        own_id_of: Callable[[Store], str | None],
    ) -> None:
        self._store = store
        self._published = published
        self._observer = observer
        self._own_id_of = own_id_of
        self._own_id: str | None = None
        self._own_id_version: int | None = None
        self._is_changed = False
        self._changes: list[Change] = []
        self._just_ended: dict[str, tuple[Container, Container]] = {}

    @property
    def has_ends(self) -> bool:
        """Whether ends wait for `publish_ends`."""
        return bool(self._just_ended)

    def note(self, before: Container | None, after: Container | None) -> bool:
        """Take note of another reading of a container, for the next state.

        Returns:
            Whether it shows anything new.
        """
        changes = changes_between(before, after)
        self._is_changed = self._is_changed or bool(changes)
        self._changes += changes
        return bool(changes)

    def note_end(self, before: Container, after: Container) -> None:
        """Take note that a run of a container is over, for `publish_ends`."""
        self._just_ended[before.id] = (before, after)

    def publish(
        self,
        *,
        quarantine: tuple[Quarantined, ...],
        networks: Mapping[str, NetworkFacts],
        listed: CompleteList | None,
        clock: RequestTime | None,
        fresh_at_s: float | None,
    ) -> None:
        """Publish what the store holds, unless nothing at all is new; for the arguments see `EngineState`."""
        latest = self._published.latest
        snapshot, own_id = latest.snapshot, self._find_own_id()
        is_new = snapshot is None or self._is_changed or own_id != snapshot.own_container_id
        shown = (latest.quarantine, latest.networks, latest.fresh_at_s, latest.trouble)
        if not is_new and shown == (quarantine, networks, fresh_at_s, ""):
            return
        changes, self._changes, self._is_changed = tuple(self._changes), [], False
        self._observer.quarantined(latest.engine, len(quarantine))
        self._published.publish(
            EngineState(
                engine=latest.engine,
                revision=latest.revision + is_new,
                snapshot=Snapshot.of_ordered(self._store.in_order(), own_id) if is_new else snapshot,
                readings=self._store.readings(),
                networks=networks,
                listed=listed,
                clock=clock,
                fresh_at_s=fresh_at_s,
                quarantine=quarantine,
                changes=changes,
            )
        )

    def publish_ends(self) -> None:
        """Show the ends that were noted in the state that was published last."""
        latest, just_ended, self._just_ended = self._published.latest, self._just_ended, {}
        ended: dict[str, Container] = {}
        changes: list[Change] = []
        for container_id, (before, after) in just_ended.items():
            shown = latest.readings.get(container_id)
            if shown is not None and shown.container is before:
                ended[container_id] = after
                changes += changes_between(before, after)
            else:
                self.note(before, after)
        if ended and latest.snapshot is not None:
            containers = list(latest.snapshot.all_containers)
            for container in ended.values():
                containers[bisect_left(containers, by_name(container), key=by_name)] = container
            readings = {key: Reading(container, PROVES_NOTHING_S) for key, container in ended.items()}
            self._published.publish(
                replace(
                    latest,
                    revision=latest.revision + 1,
                    snapshot=Snapshot.of_ordered(containers, latest.snapshot.own_container_id),
                    readings={**latest.readings, **readings},
                    changes=tuple(changes),
                )
            )

    def publish_trouble(self, why: str, fresh_at_s: float | None) -> None:
        """Say why the engine can't be read; what is known stays."""
        self._published.publish(replace(self._published.latest, trouble=why, fresh_at_s=fresh_at_s, changes=()))

    def _find_own_id(self) -> str | None:
        # What tells it, stays the same while a container exists.
        if self._own_id_version != self._store.ids_version:
            self._own_id, self._own_id_version = self._own_id_of(self._store), self._store.ids_version
        return self._own_id
