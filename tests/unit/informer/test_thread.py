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
from tests.unit.informer.informer_harness import InformerHarness

if TYPE_CHECKING:
    from models.event import EngineEvent

LOG = logging.getLogger("test.thread")


class RecordingWatch:
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


class ThreadHarness:
    """An informer's thread, stepped by the test."""

    def __init__(self) -> None:
        self.upstream = InformerHarness()
        self.watch = RecordingWatch()
        self.inbox: Inbox[Message] = Inbox(self.upstream.clock, ends_waiting=ends_waiting)
        self.thread = InformerThread(
            self.upstream.informer,
            self.watch,
            self.inbox,
            duty_cycle=DutyCycle(self.upstream.clock, lambda: 0.0),
            observer=self.watch,
            log=LOG,
        )


def test_a_stream_is_counted_and_leads_to_a_list() -> None:
    """When it opens, and when it ends."""
    harness = ThreadHarness()
    harness.upstream.world.add_container("web")
    harness.thread.run_once([StreamOpened()])
    assert harness.upstream.names() == ["web"]
    harness.upstream.world.add_container("db")
    harness.upstream.lose()
    harness.thread.run_once([StreamEnded("silent")])
    assert harness.upstream.names() == ["db", "web"]
    assert harness.watch.streams == [True, False, "silent"]


def test_events_and_late_outcomes_are_handed_on() -> None:
    """In the order in which they came."""
    harness = ThreadHarness()
    upstream = harness.upstream
    broken = upstream.world.add_container("broken")
    upstream.world.add_container("web")
    harness.thread.run_once([StreamOpened()])
    upstream.lose()
    upstream.reader.hanging.add(broken)
    upstream.world.rename("broken", "mended")
    harness.thread.run_once(list(upstream.world.told))
    assert upstream.names() == ["broken", "web"]
    assert [event.action for event in harness.watch.events] == ["rename"]
    upstream.reader.hanging.clear()
    harness.thread.run_once(list(upstream.reader.late_outcomes()))
    assert upstream.names() == ["mended", "web"]


def test_a_stream_that_hides_changes_is_renewed() -> None:
    """A change that only a resync found, and no event within two seconds, is evidence enough."""
    harness = ThreadHarness()
    harness.thread.run_once([StreamOpened()])
    harness.upstream.world.add_container("web")
    harness.upstream.lose()
    harness.upstream.pass_by(30)
    harness.thread.run_once([])
    assert harness.watch.renewals == 0
    harness.upstream.pass_by(3)
    harness.thread.run_once([])
    assert harness.watch.renewals == 1


def test_what_a_watch_hears_arrives_in_the_inbox() -> None:
    """From its own thread."""
    harness = ThreadHarness()
    listener = InboxListener(harness.inbox)
    listener.stream_opened()
    listener.stream_ended("ended")
    harness.thread.relist()
    assert harness.inbox.take(0.0) == [StreamOpened(), StreamEnded("ended"), RelistAsked()]


def test_a_stop_asks_the_engine_nothing_more() -> None:
    """Whatever arrived before it."""
    harness = ThreadHarness()
    harness.inbox.put(StreamOpened())
    harness.inbox.put(StopAsked())
    harness.thread.run()
    assert harness.upstream.calls() == 0


def test_a_thread_that_failed_lists_anew() -> None:
    """What it had taken out of its inbox is lost, and a list puts that right."""
    harness = ThreadHarness()
    harness.upstream.world.add_container("web")
    harness.thread.run_once([StreamOpened()])
    harness.upstream.lose()
    original = harness.upstream.informer.on_event

    def fail(event: EngineEvent) -> None:
        harness.upstream.informer.on_event = original  # type: ignore[method-assign] # once only
        raise MemoryError

    harness.upstream.informer.on_event = fail  # type: ignore[method-assign] # a fault that nothing real shows
    harness.upstream.world.add_container("db")
    for event in harness.upstream.world.told:
        harness.inbox.put(event)

    def wait(_: float) -> bool:
        threading.Timer(0.2, harness.thread.stop).start()
        return False

    errors = UnexpectedErrors(harness.watch, LOG)
    Survivor("informer", errors, backoff=Backoff(lambda: 0.0), wait=wait).run(harness.thread.run)
    assert harness.watch.surprises == ["informer"]
    assert harness.upstream.names() == ["db", "web"]


def test_changes_of_states_that_nobody_took_are_not_lost() -> None:
    """The reader takes the latest state, with all that happened since it came by last."""
    upstream = InformerHarness()
    woken: list[int] = []
    published = PublishedState("e", lambda: woken.append(1))
    upstream.open_stream()
    for name in ("a", "b"):
        upstream.world.add_container(name)
        upstream.tell()
        upstream.informer.sync()
        published.publish(upstream.state)
    assert [str(change) for change in published.take()[1]] == ["a started", "b started"]
    assert published.take()[1] == ()
    assert published.latest is upstream.state
    assert woken == [1, 1]
    assert EngineState("e").snapshot is None
