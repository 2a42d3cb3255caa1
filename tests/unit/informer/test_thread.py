"""The informer's thread: what arrives is handed on, and what is published wakes whoever reads it."""

from __future__ import annotations

import logging
import threading

import pytest

from models.event import EngineEvent
from reconciler.backoff import Backoff
from reconciler.duty_cycle import DutyCycle
from reconciler.inbox import Inbox
from reconciler.informer.state import EngineState, PublishedState
from reconciler.informer.thread import (
    DueSooner,
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
        self.duty_cycle = DutyCycle(self.upstream.clock, lambda: 0.0)
        self.thread = InformerThread(
            self.upstream.informer,
            self.inbox,
            duty_cycle=self.duty_cycle,
            observer=self.watch,
            log=LOG,
        )
        self.thread.hears(self.watch)


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
    harness.thread.stream_opened()
    harness.thread.stream_ended("ended")
    harness.thread.relist()
    assert harness.inbox.take(0.0) == [StreamOpened(), StreamEnded("ended"), RelistAsked()]


def test_an_event_is_worked_on_by_the_thread_that_heard_it() -> None:
    """The state is there when the event was handed over, whether or not the informer's thread comes by."""
    harness = ThreadHarness()
    harness.thread.run_once([StreamOpened()])
    harness.upstream.world.add_container("web")
    for event in harness.upstream.world.told:
        harness.thread.stream_event(event)
    assert harness.upstream.names() == ["web"]
    assert not any(isinstance(message, EngineEvent) for message in harness.inbox.take(0.0))


def test_an_event_whose_inspect_waits_has_the_thread_look_again() -> None:
    """A stop is settled by an inspect a little later, which the informer's own thread makes."""
    harness = ThreadHarness()
    harness.upstream.world.add_container("web")
    harness.thread.run_once([StreamOpened()])
    harness.upstream.lose()
    harness.upstream.world.stop_container("web")
    for event in harness.upstream.world.told:
        harness.thread.stream_event(event)
    assert DueSooner() in harness.inbox.take(0.0)


@pytest.mark.parametrize("is_resting", [True, False])
def test_an_event_waits_for_what_came_before(is_resting: bool) -> None:  # noqa: FBT001 - pytest's parameters
    """The informer rests under a storm, or an earlier event still waits: events are worked on in their order."""
    harness = ThreadHarness()
    harness.thread.run_once([StreamOpened()])
    harness.upstream.world.add_container("web")
    told = list(harness.upstream.world.told)
    if is_resting:
        harness.duty_cycle.rest(1.0)
    else:
        harness.thread.stream_opened()
    for event in told:
        harness.thread.stream_event(event)
    assert harness.upstream.names() == []
    waiting = harness.inbox.take(0.0)
    assert waiting == ([] if is_resting else [StreamOpened()]) + told


def test_whoever_works_events_are_worked_on_once_and_in_order() -> None:
    """Two threads: the one that hears, and the informer's own, which others keep awake."""
    harness = ThreadHarness()
    seen: list[str] = []
    at_work: list[int] = []

    def heard(event: EngineEvent) -> None:
        at_work.append(1)
        assert len(at_work) == 1
        seen.append(event.actor_id)
        at_work.pop()

    harness.watch.heard = heard  # type: ignore[method-assign] # instead of a list
    harness.upstream.informer.on_event = lambda event: None  # type: ignore[method-assign] # only the order counts here
    own = threading.Thread(target=harness.thread.run)
    own.start()
    names = [f"{number:04}" for number in range(2000)]
    for name in names:
        harness.thread.stream_event(EngineEvent("container", "start", name, {}, 0))
        if name.endswith("7"):
            harness.thread.relist()
    harness.thread.stop()
    own.join(30)
    assert not own.is_alive()
    assert seen == names[: len(seen)]
    assert len(seen) + sum(isinstance(each, EngineEvent) for each in harness.inbox.take(0.0)) == len(names)


def test_a_fault_in_the_work_on_an_event_is_the_informers() -> None:
    """The watch goes on; the informer's thread is the one that fails, lists anew, and is counted."""
    harness = ThreadHarness()
    harness.thread.run_once([StreamOpened()])
    harness.upstream.world.add_container("web")
    original = harness.upstream.informer.on_event

    def fail(event: EngineEvent) -> None:
        harness.upstream.informer.on_event = original  # type: ignore[method-assign] # once only
        raise MemoryError

    harness.upstream.informer.on_event = fail  # type: ignore[method-assign] # a fault that nothing real shows
    harness.thread.stream_event(harness.upstream.world.told[0])
    with pytest.raises(MemoryError):
        harness.thread.run()
    harness.thread.stop()
    harness.thread.run()
    assert harness.upstream.calls() > 0


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
