"""Inspects that nobody waits for: each in a thread of its own, a bounded number at once, each with an outcome."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from reconciler.backend.port import EngineError, InspectFailed, LateInspection

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.backend.port import Inspection, LateSink

BESIDE_MAX = 6
"""How many there are at once."""


class Beside:
    """Runs inspects beside everything else; any thread may ask for it.

    Args:
        spawn: runs a function in a thread of its own that does not keep the process alive.
        unexpected: told of what nobody foresaw, with the part of the program.
    """

    def __init__(
        self, *, spawn: Callable[[Callable[[], None]], object], unexpected: Callable[[str, Exception], object]
    ) -> None:
        self._spawn = spawn
        self._unexpected = unexpected
        self._room = threading.BoundedSemaphore(BESIDE_MAX)

    def run(self, container_id: str, begun_at_s: float, inspect: Callable[[], Inspection], late: LateSink) -> bool:
        """Run one.

        Args:
            container_id: the full id.
            begun_at_s: when it was begun, on our monotonic clock in seconds.
            inspect: asks, or waits for the answer; may raise EngineError.
            late: takes the outcome, in the new thread.

        Returns:
            Whether there was room.
        """

        def run() -> None:
            try:
                outcome = self._outcome(container_id, begun_at_s, inspect)
            finally:
                self._room.release()
            late(outcome)

        if not self._room.acquire(blocking=False):
            return False
        try:
            self._spawn(run)
        except RuntimeError as error:  # no thread can be started: it is asked again later, like all that failed
            self._room.release()
            self._unexpected("inspect", error)
            return False
        return True

    def _outcome(self, container_id: str, begun_at_s: float, inspect: Callable[[], Inspection]) -> LateInspection:
        try:
            return inspect()
        except EngineError as error:
            return InspectFailed(container_id, begun_at_s, error.bare())
        except Exception as error:  # noqa: BLE001 - whatever it is, somebody waits for an outcome
            self._unexpected("inspect", error)
            text = f"an inspect failed unexpectedly ({type(error).__name__})"
        return InspectFailed(container_id, begun_at_s, EngineError(text, operation="inspect", reason="unexpected"))
