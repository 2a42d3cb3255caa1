"""What a replacement of the file means for what is owed, whether it was made, or announced and its end is not known."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from notify.dispatcher import Dispatcher
    from notify.outbox import Outbox, Prepared
    from notify.schedule import Schedule
    from notify.start_order import StartOrder


class Replacements:
    """Of one job's file. Moments `at_s` are on the monotonic clock, `since_epoch_s` on the wall clock, for people."""

    def __init__(self, outbox: Outbox, start_order: StartOrder, schedule: Schedule, dispatcher: Dispatcher) -> None:
        self._outbox = outbox
        self._start_order = start_order
        self._schedule = schedule
        self._dispatcher = dispatcher

    def made(self, made: Prepared, *, since_epoch_s: float, at_s: float) -> None:
        """The file holds this content: every run that was not told of it is owed, with its batch.

        Args:
            made: what was announced, or what was found.
            since_epoch_s: when it was replaced.
            at_s: likewise.
        """
        concerned = self._outbox.concerned_by(made)
        self._outbox.replace(made, since_epoch_s)
        self._start_order.replaced(at_s)
        self._schedule.file_changed(at_s, concerned)
        self._dispatcher.doubt(since_epoch_s, concerned, forced=made.forced)

    def finish_leftover(self, found: str, at_s: float) -> None:
        """A replacement was announced and not recorded: what the target holds tells whether it was made."""
        prepared = self._outbox.prepared
        if prepared is not None and prepared.digest == found:
            self.made(prepared, since_epoch_s=prepared.since_epoch_s, at_s=at_s)
        else:
            self.doubt_leftover(at_s)

    def doubt_leftover(self, at_s: float) -> None:
        """A replacement was announced and its end is not known: the file may have held that content for a while.

        A run of that time may have loaded it, so nothing known of the order proves anything; and where the file was not
        as we had left it, every run may have loaded anything.
        """
        prepared, self._outbox.prepared = self._outbox.prepared, None
        if prepared is None:
            return
        self._start_order.replaced(at_s)
        concerned = self._outbox.concerned_by(prepared)
        self._dispatcher.doubt(prepared.since_epoch_s, concerned, forced=prepared.forced)
        if prepared.forced:
            self._outbox.doubt(prepared)
