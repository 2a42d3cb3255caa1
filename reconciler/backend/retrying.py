"""Short retries of one request, on a new connection each; the patient backoff is the work queue's."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from models.backoff import doubled_s
from reconciler.backend.port import EngineError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tenacity import RetryCallState

T = TypeVar("T")

ATTEMPTS = 3
WAIT_S = 0.1
WAIT_S_MAX = 2.0

_TRANSIENT_REASONS = frozenset({"unreachable", "timeout", "ended", "malformed"})
_TRANSIENT_STATUSES = frozenset({429, 500, 502, 503, 504})


def is_transient(error: BaseException) -> bool:
    """Whether the same request may well succeed in a moment."""
    return isinstance(error, EngineError) and (
        error.reason in _TRANSIENT_REASONS or error.status in _TRANSIENT_STATUSES
    )


class Retries:
    """Makes a request again where that may help.

    Args:
        sleep: waits so many seconds.
        random: a number from 0 to 1, so that many programs do not come back at the same moment.
        on_retry: told the operation before each further attempt.
        attempts: how many in all.
    """

    def __init__(
        self,
        *,
        sleep: Callable[[float], object],
        random: Callable[[], float],
        on_retry: Callable[[str], object],
        attempts: int = ATTEMPTS,
    ) -> None:
        self._sleep = sleep
        self._random = random
        self._on_retry = on_retry
        self._attempts = attempts

    def call(self, operation: str, attempt: Callable[[], T]) -> T:
        """Make the attempt, and others if it fails in a way that passes.

        Raises:
            EngineError: of the last attempt.
        """
        outcome = _outcome_of(attempt)
        if not isinstance(outcome, EngineError):
            return outcome
        if self._attempts == 1 or not is_transient(outcome):
            raise outcome
        first = outcome
        outcome = _outcome_of(lambda: self._again(operation, attempt, first))
        if isinstance(outcome, EngineError):
            raise outcome
        return outcome

    def _again(self, operation: str, attempt: Callable[[], T], first: EngineError) -> T:
        import tenacity  # late: a healthy engine never needs it, and loading it takes 20 ms

        failed: list[EngineError] = [first]

        def attempt_or_first_failure() -> T:
            outcome = failed.pop() if failed else _outcome_of(attempt)
            if isinstance(outcome, EngineError):
                raise outcome
            return outcome

        def count(_: RetryCallState) -> None:
            self._on_retry(operation)

        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(self._attempts),
            retry=tenacity.retry_if_exception(is_transient),
            wait=self._wait_s,
            sleep=self._pause,
            before_sleep=count,
            reraise=True,
        )
        return retrying(attempt_or_first_failure)

    def _wait_s(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        if state.attempt_number == 1 and isinstance(error, EngineError) and error.reason == "ended":
            # Most likely a kept connection of an engine that was restarted: nothing to wait for.
            return 0.0
        longest_s = doubled_s(WAIT_S, state.attempt_number - 1, WAIT_S_MAX)
        return longest_s * (0.5 + self._random() / 2)

    def _pause(self, seconds: float) -> None:
        self._sleep(seconds)


def _outcome_of(attempt: Callable[[], T]) -> T | EngineError:
    """Make an attempt.

    What it raised comes back bare: an exception that is kept, or is part of a circle until the garbage collector comes
    by, would keep the frames that it passed through, and with them an answer of many megabytes.
    """
    try:
        return attempt()
    except EngineError as error:
        return error.bare()
