"""The informer's thread: what arrives is handed on, and what is published wakes whoever reads it."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from reconciler.backoff import Backoff
from reconciler.duty_cycle import DutyCycle
from reconciler.inbox import Inbox
from reconciler.informer.state import EngineState, PublishedState
from reconciler.informer.thread import (
    InboxListener,
    InformerThread,
    Message,
    RelistAsked,
    StopAsked,
    StreamEnded,
    StreamOpened,
    ends_waiting,
)
from reconciler.unexpected import Survivor, UnexpectedErrors
from tests.unit.informer.world import Scene

if TYPE_CHECKING:
    from models.event import EngineEvent

LOG = logging.getLogger("test.thread")


class Watch:
    """A watch, and what is counted of its stream."""

    def __init__(self) -> None:
        self.renewals = 0
        self.streams: list[object] = []
        self.events: list[EngineEvent] = []
        self.surprises: list[str] = []

    def renew(self) -> None:
        self.renewals += 1

    def stream_up(self, *, up: bool) -> None:
        self.streams.append(up)

    def stream_restarted(self, reason: str) -> None:
        self.streams.append(reason)

    def heard(self, event: EngineEvent) -> None:
        self.events.append(event)

    def unexpected(self, part: str) -> None:
        self.surprises.append(part)


class Driven:
    """A thread over a scene, moved by hand."""

    def __init__(self) -> None:
        self.scene = Scene()
        self.watch = Watch()
        self.inbox: Inbox[Message] = Inbox(self.scene.clock, ends_waiting=ends_waiting)
        self.thread = InformerThread(
            self.scene.informer,
            self.watch,
            self.inbox,
            duty_cycle=DutyCycle(self.scene.clock, lambda: 0.0),
            observer=self.watch,
            log=LOG,
        )


def test_a_stream_is_counted_and_leads_to_a_list() -> None:
    """When it opens, and when it ends."""
    driven = Driven()
    driven.scene.world.add_container("web")
    driven.thread.run_once([StreamOpened()])
    assert driven.scene.names() == ["web"]
    driven.scene.world.add_container("db")
    driven.scene.lose()
    driven.thread.run_once([StreamEnded("silent")])
    assert driven.scene.names() == ["db", "web"]
    assert driven.watch.streams == [True, False, "silent"]


def test_events_and_late_outcomes_are_handed_on() -> None:
    """In the order in which they came."""
    driven = Driven()
    scene = driven.scene
    broken = scene.world.add_container("broken")
    scene.world.add_container("web")
    driven.thread.run_once([StreamOpened()])
    scene.lose()
    scene.reader.hanging.add(broken)
    scene.world.rename("broken", "mended")
    driven.thread.run_once(list(scene.world.told))
    assert scene.names() == ["broken", "web"]
    assert [event.action for event in driven.watch.events] == ["rename"]
    scene.reader.hanging.clear()
    driven.thread.run_once(list(scene.reader.late_outcomes()))
    assert scene.names() == ["mended", "web"]


def test_a_stream_that_hides_changes_is_renewed() -> None:
    """A change that only a resync found, and no event within two seconds, is evidence enough."""
    driven = Driven()
    driven.thread.run_once([StreamOpened()])
    driven.scene.world.add_container("web")
    driven.scene.lose()
    driven.scene.pass_by(30)
    driven.thread.run_once([])
    assert driven.watch.renewals == 0
    driven.scene.pass_by(3)
    driven.thread.run_once([])
    assert driven.watch.renewals == 1


def test_what_a_watch_hears_arrives_in_the_inbox() -> None:
    """From its own thread."""
    driven = Driven()
    listener = InboxListener(driven.inbox)
    listener.stream_opened()
    listener.stream_ended("ended")
    driven.thread.relist()
    assert driven.inbox.take(0.0) == [StreamOpened(), StreamEnded("ended"), RelistAsked()]


def test_a_stop_asks_the_engine_nothing_more() -> None:
    """Whatever arrived before it."""
    driven = Driven()
    driven.inbox.put(StreamOpened())
    driven.inbox.put(StopAsked())
    driven.thread.run()
    assert driven.scene.calls() == 0


def test_a_thread_that_failed_lists_anew() -> None:
    """What it had taken out of its inbox is lost, and a list puts that right."""
    driven = Driven()
    driven.scene.world.add_container("web")
    driven.thread.run_once([StreamOpened()])
    driven.scene.lose()
    original = driven.scene.informer.on_event

    def fail(event: EngineEvent) -> None:
        driven.scene.informer.on_event = original  # type: ignore[method-assign] # once only
        raise MemoryError

    driven.scene.informer.on_event = fail  # type: ignore[method-assign] # a fault that nothing real shows
    driven.scene.world.add_container("db")
    for event in driven.scene.world.told:
        driven.inbox.put(event)

    def wait(_: float) -> bool:
        threading.Timer(0.2, driven.thread.stop).start()
        return False

    errors = UnexpectedErrors(driven.watch, LOG)
    Survivor("informer", errors, backoff=Backoff(lambda: 0.0), wait=wait).run(driven.thread.run)
    assert driven.watch.surprises == ["informer"]
    assert driven.scene.names() == ["db", "web"]


def test_changes_of_states_that_nobody_took_are_not_lost() -> None:
    """The reader takes the latest state, with all that happened since it came by last."""
    scene = Scene()
    woken: list[int] = []
    published = PublishedState("e", lambda: woken.append(1))
    scene.open_stream()
    for name in ("a", "b"):
        scene.world.add_container(name)
        scene.tell()
        scene.informer.sync()
        published.publish(scene.state)
    assert [str(change) for change in published.take().changes] == ["a started", "b started"]
    assert published.take().changes == ()
    assert published.latest is scene.state
    assert woken == [1, 1]
    assert EngineState("e").snapshot is None
