"""The informer's thread: takes what arrives for one engine, brings the informer up to date, and rests under a storm.

It alone waits for the engine. Whatever it waits for, the loop goes on with the state that was published last.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from models.event import EngineEvent
from reconciler.backend.port import InspectFailed, Inspection, LateInspection

if TYPE_CHECKING:
    import logging

    from reconciler.duty_cycle import DutyCycle
    from reconciler.inbox import Inbox
    from reconciler.informer.informer import Informer


@dataclass(frozen=True, slots=True)
class StreamOpened:
    """The subscription to the engine's events stands."""


@dataclass(frozen=True, slots=True)
class StreamEnded:
    """The subscription is gone; the reason is a word for metrics."""

    reason: str


@dataclass(frozen=True, slots=True)
class RelistAsked:
    """Somebody wants a list now."""


@dataclass(frozen=True, slots=True)
class StopAsked:
    """The program ends."""


Message = EngineEvent | LateInspection | StreamOpened | StreamEnded | RelistAsked | StopAsked


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


class InboxListener:
    """Puts what a watch hears into the informer's inbox."""

    def __init__(self, inbox: Inbox[Message]) -> None:
        """Take the inbox."""
        self._inbox = inbox

    def stream_opened(self) -> None:
        """The subscription stands."""
        self._inbox.put(StreamOpened())

    def stream_event(self, event: EngineEvent) -> None:
        """An event arrived."""
        self._inbox.put(event)

    def stream_ended(self, reason: str) -> None:
        """The subscription ended, or could not be made."""
        self._inbox.put(StreamEnded(reason))


class InformerThread:
    """Drives one informer."""

    def __init__(
        self,
        informer: Informer,
        watcher: Renewable,
        inbox: Inbox[Message],
        *,
        duty_cycle: DutyCycle,
        observer: StreamObserver,
        log: logging.Logger,
    ) -> None:
        """Take the parts.

        Args:
            informer: belongs to the thread from now on.
            watcher: renewed when its stream can't be believed.
            inbox: what arrives for the informer.
            duty_cycle: rests under a storm.
            observer: counts.
            log: where a silent stream is told.
        """
        self._informer = informer
        self._watcher = watcher
        self._inbox = inbox
        self._duty_cycle = duty_cycle
        self._observer = observer
        self._log = log
        self._stopping = False
        self._has_run = False

    def relist(self) -> None:
        """List as soon as possible; from any thread."""
        self._inbox.put(RelistAsked())

    def stop(self) -> None:
        """End the thread as soon as it comes by; from any thread."""
        self._inbox.put(StopAsked())

    def run(self) -> None:
        """Work until stopped; the body of the thread. Run again after an error it lists: what it had taken is lost."""
        if self._has_run:
            self._informer.on_reload()
        self._has_run = True
        while not self._stopping:
            messages = self._inbox.take(self._informer.next_due(), not_before_s=self._duty_cycle.rest_until_s)
            self._duty_cycle.begin()
            self.run_once(messages)
            self._duty_cycle.end()

    def run_once(self, messages: list[Message]) -> None:
        """Take what arrived, and bring the informer up to date."""
        for message in messages:
            self._take(message)
        if self._stopping:
            return
        self._informer.sync()
        if self._informer.suspects_stream():
            self._log.warning("the event stream is open but reports no changes; subscribing again")
            self._watcher.renew()

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
            case StopAsked():
                self._stopping = True


def ends_waiting(message: Message) -> bool:
    """Whether a message ends a rest."""
    return isinstance(message, StopAsked)
