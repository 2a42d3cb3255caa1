"""What goes wrong, by operation: a queue of faults for each, taken in the order in which they were ordered."""

from __future__ import annotations

import threading
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

How = Literal["answer", "half", "half_then_hang", "hang", "close"]


@dataclass(slots=True)
class Fault:
    """One thing that goes wrong with the next `times` requests of an operation.

    Attributes:
        operation: which requests: `list`, `inspect`, `events`, `kill`, ...
        times: how many requests it spoils; None is all until it is healed.
        delay_s: slept before anything else.
        status: answered instead of the right status; the right one where None.
        body: answered instead of the right body.
        content_type: goes with `body`.
        headers: more lines for the answer's head, such as `Retry-After`.
        cut: the right body is cut in half, and the framing agrees with the half.
        how: `answer` in whole; `half` the body and then the connection's end; `half_then_hang`; `hang` without a
            byte; `close` without a byte.
        effect: whether a write (kill, restart, ...) is done before the fault shows: `none`, `full`, or `stop` for a
            restart that only got as far as stopping.
        ends: the connection is closed after the whole answer.
        container: only requests about this container (id or name), None for any.
    """

    operation: str
    times: int | None = 1
    delay_s: float = 0.0
    status: int | None = None
    body: bytes | None = None
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    how: How = "answer"
    effect: Literal["none", "full", "stop"] = "none"
    container: str | None = None
    ends: bool = False
    healed: threading.Event = field(default_factory=threading.Event)

    @property
    def replaces_answer(self) -> bool:
        """Whether the right answer is never computed (for a write: unless `effect` says that it is done)."""
        return self.status is not None or self.body is not None or self.how in {"hang", "close"}


class FaultBook:
    """The faults that are ordered. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: defaultdict[str, list[Fault]] = defaultdict(list)
        self._ordered: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Order one."""
        with self._lock:
            self._faults[fault.operation].append(fault)
            self._ordered.append(fault)

    def take(self, operation: str, is_about: Callable[[str], bool]) -> Fault | None:
        """The fault for this request, used up by it.

        Args:
            operation: the request's operation.
            is_about: tells whether the request is about the container of this id or name.
        """
        if not self._faults:
            return None
        with self._lock:
            for fault in self._faults.get(operation, ()):
                if fault.container is None or is_about(fault.container):
                    self._use(fault)
                    return fault
        return None

    def _use(self, fault: Fault) -> None:
        if fault.times is None:
            return
        fault.times -= 1
        if fault.times <= 0:
            self._faults[fault.operation].remove(fault)

    def heal(self, operation: str | None = None) -> None:
        """Forget the faults of an operation, or all, and let go of the requests that hang in them."""
        with self._lock:
            healed = [fault for fault in self._ordered if operation in {None, fault.operation}]
            for fault in healed:
                self._ordered.remove(fault)
                self._faults.pop(fault.operation, None)
                fault.healed.set()
