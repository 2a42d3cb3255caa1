"""Tests of the short retries."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.backend.port import EngineError
from reconciler.backend.retrying import Retries, is_transient

if TYPE_CHECKING:
    from tests.unit.backend.recording_observer import RecordingObserver


def error(reason: str, status: int | None = None) -> EngineError:
    """An error of a list call."""
    return EngineError("it failed", operation="list", reason=reason, status=status)


def retries(observer: RecordingObserver, *, attempts: int = 4, chance: float = 0.0) -> Retries:
    """Retries whose sleeps are remembered."""
    return Retries(sleep=observer.sleep, random=lambda: chance, on_retry=observer.retry, attempts=attempts)


class Attempt:
    """Fails with each of the errors in turn, then succeeds."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.made = 0

    def __call__(self) -> str:
        """Make one attempt."""
        self.made += 1
        if self.errors:
            raise self.errors.pop(0)
        return "done"


def test_a_success_is_made_once(observer: RecordingObserver) -> None:
    """Nothing is waited for and nothing counted."""
    attempt = Attempt()
    assert retries(observer).call("list", attempt) == "done"
    assert (attempt.made, observer.retries, observer.slept_s) == (1, [], [])


def test_failures_that_pass_are_retried_with_growing_waits(observer: RecordingObserver) -> None:
    """Each wait is half fixed and half by chance."""
    attempt = Attempt(error("timeout"), error("status", 503), error("malformed"))
    assert retries(observer).call("list", attempt) == "done"
    assert (attempt.made, observer.retries) == (4, ["list"] * 3)
    assert observer.slept_s == [0.05, 0.1, 0.2]


def test_chance_makes_a_wait_longer_up_to_its_end(observer: RecordingObserver) -> None:
    """The longest wait is bounded whatever the count."""
    attempt = Attempt(*[error("timeout")] * 8)
    retries(observer, attempts=9, chance=1.0).call("list", attempt)
    assert observer.slept_s == [0.1, 0.2, 0.4, 0.8, 1.6, 2.0, 2.0, 2.0]


def test_the_last_error_comes_out_after_all_attempts(observer: RecordingObserver) -> None:
    """With all that it says, and nothing of what it was made of."""
    last = error("status", 500)
    attempt = Attempt(error("timeout"), error("ended"), error("timeout"), last)
    with pytest.raises(EngineError) as caught:
        retries(observer).call("list", attempt)
    assert (str(caught.value), caught.value.reason, caught.value.status) == (str(last), "status", 500)
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)
    assert attempt.made == 4


def test_a_connection_that_died_unseen_is_not_waited_for(observer: RecordingObserver) -> None:
    """Only the first time: an engine that goes on dropping connections is given time."""
    retries(observer).call("list", Attempt(error("ended"), error("ended")))
    assert observer.slept_s == [0.0, 0.1]


def test_an_error_that_stays_comes_out_at_once(observer: RecordingObserver) -> None:
    """Also after others that would have passed."""
    for errors in ([error("refused", 403)], [error("timeout"), error("closed")]):
        attempt = Attempt(*errors)
        with pytest.raises(EngineError):
            retries(observer).call("list", attempt)
        assert attempt.made == len(errors)


def test_one_attempt_means_no_retry(observer: RecordingObserver) -> None:
    """Whoever has a patience of its own asks once."""
    attempt = Attempt(error("timeout"))
    with pytest.raises(EngineError):
        retries(observer, attempts=1).call("list", attempt)
    assert (attempt.made, observer.retries) == (1, [])


def test_other_exceptions_are_not_ours(observer: RecordingObserver) -> None:
    """A mistake in the program is not tried again."""
    attempt = Attempt(KeyError("x"))
    with pytest.raises(KeyError):
        retries(observer).call("list", attempt)
    assert attempt.made == 1


@pytest.mark.parametrize(
    ("reason", "status", "passes"),
    [
        ("unreachable", None, True),
        ("timeout", None, True),
        ("ended", None, True),
        ("malformed", None, True),
        ("status", 429, True),
        ("status", 500, True),
        ("status", 502, True),
        ("status", 503, True),
        ("status", 504, True),
        ("status", 400, False),
        ("status", 404, False),
        ("status", 501, False),
        ("refused", 401, False),
        ("refused", 403, False),
        ("closed", None, False),
        ("silent", None, False),
    ],
)
def test_what_may_pass_is_told_from_what_stays(reason: str, *, status: int | None, passes: bool) -> None:
    """By reason and status."""
    assert is_transient(error(reason, status)) is passes
