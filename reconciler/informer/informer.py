"""The informer: keeps a store in sync with one engine with as few calls as possible, and publishes whole states only.

Kubernetes has such a part in its client; for Docker's API no package has one.

A change costs one inspect of what an event invalidated. Every (re)connected stream and every resync costs one list, and
an inspect of what differs from the store. Nothing is published until everything that is due has been read, but for what
the state itself names as being in quarantine (`informer/quarantine.py`), and the ends that events prove
(`informer/ends.py`). A container that vanished is gone; any other failure keeps the last good state, and the reading is
tried again with backoff, forever.

All of this is single-threaded, and driven from outside: `informer/thread.py` is the thin thread around it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from notify.start_order import CompleteList
from reconciler.backend.port import EngineError, EngineReader, Inspection, LateInspection, LateSink, RequestTime
from reconciler.informer.container_reader import ContainerReader
from reconciler.informer.ends import Ends
from reconciler.informer.invalidation import DEFERRED_S, MissedChanges, hint_of, is_end, is_start, subject_of
from reconciler.informer.known_networks import KnownNetworks
from reconciler.informer.list_comparison import cached_reading, differing, name_of_entry
from reconciler.informer.publisher import Publisher, PublisherObserver
from reconciler.informer.refresher import Refresher
from reconciler.informer.state import PROVES_NOTHING_S, PublishedState, Reading
from reconciler.informer.store import Cached, Store

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Mapping

    from models.container import Container
    from models.event import EngineEvent
    from reconciler.backoff import Backoff

# A stream is subscribed before the first list; an engine that does not answer the subscription is listed all the same.
FIRST_LIST_WAIT_S = 2.0


class InformerObserver(PublisherObserver, Protocol):
    """What is counted of an informer. Called in its thread."""

    def event(self, kind: str, action: str) -> None:
        """Count an event; the action up to its colon."""

    def missed_change(self) -> None:
        """Count a change that no event told of."""


class Informer:
    """The state of one engine. All methods belong to one thread."""

    def __init__(
        self,
        reader: EngineReader,
        published: PublishedState,
        *,
        resync_s: float,
        clock: Callable[[], float],
        backoff: Backoff,
        chance: Callable[[], float],
        observer: InformerObserver,
        own_id_of: Callable[[Store], str | None],
        late: LateSink,
        log: logging.Logger,
        foresee: Callable[[Container], None] = lambda _: None,
    ) -> None:
        """Take the edges.

        Args:
            reader: the engine.
            published: where states are put.
            resync_s: seconds between two lists.
            clock: monotonic, seconds.
            backoff: between failed readings.
            chance: a random number in [0, 1).
            observer: counts.
            own_id_of: finds the program's own container among those that the engine listed.
            late: takes the outcomes of inspects that go on beside, from any thread, for `on_late`.
            log: where failures are told.
            foresee: is given each container as soon as it is read.
        """
        self._store = Store()
        self._reader = reader
        self._resync_s = resync_s
        self._clock = clock
        self._backoff = backoff
        self._observer = observer
        self._log = log
        self._publisher = Publisher(self._store, published, observer=observer, own_id_of=own_id_of)
        self._networks = KnownNetworks(reader, log)
        self._containers = ContainerReader(reader.name, self._networks, log, foresee)
        self._refresher = Refresher(
            reader, apply=self._apply, name_of=self._name_of, clock=clock, chance=chance, late=late, log=log
        )
        self._ends = Ends()
        self._missed = MissedChanges()
        self._names: dict[str, Mapping[str, Any]] = {}
        self._listed: CompleteList | None = None
        self._list_due_s = clock() + FIRST_LIST_WAIT_S
        self._is_resync = False
        self._stream_up = False
        self._suspicious = False
        self._fresh_at_s: float | None = None
        self._engine_clock: RequestTime | None = None
        self._failure: EngineError | None = None
        self._retry_at_s: float | None = None

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
        cached = self._store.get(subject)
        if event.kind == "container" and cached is None:
            self._names[subject] = {"Names": [event.attributes.get("name")]}
        if is_start(event):
            self._ends.started(event)
        is_known_end = is_end(event) and self._end_is_known(event, cached)
        hint = hint_of(event, self._store.container(subject))
        self._networks.due = self._networks.due or hint.networks
        if hint.container_id:
            # An end that is known is no hurry, and the engine answers no inspect before it has cleaned up.
            is_prompt = hint.prompt and not is_known_end
            self._refresher.invalidate(hint.container_id, after_s=0.0 if is_prompt else DEFERRED_S)

    def _end_is_known(self, event: EngineEvent, cached: Cached | None) -> bool:
        is_news = self._ends.event(event, None if cached is None else cached.container)
        if cached is None:
            return False
        if is_news:
            over = cached.container.ended()
            self._publisher.note_end(cached.container, over)
            self._store.put(Cached(Reading(over, PROVES_NOTHING_S), cached.engine_ns_max))
        return self._ends.is_over(cached.container)

    def on_late(self, outcome: LateInspection) -> None:
        """Take the outcome of an inspect that went on beside."""
        try:
            self._refresher.on_late(outcome)
        except EngineError as error:
            self._failed(error.bare())
            return
        if isinstance(outcome, Inspection):
            self._retry_at_s = None

    def on_stream_opened(self) -> None:
        """List now: what happened before the subscription has no events."""
        self._stream_up = True
        self._list_at(self._clock())
        self._retry_at_s = None

    def on_stream_ended(self) -> None:
        """List now: nothing says how much of the stream was lost."""
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
        if self._publisher.has_ends or (self._networks.due and self._listed is not None):
            return self._clock()
        due = (self._list_due_s, self._missed.next_due(), self._refresher.next_due())
        return min(due_s for due_s in due if due_s is not None)

    def sync(self) -> bool:
        """Read what is due, and publish a new state if all of it could be read.

        Returns:
            Whether everything known to be due has been read, but for what is in quarantine.
        """
        now_s = self._clock()
        self._count_missed(now_s)
        self._publisher.publish_ends()
        if self._retry_at_s is not None and now_s < self._retry_at_s:
            return False
        self._retry_at_s = None
        try:
            is_complete = self._read_what_is_due(now_s)
        except EngineError as error:
            self._failed(error.bare())
            return False
        if is_complete:
            self._succeeded()
        return is_complete

    def suspects_stream(self) -> bool:
        """Tell, once, whether changes came to light that the stream, though open, did not tell of."""
        suspicious, self._suspicious = self._suspicious, False
        return suspicious

    # Reading -----------------------------------------------------------------------------------------------------

    def _read_what_is_due(self, now_s: float) -> bool:
        if now_s >= self._list_due_s:
            self._list()
        if self._listed is None:
            return True
        if self._networks.due:
            self._networks.read()
        if not self._refresher.refresh(self._store.ids):
            return False
        self._publisher.publish(
            quarantine=self._refresher.quarantined(self._store.ids()),
            networks=self._networks.facts,
            listed=self._listed,
            clock=self._engine_clock,
            fresh_at_s=self._fresh_at_s,
        )
        return True

    def _list(self) -> None:
        listing = self._reader.list()
        self._saw(listing.moment)
        entries = {str(entry["Id"]): entry for entry in listing.entries}
        found = differing(self._store, entries, listing.moment)
        if self._is_resync and self._stream_up and self._listed is not None:
            self._missed.listed(each for each in found if not self._refresher.is_expecting(each))
        known_ids = self._store.ids()
        self._names = {key: {"Names": entries[key].get("Names")} for key in entries.keys() - known_ids}
        self._refresher.keep_only(known_ids | entries.keys())
        for container_id in found:
            self._refresher.invalidate(container_id)
        self._listed = CompleteList(listing.moment.begun_at_s, frozenset(entries))
        self._list_due_s = self._clock() + self._resync_s
        self._is_resync = True

    def _apply(self, inspection: Inspection) -> None:
        container_id = inspection.container_id
        self._saw(inspection.moment)
        cached = self._store.get(container_id)
        before = None if cached is None else cached.container
        after = self._containers.read(inspection)
        if after is None:
            self._store.drop(container_id)
            self._ends.forget(container_id)
        else:
            again_s = self._ends.contradicted(after)
            if again_s is not None:
                self._refresher.invalidate(container_id, after_s=again_s)
                if before is not None and self._ends.is_over(after):
                    return
            self._store.put(cached_reading(after, inspection.moment, cached))
        is_changed = self._publisher.note(before, after)
        self._missed.inspected(container_id, self._clock(), is_changed=is_changed)

    def _saw(self, moment: RequestTime) -> None:
        self._fresh_at_s = moment.begun_at_s
        if moment.engine_ns_max is not None:
            self._engine_clock = moment

    def _name_of(self, container_id: str) -> str:
        container = self._store.container(container_id)
        return name_of_entry(self._names.get(container_id, {})) if container is None else container.name

    def _list_at(self, when_s: float) -> None:
        self._list_due_s = when_s
        self._is_resync = False

    def _count_missed(self, now_s: float) -> None:
        for _ in range(self._missed.expired(now_s)):
            self._observer.missed_change()
            self._suspicious = True

    # How it went -------------------------------------------------------------------------------------------------

    def _failed(self, error: EngineError) -> None:
        self._retry_at_s = self._clock() + self._backoff.next_delay_s()
        self._refresher.retry_with_engine()
        # A connection that we closed ourselves, at the end, is nothing to warn of.
        if error.reason != "closed" and (self._failure is None or str(self._failure) != str(error)):
            self._log.warning("%s; the last known state is kept, and it is tried again", error)
        self._failure = error
        self._publisher.publish_trouble(str(error), self._fresh_at_s)

    def _succeeded(self) -> None:
        if self._failure is not None:
            self._log.info("the engine %s answers again", self._reader.name)
        self._failure = None
        self._backoff.reset()
