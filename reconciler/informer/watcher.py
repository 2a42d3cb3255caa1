"""The watch: one thread that keeps a subscription to an engine's events open and passes on what it hears."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from reconciler.backend.port import EngineError, EngineReader, EventStream

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable

    from models.event import EngineEvent
    from reconciler.backoff import Backoff

# A stream that lived shorter than this has proven nothing: the next try waits longer.
STEADY_S = 5.0


class StreamListener(Protocol):
    """Who hears. Called from the watcher's thread."""

    def stream_opened(self) -> None:
        """The subscription stands: whatever happens from now on has an event."""

    def stream_event(self, event: EngineEvent) -> None:
        """An event arrived."""

    def stream_ended(self, reason: str) -> None:
        """The subscription ended, or could not be made; the reason is the error's word for metrics."""


class Watcher:
    """Subscribes, passes on, and subscribes again with backoff, until it is stopped."""

    def __init__(
        self,
        reader: EngineReader,
        listener: StreamListener,
        *,
        clock: Callable[[], float],
        wait: Callable[[float], bool],
        backoff: Backoff,
        log: logging.Logger,
    ) -> None:
        """Take the edges.

        Args:
            reader: the engine.
            listener: who hears.
            clock: monotonic, seconds.
            wait: sleeps so many seconds and returns True as soon as the program ends.
            backoff: between failed subscriptions.
            log: where an ended stream is told.
        """
        self._reader = reader
        self._listener = listener
        self._clock = clock
        self._wait = wait
        self._backoff = backoff
        self._log = log
        self._stream: EventStream | None = None
        self._stopped = False
        self._silent = False
        self._told = ""

    def run(self) -> None:
        """Watch until stopped; the body of the thread."""
        while True:
            begun_s = self._clock()
            error = self._watch()
            if self._stopped:
                return
            if self._clock() - begun_s >= STEADY_S:
                self._backoff.reset()
            if self._silent:  # we ended it ourselves, and whoever asked for that has told why
                self._listener.stream_ended("silent")
            else:
                self._tell(error)
                self._listener.stream_ended(error.reason)
            self._silent = False
            if self._wait(self._backoff.next_delay_s()):
                return

    def renew(self) -> None:
        """End the stream that is open, because it is silent about what happens; `run` subscribes anew."""
        self._silent = self._stream is not None
        self._end_stream()

    def stop(self) -> None:
        """End the watch, from any thread."""
        self._stopped = True
        self._end_stream()

    def _end_stream(self) -> None:
        stream = self._stream
        if stream is not None:
            stream.close()

    def _watch(self) -> EngineError:
        try:
            stream = self._stream = self._reader.events()
            if self._stopped:
                stream.close()
            self._told = ""
            self._listener.stream_opened()
            for event in stream:
                self._listener.stream_event(event)
        except EngineError as error:
            return error
        except Exception:
            # Whoever runs this thread survives it; whoever listens must know that nothing is heard meanwhile.
            self._listener.stream_ended("unexpected")
            raise
        finally:
            if self._stream is not None:
                self._stream.close()
            self._stream = None
        return EngineError("the engine's event stream ended", operation="events", reason="ended")

    def _tell(self, error: EngineError) -> None:
        # A connection that we closed ourselves, at the end, is nothing to warn of.
        if error.reason != "closed" and str(error) != self._told:
            self._log.warning("%s; subscribing again, and listing meanwhile", error)
        self._told = str(error)
