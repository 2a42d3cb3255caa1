"""Inspects what is stale, such that no container holds up the others.

Which container is to be inspected when, how often it failed, and whether its inspect is under way: all of that is in
one keyed work queue (`models/work_queue.py`). A hint adds a container, at once or after a moment; a failure adds it
with backoff; an answer forgets its failures. Whose fault a failure is, is for the quarantine to say; a container in it
is asked beside everything else (`EngineReader.inspect_beside`), and so is one whose answer takes long.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.backoff import delay_s
from models.work_queue import WorkQueue
from reconciler.backend.port import EngineError, InspectFailed, Inspection, InspectPending
from reconciler.informer.quarantine import Quarantine
from reconciler.informer.state import PROVES_NOTHING_S

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Collection, Iterable

    from reconciler.backend.port import EngineReader, LateInspection, LateSink
    from reconciler.informer.state import Quarantined

# So many failures without a success are the engine's, not the containers'.
_FAILURES_IN_A_ROW_MAX = 5
# How many are asked beside at once; the reader has room for a few more, which it took over from its own connections.
_ASKED_BESIDE_MAX = 4
_NO_ROOM_S = 1.0
# A container in quarantine that causes many events is asked no more often than this.
_BETWEEN_EVENTS_S = 1.0


class Refresher:
    """The stale containers of one engine. All methods belong to one thread.

    Args:
        reader: the engine.
        apply: takes an answer; raises EngineError where it is none, or where more would have to be known.
        name_of: the name of a container, by its full id; '' where it is not known.
        clock: monotonic, seconds.
        chance: a random number in [0, 1).
        late: takes the outcomes of inspects that go on beside, from any thread, for `on_late`.
        log: where a container that is put into quarantine, and one that leaves it, is told.
    """

    def __init__(
        self,
        reader: EngineReader,
        *,
        apply: Callable[[Inspection], None],
        name_of: Callable[[str], str],
        clock: Callable[[], float],
        chance: Callable[[], float],
        late: LateSink,
        log: logging.Logger,
    ) -> None:
        self._reader = reader
        self._apply = apply
        self._clock = clock
        self._late = late
        self._queue: WorkQueue[str] = WorkQueue(lambda failures: delay_s(failures, chance()))
        self._quarantine = Quarantine(name_of=name_of, failures=self._queue.failures, log=log)
        self._answered_at_s = PROVES_NOTHING_S
        self._asked_as_proof = ""

    # What is stale -----------------------------------------------------------------------------------------------

    def invalidate(self, container_id: str, *, after_s: float = 0.0) -> None:
        """Have a container inspected, after so many seconds."""
        at_s = self._clock() + after_s
        begun_at_s = self._quarantine.begun_at_s(container_id)
        if begun_at_s is not None and not self._queue.is_processing(container_id):
            at_s = max(at_s, begun_at_s + _BETWEEN_EVENTS_S)
        self._queue.add_at(container_id, at_s)

    def is_expecting(self, container_id: str) -> bool:
        """Whether a container is known to be stale."""
        return container_id in self._queue or self._queue.is_processing(container_id)

    def keep_only(self, container_ids: Collection[str]) -> None:
        """Leave those in quarantine alone that are neither known nor listed any more."""
        for container_id in self._quarantine.keep_only(container_ids):
            self._queue.remove(container_id)

    def next_due(self) -> float | None:
        """Say when `refresh` has something to do, on our monotonic clock; None while only an outcome can tell."""
        return self._queue.next_due()

    def quarantined(self, known_ids: Collection[str]) -> tuple[Quarantined, ...]:
        """What is in quarantine, by name; see `Quarantine.shown`."""
        return self._quarantine.shown(known_ids)

    # Inspecting --------------------------------------------------------------------------------------------------

    def refresh(self, known_ids: Callable[[], Iterable[str]]) -> bool:
        """Inspect what is due.

        Args:
            known_ids: the containers of which any may be asked, to see whether the engine answers.

        Returns:
            Whether nothing that was due has to be waited for; what is in quarantine is not waited for.

        Raises:
            EngineError: the engine answers nothing.
        """
        now_s = self._clock()
        self._inspect(self._take_due(now_s), now_s)
        self._quarantine.admit(self._answered_at_s, now_s)
        if self._quarantine.suspects() and not self._is_out(self._asked_as_proof):
            self._ask_for_proof(known_ids())
        unresolved = list(self._quarantine.holding_up())
        for error, begun_at_s in unresolved:
            if error is not None and begun_at_s >= self._answered_at_s:
                raise error
        # Some were given up in between: what is under way beside tells more.
        due_s = self._queue.next_due()
        return not unresolved and (due_s is None or due_s > now_s)

    def on_late(self, outcome: LateInspection) -> None:
        """Take the outcome of an inspect that went on beside.

        Raises:
            EngineError: the engine may be at fault.
        """
        container_id = outcome.container_id
        try:
            self._take(outcome)
        except BaseException:
            self._put_back([container_id], self._clock())
            raise
        if isinstance(outcome, InspectFailed) and container_id not in self._quarantine:
            raise outcome.error

    def retry_with_engine(self) -> None:
        """Ask what failed again as soon as the engine is asked again at all: it may be the engine's fault."""
        for container_id in self._quarantine.unadmitted():
            self._queue.add(container_id, self._clock())

    def _is_out(self, container_id: str) -> bool:
        """Whether a container is in quarantine or being asked: no use as a proof."""
        return container_id in self._quarantine or self._queue.is_processing(container_id)

    def _take_due(self, now_s: float) -> list[str]:
        due = []
        while (container_id := self._queue.get(now_s)) is not None:
            if container_id in self._quarantine:
                self._ask_beside(container_id, now_s)
            else:
                due.append(container_id)
        return due

    def _ask_beside(self, container_id: str, now_s: float) -> None:
        has_room = self._quarantine.count_under_way() < _ASKED_BESIDE_MAX
        if has_room and self._reader.inspect_beside(container_id, self._late):
            self._quarantine.pending(container_id, now_s)
        else:
            self._queue.done(container_id)
            self._queue.add_after(container_id, now_s, _NO_ROOM_S)

    def _inspect(self, container_ids: list[str], now_s: float) -> None:
        if not container_ids:
            return
        left = set(container_ids)
        is_answered = False
        unanswered = 0
        try:
            for outcome in self._reader.inspect_each(sorted(left), self._late):
                is_answered = self._take(outcome) or is_answered
                left.discard(outcome.container_id)
                unanswered += not isinstance(outcome, Inspection)
                if not is_answered and unanswered >= _FAILURES_IN_A_ROW_MAX:
                    break
        finally:
            self._put_back(left, now_s)

    def _put_back(self, container_ids: Iterable[str], now_s: float) -> None:
        for container_id in container_ids:
            self._queue.done(container_id)
            self._queue.add(container_id, now_s)

    def _take(self, outcome: Inspection | InspectFailed | InspectPending) -> bool:
        """Take the outcome of an inspect; whether it told anything."""
        container_id = outcome.container_id
        if isinstance(outcome, InspectPending):
            self._quarantine.pending(container_id, outcome.begun_at_s)
            return False
        if isinstance(outcome, Inspection):
            outcome = self._applied(outcome)
        if isinstance(outcome, InspectFailed):
            self._queue.add_rate_limited(container_id, self._clock())
            self._quarantine.failed(outcome)
        else:
            self._queue.forget(container_id)
            self._quarantine.resolved(container_id)
        self._queue.done(container_id)
        return isinstance(outcome, Inspection)

    def _applied(self, inspection: Inspection) -> Inspection | InspectFailed:
        """Apply an answer; a failure where it is none of its container."""
        try:
            self._apply(inspection)
        except EngineError as error:
            if error.operation != "inspect":
                self._quarantine.resolved(inspection.container_id)
                raise
            return InspectFailed(inspection.container_id, inspection.moment.begun_at_s, error.bare())
        self._answered_at_s = max(self._answered_at_s, inspection.moment.begun_at_s)
        return inspection

    def _ask_for_proof(self, known_ids: Iterable[str]) -> None:
        """Where only what may be at fault itself is left to ask, see whether the engine shows another one."""
        others = (key for key in known_ids if not self._is_out(key) and key not in self._queue)
        other = min(others, default=None)
        if other is not None:
            self._asked_as_proof = other
            now_s = self._clock()
            self._queue.add(other, now_s)
            self._inspect(self._take_due(now_s), now_s)
            self._quarantine.admit(self._answered_at_s, now_s)
