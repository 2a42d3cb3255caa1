"""From the watch's thread to the loop's: every piece of news becomes a wake-up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.loop.work_queue import EventArrived, StreamEnded, StreamOpened, WorkQueue

if TYPE_CHECKING:
    from models.event import EngineEvent


class QueueListener:
    """Puts what a watch hears into the loop's queue."""

    def __init__(self, queue: WorkQueue) -> None:
        """Take the loop's queue."""
        self._queue = queue

    def stream_opened(self) -> None:
        """The subscription stands."""
        self._queue.put(StreamOpened())

    def stream_event(self, event: EngineEvent) -> None:
        """An event arrived."""
        self._queue.put(EventArrived(event))

    def stream_ended(self, reason: str) -> None:
        """The subscription ended, or could not be made."""
        self._queue.put(StreamEnded(reason))
