"""The event stream's side of the fake engine: who listens, and what goes wrong on the way to them."""

from __future__ import annotations

import json
import queue
import random
import threading
import time
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


class Ending(Enum):
    """How a stream is ended from the engine's side."""

    CLEAN = "clean"
    BROKEN = "in the middle of a line"


@dataclass(slots=True)
class Subscriber:
    """One connection on `/events`.

    Attributes:
        filters: `type` and `event` as asked for; empty is everything.
        queue: (due on the monotonic clock in seconds, line) pairs, or how to end.
        silent: nothing is sent any more, and the connection stays open.
    """

    filters: Mapping[str, list[str]]
    queue: queue.SimpleQueue[tuple[float, bytes] | Ending] = field(default_factory=queue.SimpleQueue)
    silent: bool = False

    def wants(self, event: Mapping[str, Any]) -> bool:
        """Match as the engine does: exact types, actions by prefix where `health_status` is among them."""
        types, actions = self.filters.get("type"), self.filters.get("event")
        if types and event["Type"] not in types:
            return False
        if not actions:
            return True
        if "health_status" in actions:
            return any(event["Action"].startswith(action) for action in actions)
        return event["Action"] in actions


@dataclass(slots=True)
class EventFaults:
    """What goes wrong with events; each may be set at any moment.

    Attributes:
        drop_rate: how many of the events get lost, 0 to 1.
        copies: how often each is sent.
        delay_s: how late each is sent.
        reorder: each pair of events is swapped (the first is held until the second comes).
        random: where the dice come from.
    """

    drop_rate: float = 0.0
    copies: int = 1
    delay_s: float = 0.0
    reorder: bool = False
    random: random.Random = field(default_factory=lambda: random.Random(1))


@dataclass(frozen=True, slots=True)
class _Sending:
    event: Mapping[str, Any]
    line: bytes


class EventHub:
    """Hands events to subscribers. Thread-safe."""

    def __init__(self, *, newest_shapes: bool = False) -> None:
        self.faults = EventFaults()
        self._newest_shapes = newest_shapes
        self._lock = threading.Lock()
        self._subscribers: list[Subscriber] = []
        self._held: _Sending | None = None
        self._muted = 0
        self._new_are_silent = False

    @property
    def subscriber_count(self) -> int:
        """How many streams are open now."""
        with self._lock:
            return len(self._subscribers)

    def subscribe(self, filters: Mapping[str, list[str]]) -> Subscriber:
        """A new stream: events from now on."""
        subscriber = Subscriber(filters)
        with self._lock:
            subscriber.silent = self._new_are_silent
            self._subscribers.append(subscriber)
        return subscriber

    def unsubscribe(self, subscriber: Subscriber) -> None:
        """The stream is over."""
        with self._lock:
            if subscriber in self._subscribers:
                self._subscribers.remove(subscriber)

    def publish(self, event: dict[str, Any]) -> None:
        """Send one event to all who want it, faults included."""
        if not self._newest_shapes and event["Type"] == "container":
            attributes = event["Actor"]["Attributes"]
            event = {
                "status": event["Action"],
                "id": event["Actor"]["ID"],
                "from": attributes.get("image", ""),
                **event,
            }
        sending = _Sending(event, json.dumps(event, separators=(",", ":")).encode() + b"\n")
        with self._lock:
            for survivor in self._through_faults(sending):
                self._send(survivor)

    def _through_faults(self, sending: _Sending) -> list[_Sending]:
        faults = self.faults
        if self._muted or (faults.drop_rate and faults.random.random() < faults.drop_rate):
            return []
        held, self._held = self._held, None
        if faults.reorder and held is None:
            self._held = sending
            return []
        copies = [sending] * faults.copies
        return copies if held is None else [*copies, held]

    def _send(self, sending: _Sending) -> None:
        due_s = time.monotonic() + self.faults.delay_s if self.faults.delay_s else 0.0
        for subscriber in self._subscribers:
            if not subscriber.silent and subscriber.wants(sending.event):
                subscriber.queue.put((due_s, sending.line))

    def send_raw(self, data: bytes) -> None:
        """Send these bytes to every subscriber as they are: not an event, half a line, a very long one."""
        with self._lock:
            for subscriber in self._subscribers:
                subscriber.queue.put((0.0, data))

    def mute(self) -> None:
        """From now on events are lost; counted, so that blocks may nest."""
        with self._lock:
            self._muted += 1

    def unmute(self) -> None:
        """Take one `mute` back."""
        with self._lock:
            self._muted -= 1

    def go_silent(self, *, new_streams_too: bool = False) -> None:
        """The open streams stay open and never send again, as half-open connections do."""
        with self._lock:
            self._new_are_silent = new_streams_too
            for subscriber in self._subscribers:
                subscriber.silent = True

    def speak_again(self) -> None:
        """New streams send again; those that went silent stay so."""
        with self._lock:
            self._new_are_silent = False

    def end_all(self, ending: Ending = Ending.CLEAN) -> None:
        """End the open streams."""
        with self._lock:
            subscribers, self._subscribers = self._subscribers, []
        for subscriber in subscribers:
            subscriber.queue.put(ending)
