"""What nobody foresaw: counted, told once for each kind, and survived by every thread that lives long.

No value is told, for an exception's text may hold one: its type, and the place in the program where it was raised.
"""

from __future__ import annotations

import threading
import traceback
from pathlib import PurePath
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable

    from reconciler.backoff import Backoff

_KINDS_REMEMBERED_MAX = 100


class UnexpectedObserver(Protocol):
    """What is counted. Called from any thread."""

    def unexpected(self, part: str) -> None:
        """Count an error that nobody foresaw, in a part of the program."""


class UnexpectedErrors:
    """Counts and tells; may be called from any thread, and raises nothing itself."""

    def __init__(self, observer: UnexpectedObserver, log: logging.Logger) -> None:
        """Take who counts, and where it is told."""
        self._observer = observer
        self._log = log
        self._lock = threading.Lock()
        self._told: set[tuple[str, str, str]] = set()

    def handle(self, part: str, error: BaseException) -> None:
        """Take note of an error.

        Args:
            part: one of `metrics.labels.PARTS`.
            error: whatever was raised.
        """
        self._observer.unexpected(part)
        try:
            self._tell(part, error)
        except Exception:  # noqa: BLE001 - memory may be short still; it is counted
            return

    def _tell(self, part: str, error: BaseException) -> None:
        kind, place = type(error).__name__, _place(error)
        with self._lock:
            if (part, kind, place) in self._told or len(self._told) >= _KINDS_REMEMBERED_MAX:
                return
            self._told.add((part, kind, place))
        self._log.error(
            "%s: unexpected error (%s at %s); it is tried again. Please report this",
            part,
            kind,
            place,
        )


class Survivor:
    """Runs the body of a thread again and again until it returns."""

    def __init__(
        self,
        part: str,
        errors: UnexpectedErrors,
        *,
        backoff: Backoff,
        wait: Callable[[float], bool],
    ) -> None:
        """Take what is done about an error.

        Args:
            part: the thread's name in the metrics.
            errors: counts and tells.
            backoff: between an error and the next try.
            wait: sleeps so many seconds and returns True as soon as the program ends.
        """
        self._part = part
        self._errors = errors
        self._backoff = backoff
        self._wait = wait

    def run(self, body: Callable[[], None]) -> None:
        """Run a body that returns when the program ends, whatever it raises meanwhile."""
        while True:
            try:
                body()
            except Exception as error:  # noqa: BLE001 - whatever it is, the thread goes on
                self._errors.handle(self._part, error)
            else:
                return
            if self._wait(self._backoff.next_delay_s()):
                return


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__, limit=-1)
    return f"{PurePath(frames[0].filename).name}:{frames[0].lineno}" if frames else "an unknown place"
