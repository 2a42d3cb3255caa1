"""A keyed work queue with the promises of Kubernetes' client-go (`util/workqueue`), as a pure data structure.

Python's own queues, and the packages around them, carry items in order; none merges what is added twice, and none keeps
an item back while it is processed.

- A key is there once, however often it is added: it says that something is to be looked at, never what happened.
- A key is processed by one at a time: from `get` to `done` no second `get` returns it.
- A key that is added while it is processed is processed once more afterwards: nothing is lost.
- Keys come in the order of the moments at which they became due, equal moments in the order of their addition.
- A key waits for one moment at a time: of several additions the earliest counts.
- Failures are counted for each key until `forget`; each one lengthens the next delay of `add_rate_limited`.

client-go keeps a dirty and a waiting set, a heap, and a thread that moves keys from the one to the other. Here time is
an argument, so that the two sets are one (a key is dirty once its moment has come) and no thread is needed: a loop that
sleeps until `next_due` is enough.
"""

from __future__ import annotations

import heapq
from itertools import count
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

Key = TypeVar("Key", bound="Hashable")

_HEAP_SLACK = 64


class WorkQueue(Generic[Key]):
    """Keys that are to be processed, now or later. Moments are arguments, all on one clock, in seconds.

    Args:
        delay_s: how long to wait after the given number of failures in a row, at least 1.
    """

    def __init__(self, delay_s: Callable[[int], float]) -> None:
        self._delay_s = delay_s
        self._due: dict[Key, tuple[float, int]] = {}
        self._heap: list[tuple[float, int, Key]] = []
        self._numbers = count()
        self._processing: set[Key] = set()
        self._failures: dict[Key, int] = {}

    def __contains__(self, key: Key) -> bool:
        return key in self._due

    def __len__(self) -> int:
        return len(self._due)

    def add(self, key: Key, now_s: float) -> None:
        """Have the key processed, from now on."""
        self.add_at(key, now_s)

    def add_after(self, key: Key, now_s: float, delay_s: float) -> None:
        """Have the key processed after a delay, or at the moment that it waits for already, if that is earlier."""
        self.add_at(key, now_s + max(delay_s, 0.0))

    def add_at(self, key: Key, at_s: float) -> None:
        """Have the key processed at a moment, or at the one that it waits for already, if that is earlier."""
        known = self._due.get(key)
        if known is None or at_s < known[0]:
            self._push(key, (at_s, next(self._numbers)))

    def add_rate_limited(self, key: Key, now_s: float) -> None:
        """Count a failure, and have the key processed after the delay for as many as there are now."""
        self._failures[key] = self.failures(key) + 1
        self.add_after(key, now_s, self._delay_s(self._failures[key]))

    def forget(self, key: Key) -> None:
        """Count failures of the key from zero: it succeeded, or what failed is of no interest any more."""
        self._failures.pop(key, None)

    def failures(self, key: Key) -> int:
        """How often the key failed since it was last forgotten."""
        return self._failures.get(key, 0)

    def remove(self, key: Key) -> None:
        """Drop the key and its failures. One that is being processed is so until `done`."""
        self._due.pop(key, None)
        self.forget(key)

    def get(self, now_s: float) -> Key | None:
        """Take the key that has been due longest for processing; None where none is due. Call `done` for it."""
        while self._heap and self._heap[0][0] <= now_s:
            at_s, number, key = heapq.heappop(self._heap)
            # Superseded entries are left in the heap until they come up; one in processing comes back with `done`.
            if self._due.get(key) == (at_s, number) and key not in self._processing:
                del self._due[key]
                self._processing.add(key)
                return key
        return None

    def take(self, key: Key) -> None:
        """Take a key for processing that is not being processed, due or not. Call `done` for it."""
        self._due.pop(key, None)
        self._processing.add(key)

    def done(self, key: Key) -> None:
        """The key's processing has ended; it is due again if it was added meanwhile."""
        self._processing.discard(key)
        moment = self._due.get(key)
        if moment is not None:
            self._push(key, moment)

    def is_processing(self, key: Key) -> bool:
        """Whether the key is between `get` and `done`."""
        return key in self._processing

    def due_at(self, key: Key) -> float | None:
        """The moment that the key waits for, possibly past; None where it is not in the queue."""
        moment = self._due.get(key)
        return None if moment is None else moment[0]

    def next_due(self) -> float | None:
        """When `get` will return something, possibly past; None: not before something is added or done."""
        return min((at_s for key, (at_s, _) in self._due.items() if key not in self._processing), default=None)

    def _push(self, key: Key, moment: tuple[float, int]) -> None:
        self._due[key] = moment
        heapq.heappush(self._heap, (*moment, key))
        if len(self._heap) > 2 * len(self._due) + _HEAP_SLACK:
            self._heap = [(*at, each) for each, at in self._due.items()]
            heapq.heapify(self._heap)
