"""The board: a status of now for whoever looks, and no work while nobody does."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reconciler.status.board import FRESH_S, WATCHED_S, Board
from reconciler.status.values import Status
from tests.support.fake_clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass
class FakeLoop:
    """A loop that comes by when it is woken, or does not."""

    clock: FakeClock = field(default_factory=lambda: FakeClock(100.0))
    begun: int = 0
    made: int = 0
    woken: int = 0
    hangs: bool = False
    board: Board | None = None

    def begin(self) -> Callable[[], Status]:
        self.begun += 1
        return self.make

    def make(self) -> Status:
        self.made += 1
        return Status("1", 0.0, self.clock.now_s)

    def wake(self) -> None:
        self.woken += 1
        if not self.hangs and self.board is not None:
            # The loop has a thread of its own; the reader waits for it.
            threading.Thread(target=self.board.update).start()


def _blank() -> Status:
    return Status("1", 0.0, 0.0)


def _board(loop: FakeLoop, *, patience_s: float = 60.0) -> Board:
    loop.board = Board(loop.begin, blank=_blank, clock=loop.clock, wake=loop.wake, patience_s=patience_s)
    return loop.board


def test_nothing_is_made_while_nobody_looks() -> None:
    """A thousand passes cost nothing."""
    loop = FakeLoop()
    board = _board(loop)
    for _ in range(1000):
        loop.clock.now_s += 1
        board.update()
    assert (loop.begun, loop.made) == (0, 0)


def test_whoever_looks_gets_the_status_of_now() -> None:
    """The loop is woken, and waited for."""
    loop = FakeLoop()
    board = _board(loop)
    loop.clock.now_s += 50
    assert board.read().at_epoch_s == 150
    assert loop.woken == 1


def test_a_fresh_status_is_given_at_once() -> None:
    """Many readers at a time wake the loop once."""
    loop = FakeLoop()
    board = _board(loop)
    loop.clock.now_s += 50
    for _ in range(20):
        board.read()
    assert (loop.woken, loop.begun, loop.made) == (1, 1, 1)
    loop.clock.now_s += FRESH_S + 0.1
    board.read()
    assert (loop.woken, loop.begun, loop.made) == (2, 1, 2)


def test_a_loop_that_hangs_is_not_waited_for_long() -> None:
    """What it put up last is shown, with its time; before the first time nothing is claimed."""
    loop = FakeLoop(hangs=True)
    board = _board(loop, patience_s=0.01)
    assert board.read() == _blank()
    board.update()
    loop.clock.now_s += 50
    assert board.read().at_epoch_s == 100


def test_the_loop_stops_making_them_some_time_after_the_last_look() -> None:
    """A closed page costs nothing any more."""
    loop = FakeLoop()
    board = _board(loop)
    loop.clock.now_s += 50
    board.read()
    loop.clock.now_s += WATCHED_S
    board.update()
    assert loop.made == 2
    loop.clock.now_s += 1
    board.update()
    assert loop.made == 2
