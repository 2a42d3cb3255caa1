"""The informer: keeps a store true to one engine with as few calls as possible, and publishes whole states only.

A change costs one inspect of what an event invalidated. Every (re)connected stream and every resync costs one list, and
an inspect of what differs from the store. Nothing is published until everything that is due has been read, but for what
the state itself names as being in quarantine (`informer/quarantine.py`), and the ends that events prove
(`informer/ends.py`). A container that vanished is gone; any other failure keeps the last good state, and the reading is
tried again with backoff, forever.

All of this is single-threaded, and driven from outside: `informer/thread.py` is the thin thread around it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from models.container import Container
from models.snapshot import Snapshot
from notify.start_order import CompleteList
from reconciler.backend.port import (
    EngineError,
    EngineReader,
    InspectFailed,
    Inspection,
    InspectPending,
    LateInspection,
    LateSink,
    RequestTime,
)
from reconciler.informer.changes import changes_between
from reconciler.informer.ends import Ends
from reconciler.informer.invalidation import MissedChanges, hint_of, is_end, subject_of
from reconciler.informer.list_comparison import cached_reading, name_of_entry, needs_inspect
from reconciler.informer.network_list import NetworkList
from reconciler.informer.quarantine import Quarantine
from reconciler.informer.state import PROVES_NOTHING_S, PublishedState, Reading
from reconciler.informer.store import Cached, Store

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Mapping

    from models.event import Change, EngineEvent
    from reconciler.backoff import Backoff

# A stream is subscribed before the first list; an engine that does not answer the subscription is listed all the same.
FIRST_LIST_WAIT_S = 2.0
# What belongs to a start or an end that is already known arrives within this time, and the engine has cleaned up.
DEFERRED_S = 0.2
# So many failures without a success are the engine's, not the containers'.
_FAILURES_IN_A_ROW_MAX = 5
_LOOK_AGAIN_S = 1.0
# Beyond this many oddities nobody reads on.
_WARNINGS_REMEMBERED_MAX = 1000


class InformerObserver(Protocol):
    """What is counted of an informer. Called in its thread."""

    def event(self, kind: str, action: str) -> None:
        """Count an event; the action up to its colon."""

    def missed_change(self) -> None:
        """Count a change that no event told of."""

    def quarantined(self, engine: str, count: int) -> None:
        """Say how many containers of an engine are in quarantine."""


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
        """
        self._store = Store()
        self._reader = reader
        self._published = published
        self._resync_s = resync_s
        self._clock = clock
        self._backoff = backoff
        self._observer = observer
        self._own_id_of = own_id_of
        self._late = late
        self._log = log
        self._fresh_at_s: float | None = None
        self._engine_clock: RequestTime | None = None
        self._failure: EngineError | None = None
        self._stale: set[str] = set()
        self._deferred: dict[str, float] = {}
        self._found_by_resync: set[str] = set()
        self._names: dict[str, Mapping[str, Any]] = {}
        self._list_due_s = clock() + FIRST_LIST_WAIT_S
        self._listed: CompleteList | None = None
        self._retry_at_s: float | None = None
        self._networks = NetworkList(reader, log)
        self._stream_up = False
        self._is_resync = False
        self._changed = False
        self._changes: list[Change] = []
        self._missed = MissedChanges()
        self._ends = Ends()
        self._just_ended: dict[str, Container] = {}
        self._quarantine = Quarantine(name_of=self._name_of, chance=chance, log=log)
        self._answered_at_s = PROVES_NOTHING_S
        self._asked_as_proof = ""
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
        if event.kind == "container" and self._store.get(subject) is None:
            self._names[subject] = {"Names": [event.attributes.get("name")]}
        # An end that is known is no hurry, and the engine answers no inspect before it has cleaned up.
        is_known_end = is_end(event) and self._end_is_known(event, subject)
        hint = hint_of(event, self._store.container(subject))
        self._networks.due = self._networks.due or hint.networks
        if hint.container_id:
            self._invalidate(hint.container_id, prompt=hint.prompt and not is_known_end)

    def _end_is_known(self, event: EngineEvent, container_id: str) -> bool:
        cached = self._store.get(container_id)
        if cached is None:
            return False
        if self._ends.event(event, cached.container):
            self._just_ended[container_id] = cached.container
            over = Reading(cached.container.ended(), PROVES_NOTHING_S)
            self._store.put(Cached(over, cached.engine_ns_max))
        return self._ends.is_over(cached.container)

    def on_late(self, outcome: LateInspection) -> None:
        """Take the outcome of an inspect that went on beside."""
        container_id = outcome.container_id
        try:
            taken = self._taken(outcome) if isinstance(outcome, Inspection) else outcome
        except EngineError as error:  # the networks that it is on could not be listed
            self._stale.add(container_id)
            self._quarantine.resolved(container_id)
            self._failed(error.bare())
            return
        if isinstance(taken, Inspection):
            self._retry_at_s = None
            return
        self._quarantine.failed(taken, self._clock())
        if container_id not in self._quarantine:
            self._stale.add(container_id)
            self._failed(taken.error)

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

    def _invalidate(self, container_id: str, *, prompt: bool) -> None:
        if container_id in self._quarantine:
            self._quarantine.invalidate(container_id, self._clock())
        elif prompt:
            self._stale.add(container_id)
        else:
            self._deferred.setdefault(container_id, self._clock() + DEFERRED_S)

    # When, and what ----------------------------------------------------------------------------------------------

    def next_due(self) -> float:
        """Say when `sync` has something to do, on our monotonic clock."""
        beside = self._quarantine.next_due()
        due = [] if beside is None else [beside]
        if self._retry_at_s is not None:
            return min([self._retry_at_s, *due])
        due += [self._list_due_s, *self._deferred.values()]
        if self._stale or self._just_ended or (self._networks.due and self._listed is not None):
            due.append(self._clock())
        missed = self._missed.next_due()
        if missed is not None:
            due.append(missed)
        return min(due)

    def sync(self) -> bool:
        """Read what is due, and publish a new state if all of it could be read.

        Returns:
            Whether everything known to be due has been read, but for what is in quarantine.
        """
        now_s = self._clock()
        self._count_missed(now_s)
        self._publish_ends()
        self._ask_beside(now_s)
        if self._retry_at_s is not None and now_s < self._retry_at_s:
            return False
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
        self._stale.update(container_id for container_id, due_s in self._deferred.items() if due_s <= now_s)
        for container_id in self._stale:
            self._deferred.pop(container_id, None)
        self._read_stale()
        self._judge()
        return self._publish_unless_held_up()

    def _publish_unless_held_up(self) -> bool:
        held_up_by = list(self._quarantine.holding_up())
        for outcome in held_up_by:
            if isinstance(outcome, InspectFailed):
                self._try_again(outcome)
                return False
        if self._stale:  # given up in between: what is under way beside tells more
            self._retry_at_s = self._clock() + _LOOK_AGAIN_S
        if held_up_by or self._stale:
            return False
        self._publish()
        return True

    def _try_again(self, outcome: InspectFailed) -> None:
        """Wait for another try of a container that may be at fault, if the engine answers; else raise."""
        if outcome.begun_at_s >= self._answered_at_s:
            raise outcome.error
        self._retry_at_s = self._clock() + self._quarantine.next_try_s(outcome.container_id)

    def _list(self) -> None:
        listing = self._reader.list()
        self._saw(listing.moment)
        entries = {str(entry["Id"]): entry for entry in listing.entries}
        first = self._listed is None
        found = {
            container_id
            for container_id, entry in entries.items()
            if needs_inspect(self._store.get(container_id), entry, listing.moment)
        }
        # Missing from one list is no proof of being gone: an inspect says so, with a 404.
        found |= {
            container_id
            for container_id, reading in self._store.readings().items()
            if container_id not in entries and reading.read_at_s < listing.moment.begun_at_s
        }
        if self._is_resync and self._stream_up and not first:
            known = {container_id for container_id in found if container_id in self._quarantine}
            self._found_by_resync |= found - self._stale - self._deferred.keys() - known
        known_ids = self._store.ids()
        self._names = {key: {"Names": entries[key].get("Names")} for key in entries.keys() - known_ids}
        self._quarantine.keep_only(known_ids | entries.keys())
        for container_id in found:
            self._invalidate(container_id, prompt=True)
        self._listed = CompleteList(listing.moment.begun_at_s, frozenset(entries))
        self._list_due_s = self._clock() + self._resync_s
        self._is_resync = True

    def _read_stale(self) -> None:
        is_answered, unanswered = False, 0
        for outcome in self._reader.inspect_each(sorted(self._stale), self._late):
            if self._take(outcome):
                is_answered = True
                continue
            unanswered += 1
            if not is_answered and unanswered >= _FAILURES_IN_A_ROW_MAX:
                break

    def _take(self, outcome: Inspection | InspectFailed | InspectPending) -> bool:
        """Take the outcome of an inspect; whether it told anything."""
        if isinstance(outcome, Inspection):
            outcome = self._taken(outcome)
        if isinstance(outcome, InspectPending):
            self._stale.discard(outcome.container_id)
            self._quarantine.pending(outcome)
        elif isinstance(outcome, InspectFailed):
            self._quarantine.failed(outcome, self._clock())
        return isinstance(outcome, Inspection)

    def _taken(self, inspection: Inspection) -> Inspection | InspectFailed:
        """Apply an answer; a failure where it is none of its container."""
        try:
            self._apply(inspection)
        except EngineError as error:
            if error.operation != "inspect":
                raise
            return InspectFailed(inspection.container_id, inspection.moment.begun_at_s, error.bare())
        self._answered_at_s = max(self._answered_at_s, inspection.moment.begun_at_s)
        if self._quarantine.resolved(inspection.container_id):
            self._stale.add(inspection.container_id)
        return inspection

    def _judge(self) -> None:
        """Put into quarantine what is at fault itself; where only that is left to ask, another one is asked first."""
        self._quarantine.admit(self._answered_at_s, self._clock())
        suspects = self._quarantine.suspects()
        others = (key for key in self._store.ids() if key not in self._quarantine and key not in self._stale)
        other = min(others, default=None) if suspects and self._asked_as_proof not in self._quarantine else None
        if other is not None:
            self._asked_as_proof = other
            for outcome in self._reader.inspect_each([other], self._late):
                self._take(outcome)
            self._quarantine.admit(self._answered_at_s, self._clock())
        self._stale = {container_id for container_id in self._stale if container_id not in self._quarantine}

    def _ask_beside(self, now_s: float) -> None:
        for container_id in self._quarantine.due(now_s):
            if self._reader.inspect_beside(container_id, self._late):
                self._quarantine.asked(container_id, now_s)
            else:
                self._quarantine.no_room(container_id, now_s)

    def _apply(self, inspection: Inspection) -> None:
        container_id = inspection.container_id
        self._saw(inspection.moment)
        before = self._store.get(container_id)
        after = self._read_body(inspection)
        self._stale.discard(container_id)
        if after is None:
            self._store.drop(container_id)
            self._ends.forget(container_id)
        elif (again_s := self._ends.contradicted(after)) is not None:
            self._deferred[container_id] = self._clock() + again_s
            if before is not None and self._ends.is_over(after):
                return
        if after is not None:
            self._store.put(cached_reading(after, inspection.moment, before))
        self._note_changes(container_id, None if before is None else before.container, after)

    def _read_body(self, inspection: Inspection) -> Container | None:
        if inspection.body is None:
            return None
        container = self._container(inspection)
        if not self._networks.knows_all_of(container):
            self._networks.read()
            container = self._container(inspection)
        return container

    def _container(self, inspection: Inspection) -> Container:
        try:
            container = Container.from_inspect(
                inspection.body or b"", engine=self._reader.name, networks=self._networks.facts, warn=self._warn_once
            )
        except ValueError as error:
            raise self._malformed(f"can't be read: {error}") from error
        if container.id != inspection.container_id:
            raise self._malformed("is about another container")
        return container

    def _malformed(self, why: str) -> EngineError:
        text = f"the answer of the engine {self._reader.name} to an inspect {why}"
        return EngineError(text, operation="inspect", reason="malformed")

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

    def _saw(self, moment: RequestTime) -> None:
        self._fresh_at_s = moment.begun_at_s
        if moment.engine_ns_max is not None:
            self._engine_clock = moment

    def _name_of(self, container_id: str) -> str:
        container = self._store.container(container_id)
        return name_of_entry(self._names.get(container_id, {})) if container is None else container.name

    # Publishing --------------------------------------------------------------------------------------------------

    def _publish(self) -> None:
        latest = self._published.latest
        snapshot, revision = latest.snapshot, latest.revision
        own_id = self._own_id_of(self._store)
        if snapshot is None or self._changed or own_id != snapshot.own_container_id:
            snapshot, revision = Snapshot.of(self._store.in_order(), own_id), revision + 1
        changes, self._changes, self._changed = tuple(self._changes), [], False
        readings = self._store.readings()
        quarantine = self._quarantine.shown(readings)
        self._observer.quarantined(self.engine, len(quarantine))
        self._published.publish(
            replace(
                latest,
                revision=revision,
                snapshot=snapshot,
                readings=readings,
                networks=self._networks.facts,
                listed=self._listed,
                clock=self._engine_clock,
                fresh_at_s=self._fresh_at_s,
                trouble="",
                quarantine=quarantine,
                changes=changes,
            )
        )

    def _publish_ends(self) -> None:
        """Show ends that events prove in the state that was published last; what else was read since may be half."""
        latest, just_ended, self._just_ended = self._published.latest, self._just_ended, {}
        ended: dict[str, Container] = {}
        for container_id, before in just_ended.items():
            over = before.ended()
            shown = latest.readings.get(container_id)
            if shown is not None and shown.container is before:
                ended[container_id] = over
            else:
                self._note_changes(container_id, before, over)
        if ended and latest.snapshot is not None:
            readings = {key: Reading(container, PROVES_NOTHING_S) for key, container in ended.items()}
            changes = [
                change for key in ended for change in changes_between(latest.readings[key].container, ended[key])
            ]
            containers = [ended.get(each.id, each) for each in latest.snapshot.all_containers]
            self._published.publish(
                replace(
                    latest,
                    revision=latest.revision + 1,
                    snapshot=Snapshot.of(containers, latest.snapshot.own_container_id),
                    readings={**latest.readings, **readings},
                    changes=tuple(changes),
                )
            )

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
        if error.reason != "closed" and (self._failure is None or str(self._failure) != str(error)):
            self._log.warning("%s; what is known stays, and it is tried again", error)
        self._failure = error
        self._published.publish(
            replace(self._published.latest, trouble=str(error), fresh_at_s=self._fresh_at_s, changes=())
        )

    def _succeeded(self) -> None:
        if self._failure is not None:
            self._log.info("the engine %s answers again", self._reader.name)
        self._failure = None
        self._retry_at_s = None
        self._backoff.reset()
