"""When the engine itself says that a container started or died: the moment from which latencies are measured.

That moment is in the event (`timeNano`). It lies before the answer to the request that caused it, and long after the
request began; engine and benchmark share the machine's clock.
"""

from __future__ import annotations

import contextlib
import json
import threading

from tests.bench.lean_http import LeanConnection

EVENTS = "/events?filters=%7B%22type%22%3A%5B%22container%22%5D%2C%22event%22%3A%5B%22start%22%2C%22die%22%5D%7D"
_LATE_S = 30.0


class EventTimes:
    """A subscription of the benchmark's own; its thread ends with `close`."""

    def __init__(self, socket_path: str) -> None:
        self._connection = LeanConnection(socket_path)
        self._lines = self._connection.lines(EVENTS)
        self._times_ns: dict[tuple[str, str], int] = {}
        self._changed = threading.Condition()
        self.latest_ns = 0
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Listen no more."""
        with contextlib.suppress(OSError):
            self._connection.cut()
        self._thread.join()
        self._connection.close()

    def take(self, name: str, action: str) -> int:
        """Wait for a container's event, and forget it.

        Args:
            name: the container's.
            action: `start` or `die`.

        Returns:
            When it happened, in nanoseconds since the epoch.
        """
        key = (name, action)
        with self._changed:
            if not self._changed.wait_for(lambda: key in self._times_ns, _LATE_S):
                raise TimeoutError(f"the engine told of no {action} of {name}")
            return self._times_ns.pop(key)

    def _listen(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            for line in self._lines:
                event = json.loads(line)
                with self._changed:
                    self.latest_ns = event["timeNano"]
                    self._times_ns[event["Actor"]["Attributes"]["name"], event["Action"]] = event["timeNano"]
                    self._changed.notify_all()
