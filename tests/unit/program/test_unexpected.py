"""What nobody foresaw: counted, told once for each kind, survived."""

from __future__ import annotations

import logging
from collections import Counter
from typing import TYPE_CHECKING

from reconciler.backoff import Backoff
from reconciler.unexpected import Survivor, UnexpectedErrors

if TYPE_CHECKING:
    import pytest

LOG = logging.getLogger("test.unexpected")


class Counts:
    """Counts by part."""

    def __init__(self) -> None:
        self.parts: Counter[str] = Counter()

    def unexpected(self, part: str) -> None:
        self.parts[part] += 1


class Failing:
    """The body of a thread that fails in several ways before it ends."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.runs = 0

    def __call__(self) -> None:
        self.runs += 1
        if self.errors:
            raise self.errors.pop(0)


def test_a_thread_goes_on_whatever_is_raised(caplog: pytest.LogCaptureFixture) -> None:
    """With backoff; each error is counted, and each kind is told once, without what its text may hold."""
    counts, slept = Counts(), []
    body = Failing(MemoryError(), ValueError("hunter2"), ValueError("hunter2"), RuntimeError("can't start new thread"))

    def wait(seconds: float) -> bool:
        slept.append(seconds)
        return False

    Survivor("events", UnexpectedErrors(counts, LOG), backoff=Backoff(lambda: 0.0), wait=wait).run(body)
    assert body.runs == 5
    assert counts.parts == {"events": 4}
    assert slept == [0.5, 1.0, 2.0, 4.0]
    assert [kind in caplog.text for kind in ("MemoryError", "ValueError", "RuntimeError")] == [True] * 3
    assert caplog.text.count("ValueError") == 1
    assert "test_unexpected.py" in caplog.text
    assert "hunter2" not in caplog.text


def test_the_end_of_the_program_ends_the_waiting() -> None:
    """Nothing is run again once it is to end."""
    body = Failing(MemoryError())
    Survivor("events", UnexpectedErrors(Counts(), LOG), backoff=Backoff(lambda: 0.0), wait=lambda _: True).run(body)
    assert body.runs == 1


def test_nothing_is_raised_where_it_can_not_be_told() -> None:
    """A log that fails, too, is no reason to end."""

    class Broken(logging.Handler):
        def handle(self, record: logging.LogRecord) -> bool:
            raise MemoryError

    counts, log = Counts(), logging.getLogger("test.unexpected.broken")
    handler = Broken()
    log.addHandler(handler)
    log.propagate = False
    try:
        UnexpectedErrors(counts, log).handle("loop", ValueError())
    finally:
        log.removeHandler(handler)
    assert counts.parts == {"loop": 1}
