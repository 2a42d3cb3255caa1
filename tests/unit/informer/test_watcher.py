"""The watch on an engine's events."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from models.event import EngineEvent
from reconciler.backend.port import EngineError
from reconciler.backoff import Backoff
from reconciler.informer.watcher import STEADY_S, Watcher
from reconciler.unexpected import Survivor, UnexpectedErrors
from tests.support.fake_clock import FakeClock
from tests.unit.informer.informer_harness import RecordingWorld, WorldReader, failure

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pytest

EVENT = EngineEvent("container", "start", "c1", {}, 1)


class Stream:
    """Gives some events, lets time pass, and ends with an error, or as nothing should: cleanly."""

    def __init__(
        self, events: Sequence[EngineEvent], error: EngineError | None, clock: FakeClock, lasts_s: float = 0
    ) -> None:
        self.events, self.error, self.clock, self.lasts_s = events, error, clock, lasts_s
        self.closed = 0

    def __iter__(self) -> Iterator[EngineEvent]:
        yield from self.events
        self.clock.now_s += self.lasts_s
        if self.error is not None:
            raise self.error

    def close(self) -> None:
        self.closed += 1


class StreamingReader(WorldReader):
    """Hands out prepared streams, or fails to."""

    def __init__(self, clock: FakeClock, outcomes: list[Stream | EngineError]) -> None:
        super().__init__(RecordingWorld(), clock)
        self.outcomes = outcomes

    def events(self) -> Stream:
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, EngineError):
            raise outcome
        return outcome


class RecordingListener:
    """What a listener was told, in order."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def stream_opened(self) -> None:
        self.heard.append("opened")

    def stream_event(self, event: EngineEvent) -> None:
        self.heard.append(event.action)

    def stream_ended(self, reason: str) -> None:
        self.heard.append(reason)


class WatcherHarness:
    """A watcher that runs until its outcomes are used up."""

    def __init__(self, clock: FakeClock, *outcomes: Stream | EngineError) -> None:
        self.clock = clock
        self.waits: list[float] = []
        self.heard = RecordingListener()
        self.reader = StreamingReader(clock, list(outcomes))
        self.watcher = Watcher(
            self.reader,
            self.heard,
            clock=clock,
            wait=self._wait,
            backoff=Backoff(lambda: 0.0),
            log=logging.getLogger("test.watcher"),
        )

    def _wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        return not self.reader.outcomes

    def run(self) -> list[str]:
        self.watcher.run()
        return self.heard.heard


def test_events_are_passed_on_and_every_end_is_told() -> None:
    """A stream opens, tells, ends; another is subscribed."""
    clock = FakeClock()
    first = Stream([EVENT], failure(reason="ended"), clock)
    second = Stream([], failure(reason="silent"), clock)
    assert WatcherHarness(clock, first, second).run() == ["opened", "start", "ended", "opened", "silent"]
    assert first.closed == 1
    assert second.closed == 1


def test_a_clean_end_is_a_fault_too() -> None:
    """A stream that just stops has lost something, or will."""
    clock = FakeClock()
    assert WatcherHarness(clock, Stream([EVENT], None, clock)).run() == ["opened", "start", "ended"]


def test_a_refused_subscription_is_told_as_an_end() -> None:
    """So that the informer lists instead."""
    clock = FakeClock()
    assert WatcherHarness(clock, failure(status=403, reason="refused")).run() == ["refused"]


def test_short_watches_wait_longer_and_longer() -> None:
    """A stream that breaks at once must not be subscribed in a hurry, for ever."""
    clock = FakeClock()
    harness = WatcherHarness(clock, *[Stream([], failure(reason="ended"), clock) for _ in range(4)])
    harness.run()
    assert harness.waits == [0.5, 1.0, 2.0, 4.0]


def test_a_steady_watch_begins_anew() -> None:
    """After a stream that lived, the first retry is quick again."""
    clock = FakeClock()
    short = [Stream([], failure(reason="ended"), clock) for _ in range(2)]
    steady = Stream([], failure(reason="ended"), clock, lasts_s=STEADY_S)
    harness = WatcherHarness(clock, *short, steady)
    harness.run()
    assert harness.waits == [0.5, 1.0, 0.5]


def test_the_same_failure_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    """An engine that is away for an hour does not fill the log."""
    clock = FakeClock()
    harness = WatcherHarness(clock, *[failure() for _ in range(5)])
    harness.run()
    assert len(caplog.records) == 1


def test_a_stopped_watcher_says_nothing_more() -> None:
    """The end of the program is no fault of the stream."""
    clock = FakeClock()
    harness = WatcherHarness(clock, Stream([EVENT], failure(reason="ended"), clock))
    original = harness.heard.stream_event

    def stop_at_event(event: EngineEvent) -> None:
        original(event)
        harness.watcher.stop()

    harness.heard.stream_event = stop_at_event  # type: ignore[method-assign] # a listener that ends the watch
    assert harness.run() == ["opened", "start"]


def test_a_stream_that_is_renewed_was_silent(caplog: pytest.LogCaptureFixture) -> None:
    """It counts as that, and only once; who asked for it has told why."""
    clock = FakeClock()
    first = Stream([EVENT], failure(reason="closed"), clock)
    harness = WatcherHarness(clock, first, Stream([], failure(reason="ended"), clock))
    original = harness.heard.stream_event

    def renew_at_event(event: EngineEvent) -> None:
        original(event)
        harness.watcher.renew()

    harness.heard.stream_event = renew_at_event  # type: ignore[method-assign] # a listener that doubts the stream
    assert harness.run() == ["opened", "start", "silent", "opened", "ended"]
    assert first.closed == 2
    assert len(caplog.records) == 1


def test_a_stream_that_we_closed_ourselves_is_no_warning(caplog: pytest.LogCaptureFixture) -> None:
    """At the end of the program connections are closed under whoever waits for an answer."""
    clock = FakeClock()
    assert WatcherHarness(clock, Stream([EVENT], failure(reason="closed"), clock)).run() == [
        "opened",
        "start",
        "closed",
    ]
    assert caplog.records == []


def test_what_nobody_foresaw_is_told_as_an_end_and_survived() -> None:
    """Its thread runs the watch again, and nobody believes meanwhile that events are heard."""
    clock = FakeClock()

    class Surprising(Stream):
        def __iter__(self) -> Iterator[EngineEvent]:
            yield EVENT
            raise MemoryError

    harness = WatcherHarness(clock, Surprising([], None, clock), Stream([EVENT], failure(reason="ended"), clock))
    parts: list[str] = []

    class Counts:
        def unexpected(self, part: str) -> None:
            parts.append(part)

    errors = UnexpectedErrors(Counts(), logging.getLogger("test.watcher"))
    Survivor("events", errors, backoff=Backoff(lambda: 0.0), wait=lambda _: False).run(harness.watcher.run)
    assert harness.heard.heard == ["opened", "start", "unexpected", "opened", "start", "ended"]
    assert parts == ["events"]
