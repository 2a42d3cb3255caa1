"""The informer: keeps a store true to one engine with as few calls as possible, and publishes whole snapshots only.

A change costs one inspect of what an event hinted at. Every (re)connected stream and every resync costs one list, and
an inspect of what differs from the store. Nothing is published until everything that is due has been read: a snapshot
is complete or does not exist. A container that vanished is gone; any other failure keeps the last good snapshot, and
the reading is tried again with backoff, for ever.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from models.container import Container
from models.snapshot import Snapshot
from notify.start_order import CompleteList
from reconciler.backend.port import EngineError, EngineReader, Inspection, Listing, Moment
from reconciler.informer.catching_up import CatchingUp
from reconciler.informer.changes import changes_between
from reconciler.informer.comparison import cached_reading, is_worth_a_look
from reconciler.informer.hints import hint_of, subject_of
from reconciler.informer.missed import MissedChanges
from reconciler.informer.network_list import NetworkList
from reconciler.informer.store import Store

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable

    from models.change import Change
    from models.event import EngineEvent
    from reconciler.backoff import Backoff

# A stream is subscribed before the first list; an engine that does not answer the subscription is listed all the same.
FIRST_LIST_WAIT_S = 2.0
# What belongs to a start or an end that is already being looked at arrives within this time.
UNHURRIED_S = 0.2
# Beyond this many oddities nobody reads on.
_WARNINGS_REMEMBERED_MAX = 1000


class InformerObserver(Protocol):
    """What is counted of an informer."""

    def event(self, kind: str, action: str) -> None:
        """Count an event; the action up to its colon."""

    def missed_change(self) -> None:
        """Count a change that no event told of."""


class Informer:
    """The state of one engine. All methods belong to one thread, the loop's."""

    def __init__(
        self,
        reader: EngineReader,
        *,
        resync_s: float,
        clock: Callable[[], float],
        backoff: Backoff,
        observer: InformerObserver,
        moved: Callable[[], None],
        own_id_of: Callable[[Store], str | None],
        log: logging.Logger,
    ) -> None:
        """Hand in the edges.

        Args:
            reader: the engine.
            resync_s: seconds between two lists.
            clock: monotonic, seconds.
            backoff: between failed readings.
            observer: counts.
            moved: called with every answer, to show that the loop is alive.
            own_id_of: finds the program's own container among those that the engine listed.
            log: where failures are told.
        """
        self.store = Store()
        self.snapshot: Snapshot | None = None
        self.revision = 0
        self.listed: CompleteList | None = None
        self.fresh_at_s: float | None = None
        self.latest: Moment | None = None
        self.failure: EngineError | None = None
        self._reader = reader
        self._resync_s = resync_s
        self._clock = clock
        self._backoff = backoff
        self._observer = observer
        self._moved = moved
        self._own_id_of = own_id_of
        self._log = log
        self._stale: set[str] = set()
        self._unhurried: dict[str, float] = {}
        self._found_by_resync: set[str] = set()
        self._list_due_s = clock() + FIRST_LIST_WAIT_S
        self._retry_at_s: float | None = None
        self._networks = NetworkList(reader, log)
        self._stream_up = False
        self._is_resync = False
        self._changed = False
        self._changes: list[Change] = []
        self._missed = MissedChanges()
        self._catching_up = CatchingUp(reader, self._stale, apply=self._apply, known_ids=self.store.ids, log=log)
        self._suspicious = False
        self._warned: set[str] = set()

    @property
    def engine(self) -> str:
        """The engine's name, as its containers know it."""
        return self._reader.name

    # What comes in -----------------------------------------------------------------------------------------------

    def on_event(self, event: EngineEvent) -> None:
        """Take an event as a hint; nothing is read yet."""
        self._observer.event(event.kind, event.short_action)
        subject = subject_of(event)
        self._missed.event(subject)
        hint = hint_of(event, self.store.container(subject))
        self._networks.due = self._networks.due or hint.networks
        if hint.container_id and hint.prompt:
            self._stale.add(hint.container_id)
        elif hint.container_id:
            self._unhurried.setdefault(hint.container_id, self._clock() + UNHURRIED_S)

    def on_stream_opened(self) -> None:
        """List now: what happened before the subscription has no events."""
        self._stream_up = True
        self._list_at(self._clock())
        self._retry_at_s = None

    def on_stream_ended(self) -> None:
        """List now: nobody says how much of the stream was lost."""
        self._stream_up = False
        self._missed.forget()
        self._list_at(self._clock())

    def on_reload(self) -> None:
        """List now, because somebody asked."""
        self._list_at(self._clock())
        self._retry_at_s = None

    # When, and what ----------------------------------------------------------------------------------------------

    def next_due(self) -> float:
        """Say when `sync` has something to do, on our monotonic clock."""
        if self._retry_at_s is not None:
            return self._retry_at_s
        due = [self._list_due_s, *self._unhurried.values()]
        if self._stale or (self._networks.due and self.listed is not None):
            due.append(self._clock())
        missed = self._missed.next_due()
        if missed is not None:
            due.append(missed)
        return min(due)

    def sync(self) -> bool:
        """Read what is due, and publish a new snapshot if all of it could be read.

        Returns:
            Whether everything known to be due has been read.
        """
        now_s = self._clock()
        self._count_missed(now_s)
        if self._retry_at_s is not None and now_s < self._retry_at_s:
            return False
        try:
            self._read_what_is_due(now_s)
        except EngineError as error:
            self._failed(error)
            return False
        self._succeeded()
        return True

    def take_changes(self) -> list[Change]:
        """Hand over what changed in the snapshots published since the last call."""
        changes, self._changes = self._changes, []
        return changes

    def suspects_stream(self) -> bool:
        """Tell, once, whether changes came to light that the stream, though open, did not tell of."""
        suspicious, self._suspicious = self._suspicious, False
        return suspicious

    # Reading -----------------------------------------------------------------------------------------------------

    def _read_what_is_due(self, now_s: float) -> None:
        listing = self._list() if now_s >= self._list_due_s else None
        if self.listed is None and listing is None:
            return
        if self._networks.due:
            self._networks.read()
            self._moved()
        if self._stale or any(due_s <= now_s for due_s in self._unhurried.values()):
            self._stale.update(self._unhurried)
            self._unhurried.clear()
        self._catching_up.read()
        if listing is not None:
            listed = frozenset(str(entry["Id"]) for entry in listing.entries)
            self.listed = CompleteList(listing.moment.begun_at_s, listed)
        self._publish()

    def _list(self) -> Listing:
        listing = self._reader.list()
        self._saw(listing.moment)
        entries = {str(entry["Id"]): entry for entry in listing.entries}
        first = self.listed is None
        found = {
            container_id
            for container_id, entry in entries.items()
            if is_worth_a_look(self.store.get(container_id), entry, listing.moment)
        }
        # Missing from one list is no proof of being gone: an inspect says so, with a 404.
        found |= {
            cached.container.id
            for cached in self.store
            if cached.container.id not in entries and cached.read_at_s < listing.moment.begun_at_s
        }
        if self._is_resync and self._stream_up and not first:
            self._found_by_resync |= found - self._stale - self._unhurried.keys()
        self._stale |= found
        self._catching_up.keep_only(self.store.ids() | entries.keys())
        self._list_due_s = self._clock() + self._resync_s
        self._is_resync = True
        return listing

    def _apply(self, inspection: Inspection) -> None:
        container_id = inspection.container_id
        self._saw(inspection.moment)
        before = self.store.get(container_id)
        after = self._read_body(inspection)
        if after is None:
            self.store.drop(container_id)
        else:
            self.store.put(cached_reading(after, inspection.moment, before))
        self._stale.discard(container_id)
        self._note_changes(container_id, None if before is None else before.container, after)

    def _read_body(self, inspection: Inspection) -> Container | None:
        if inspection.body is None:
            return None
        container = self._container(inspection.body)
        if not self._networks.knows_all_of(container):
            self._networks.read()
            container = self._container(inspection.body)
        return container

    def _container(self, body: bytes) -> Container:
        try:
            return Container.from_inspect(
                body, engine=self._reader.name, networks=self._networks.facts, warn=self._warn_once
            )
        except ValueError as error:
            message = f"the engine's answer to an inspect can't be read: {error}"
            raise EngineError(message, operation="inspect", reason="malformed") from error

    def _warn_once(self, text: str) -> None:
        # Every inspect of an odd container finds the same oddity.
        if len(self._warned) < _WARNINGS_REMEMBERED_MAX and text not in self._warned:
            self._warned.add(text)
            self._log.warning("%s", text)

    def _note_changes(self, container_id: str, before: Container | None, after: Container | None) -> None:
        changes = changes_between(before, after)
        self._changed = self._changed or bool(changes)
        self._changes.extend(changes)
        if container_id in self._found_by_resync:
            self._found_by_resync.discard(container_id)
            if changes:
                self._missed.found(container_id, self._clock())

    def _saw(self, moment: Moment) -> None:
        self._moved()
        self.fresh_at_s = moment.begun_at_s
        if moment.engine_ns_max is not None:
            self.latest = moment

    # Outcomes ----------------------------------------------------------------------------------------------------

    def _publish(self) -> None:
        own_id = self._own_id_of(self.store)
        known_own_id = None if self.snapshot is None else self.snapshot.own_container_id
        if self.snapshot is None or self._changed or own_id != known_own_id:
            self.snapshot = Snapshot.of(self.store.in_order(), own_id)
            self.revision += 1
        self._changed = False

    def _list_at(self, when_s: float) -> None:
        self._list_due_s = when_s
        self._is_resync = False

    def _count_missed(self, now_s: float) -> None:
        count = self._missed.expired(now_s)
        if count:
            for _ in range(count):
                self._observer.missed_change()
            self._suspicious = True

    def _failed(self, error: EngineError) -> None:
        delay_s = self._backoff.next_delay_s()
        self._retry_at_s = self._clock() + delay_s
        # A connection that we closed ourselves, at the end, is nothing to warn of.
        if error.reason != "closed" and (self.failure is None or str(self.failure) != str(error)):
            self._log.warning("%s; what is known stays, and it is tried again", error)
        self.failure = error
        self._moved()

    def _succeeded(self) -> None:
        if self.failure is not None:
            self._log.info("the engine %s answers again", self._reader.name)
        self.failure = None
        self._retry_at_s = None
        self._backoff.reset()
