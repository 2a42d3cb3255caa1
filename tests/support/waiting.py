"""Wait for a state, never for a time: the one helper that every test polls with."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

#: Generous on purpose: a deadline only decides when a test that is lost anyway says so.
DEADLINE_S = 120.0


def wait_for(
    probe: Callable[[], T], *, timeout_s: float = DEADLINE_S, every_s: float = 0.02, what: str | Callable[[], str] = ""
) -> T:
    """Ask `probe` until it answers something true, and return that answer.

    Args:
        probe: asked again and again; what it raises goes through.
        timeout_s: after so many seconds it is given up; one last question is asked after that.
        every_s: seconds between two questions.
        what: what is waited for, in words, or a callable that tells the last state (asked only on failure).

    Raises:
        AssertionError: the state did not come.
    """
    deadline_s = time.monotonic() + timeout_s
    while True:
        last_try = time.monotonic() >= deadline_s
        answer = probe()
        if answer:
            return answer
        if last_try:
            raise AssertionError(_complaint(answer, timeout_s, what))
        time.sleep(every_s)


def _complaint(answer: object, timeout_s: float, what: str | Callable[[], str]) -> str:
    told = what() if callable(what) else what
    return f"not within {timeout_s:g} s: {told or 'the awaited state'} (last answer: {answer!r})"
