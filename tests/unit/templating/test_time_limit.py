"""Work that takes too long is ended from outside, and nothing else is."""

from __future__ import annotations

import threading
from typing import NoReturn

import pytest

from templating.time_limit import TimeLimitReached, run_limited

LONG_S = 120.0
SHORT_S = 0.05


def forever() -> NoReturn:
    """Loop without calling anything."""
    while True:
        pass


def test_the_result_is_returned() -> None:
    """What the call returns comes back, None included."""
    assert run_limited(lambda: 7, LONG_S) == 7
    assert run_limited(lambda: None, LONG_S) is None


def test_what_is_raised_is_raised_here() -> None:
    """An exception of the call is the caller's, with the place where it happened."""
    with pytest.raises(ZeroDivisionError) as raised:
        run_limited(lambda: 1 // 0, LONG_S)
    assert raised.traceback[-1].name == "<lambda>"


def test_an_endless_loop_is_ended() -> None:
    """The time is up, the loop ends, and so does its thread."""
    with pytest.raises(TimeLimitReached):
        run_limited(forever, SHORT_S)
    assert "pygen-render" not in {thread.name for thread in threading.enumerate()}


def test_work_that_swallows_the_exception_is_told_again() -> None:
    """Once may be lost, in a destructor for instance; it is sent until the work ends."""
    swallowed: list[int] = []

    def stubborn() -> None:
        while len(swallowed) < 3:
            try:
                forever()
            except TimeLimitReached:
                swallowed.append(1)
        forever()

    with pytest.raises(TimeLimitReached):
        run_limited(stubborn, SHORT_S)
    assert len(swallowed) == 3


def test_handlers_of_ordinary_exceptions_do_not_catch_it() -> None:
    """`except Exception` on the way lets it through."""

    def careless() -> str:
        try:
            forever()
        except Exception:  # noqa: BLE001 - what is tested
            return "caught"

    with pytest.raises(TimeLimitReached):
        run_limited(careless, SHORT_S)


def test_no_other_thread_is_hit() -> None:
    """Work that ends right at its limit, a few hundred times, never leaves an exception for anybody else."""
    done = threading.Event()
    hit: list[BaseException] = []

    def bystander() -> None:
        try:
            while not done.wait(0.001):
                pass
        except BaseException as error:  # noqa: BLE001 - nothing may arrive here
            hit.append(error)

    thread = threading.Thread(target=bystander)
    thread.start()
    ended = 0
    try:
        for _ in range(300):
            try:
                run_limited(lambda: sum(range(2000)), 0.0001)
                ended += 1
            except TimeLimitReached:
                ended += 1
    finally:
        done.set()
        thread.join()
    assert (ended, hit) == (300, [])
