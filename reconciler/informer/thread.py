"""The informer's thread: takes what arrives for one engine, brings the informer up to date, and rests under a storm.

It and the watch's thread alone wait for the engine. Whatever they wait for, the loop goes on with the state that was
published last.
"""

from __future__ import annotations

import math
import threading
from typing import TYPE_CHECKING, Protocol

from models.event import EngineEvent
from models.frozen import frozen
from reconciler.backend.port import InspectFailed, Inspection, LateInspection

if TYPE_CHECKING:
    import logging
    from collections.abc import Sequence

    from reconciler.duty_cycle import DutyCycle
    from reconciler.inbox import Inbox
    from reconciler.informer.informer import Informer


@frozen
class StreamOpened:
    """The subscription to the engine's events stands."""


@frozen
class StreamEnded:
    """The subscription is gone; the reason is a word for metrics."""

    reason: str


@frozen
class RelistAsked:
    """Somebody wants a list now."""


@frozen
class StopAsked:
    """The program ends."""


@frozen
class DueSooner:
    """Something is due before the moment until which the thread waits."""


@frozen
class WorkFailed:
    """The work on an event failed, in the thread that heard it, with what nobody foresaw."""

    error: Exception


Message = EngineEvent | LateInspection | StreamOpened | StreamEnded | RelistAsked | DueSooner | WorkFailed | StopAsked
FROM_STREAM = (EngineEvent, StreamOpened, StreamEnded)


class StreamObserver(Protocol):
    """What is counted of a stream. Called in the informer's thread."""

    def stream_up(self, *, up: bool) -> None:
        """Say whether the subscription to events stands."""

    def stream_restarted(self, reason: str) -> None:
        """Count a subscription that ended."""

    def heard(self, event: EngineEvent) -> None:
        """Take note of an event."""


class Renewable(Protocol):
    """What is asked of a watch."""

    def renew(self) -> None:
        """Subscribe anew."""


class InformerThread:
    """Drives one informer, and hears what its watch hears.

    An event that finds the informer at rest is worked on by the thread that heard it: waking another one for it would
    take as long as the work. Whoever works holds a lock; what came first is worked on first.
    """

    def __init__(
        self,
        informer: Informer,
        inbox: Inbox[Message],
        *,
        duty_cycle: DutyCycle,
        observer: StreamObserver,
        log: logging.Logger,
    ) -> None:
        """Take the parts.

        Args:
            informer: belongs to whoever holds this object's lock.
            inbox: what arrives for the informer.
            duty_cycle: rests under a storm.
            observer: counts.
            log: where a silent stream is told.
        """
        self._informer = informer
        self._inbox = inbox
        self._duty_cycle = duty_cycle
        self._observer = observer
        self._log = log
        self._watch: Renewable | None = None
        self._working = threading.Lock()
        self._waits_until_s = math.inf
        self._heard = self._worked_on = 0
        self._stopping = False
        self._has_run = False

    def hears(self, watch: Renewable) -> None:
        """Take the watch, which is renewed when its stream can't be believed."""
        self._watch = watch

    def relist(self) -> None:
        """List as soon as possible; from any thread."""
        self._inbox.put(RelistAsked())

    def stop(self) -> None:
        """End the thread as soon as it comes by; from any thread."""
        self._inbox.put(StopAsked())

    # What the watch's thread calls

    def stream_opened(self) -> None:
        """The subscription stands."""
        self._put(StreamOpened())

    def stream_event(self, event: EngineEvent) -> None:
        """An event arrived: it is worked on now where the informer has nothing else to do and needs no rest."""
        if self._heard != self._worked_on or self._duty_cycle.is_resting() or not self._working.acquire(blocking=False):
            self._put(event)
            return
        try:
            self._work([event])
            is_sooner = self._informer.next_due() < self._waits_until_s
        except Exception as error:  # noqa: BLE001 - it is the informer's, whose thread knows what is to be done
            self._inbox.put(WorkFailed(error))
            return
        finally:
            self._working.release()
        if is_sooner:
            self._inbox.put(DueSooner())

    def stream_ended(self, reason: str) -> None:
        """The subscription ended, or could not be made."""
        self._put(StreamEnded(reason))

    def _put(self, message: EngineEvent | StreamOpened | StreamEnded) -> None:
        self._heard += 1
        self._inbox.put(message)

    # What its own thread calls

    def run(self) -> None:
        """Work until stopped; the body of the thread. Run again after an error it lists: what it had taken is lost."""
        if self._has_run:
            with self._working:
                self._informer.on_reload()
        self._has_run = True
        while not self._stopping:
            with self._working:
                self._waits_until_s = self._informer.next_due()
            messages = self._inbox.take(self._waits_until_s, not_before_s=self._duty_cycle.rest_until_s)
            with self._working:
                try:
                    self._work(messages)
                finally:
                    self._worked_on += sum(isinstance(message, FROM_STREAM) for message in messages)

    def _work(self, messages: Sequence[Message]) -> None:
        self._duty_cycle.begin()
        self.run_once(messages)
        self._duty_cycle.end()

    def run_once(self, messages: Sequence[Message]) -> None:
        """Take what arrived, and bring the informer up to date."""
        for message in messages:
            self._take(message)
        if self._stopping:
            return
        self._informer.sync()
        if self._informer.suspects_stream():
            self._log.warning("the event stream is open but reports no changes; subscribing again")
            if self._watch is not None:
                self._watch.renew()

    def _take(self, message: Message) -> None:
        match message:
            case EngineEvent():
                self._observer.heard(message)
                self._informer.on_event(message)
            case Inspection() | InspectFailed():
                self._informer.on_late(message)
            case StreamOpened():
                self._observer.stream_up(up=True)
                self._informer.on_stream_opened()
            case StreamEnded(reason):
                self._observer.stream_up(up=False)
                self._observer.stream_restarted(reason)
                self._informer.on_stream_ended()
            case RelistAsked():
                self._informer.on_reload()
            case DueSooner():
                pass
            case WorkFailed(error):
                raise error
            case StopAsked():
                self._stopping = True


def ends_waiting(message: Message) -> bool:
    """Whether a message ends a rest."""
    return isinstance(message, StopAsked)
