"""`file://STATE.json`: a recorded state in the place of an engine, read anew whenever the file is edited."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any

from models.event import EngineEvent
from reconciler.backend.port import EngineError, InspectFailed, Inspection, Listing, RequestTime
from reconciler.backend.recorded_format import RecordedState, read_state

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from reconciler.backend.address import EngineAddress
    from reconciler.backend.port import LateSink

POLL_S = 0.5
# Ten thousand containers are some 100 MB.
STATE_BYTES_MAX = 256 * 1024 * 1024

_Stamp = tuple[int, int, int]


class RecordedReader:
    """Implements `port.EngineReader` on a file. Any thread may call any method.

    Args:
        address: of kind `file`.
        clock: monotonic, seconds.
        poll_s: how often a stream of events looks at the file.
    """

    def __init__(self, address: EngineAddress, *, clock: Callable[[], float], poll_s: float = POLL_S) -> None:
        self._address = address
        self._clock = clock
        self._poll_s = poll_s
        self._lock = threading.Lock()
        self._stamp: _Stamp | None = None
        self._state = RecordedState({}, (), ())
        self._closed = threading.Event()

    @property
    def name(self) -> str:
        """The address as people write it."""
        return self._address.name

    def list(self) -> Listing:
        """All recorded containers."""
        moment = self._moment()
        return Listing(self.state("list").entries, moment)

    def inspect(self, container_id: str) -> Inspection:
        """One recorded container."""
        moment = self._moment()
        return Inspection(container_id, self.state("inspect").bodies.get(container_id), moment)

    def inspect_many(self, container_ids: Sequence[str]) -> Iterator[Inspection]:
        """Several recorded containers."""
        return map(self.inspect, container_ids)

    def inspect_each(self, container_ids: Sequence[str], late: LateSink) -> Iterator[Inspection | InspectFailed]:  # noqa: ARG002 - a file answers at once
        """Several recorded containers."""
        return map(self._inspect_or_fail, container_ids)

    def inspect_beside(self, container_id: str, late: LateSink) -> bool:
        """One recorded container, which nobody has to wait for."""
        late(self._inspect_or_fail(container_id))
        return True

    def _inspect_or_fail(self, container_id: str) -> Inspection | InspectFailed:
        begun_at_s = self._clock()
        try:
            return self.inspect(container_id)
        except EngineError as error:
            return InspectFailed(container_id, begun_at_s, error.bare())

    def networks(self) -> Sequence[Mapping[str, Any]]:
        """All recorded networks."""
        return self.state("networks").networks

    def events(self) -> RecordedStream:
        """An event for each container, whenever the file was edited."""
        return RecordedStream(self, self.state("events"), poll_s=self._poll_s, reader_closed=self._closed)

    def close(self) -> None:
        """End all streams."""
        self._closed.set()

    def state(self, operation: str) -> RecordedState:
        """What the file says now.

        Args:
            operation: what is asked, for the error.
        """
        path = self._address.path
        with self._lock:
            try:
                stamp = _stamp_of(path)
                if stamp != self._stamp:
                    with open(path, "rb") as file:
                        data = file.read(STATE_BYTES_MAX + 1)
                    if len(data) > STATE_BYTES_MAX:
                        raise ValueError(f"it is larger than {STATE_BYTES_MAX} bytes")  # noqa: TRY301 - told below
                    self._state = read_state(data)
                    self._stamp = stamp
            except OSError as error:
                text = f"the recorded state {path} can't be read: {error.strerror or 'unknown reason'}"
                raise EngineError(text, operation=operation, reason="unreachable") from error
            except ValueError as error:
                text = f"the recorded state {path} can't be used: {error}"
                raise EngineError(text, operation=operation, reason="malformed") from error
            return self._state

    def _moment(self) -> RequestTime:
        # A recorded engine has no clock.
        return RequestTime(self._clock(), None)


class RecordedStream:
    """Implements `port.EventStream`: an edit of the file is an event for each container in it, before or after."""

    def __init__(
        self, reader: RecordedReader, state: RecordedState, *, poll_s: float, reader_closed: threading.Event
    ) -> None:
        self._reader = reader
        self._state = state
        self._poll_s = poll_s
        self._reader_closed = reader_closed
        self._closed = threading.Event()

    def __iter__(self) -> Iterator[EngineEvent]:
        """Events as the file is edited; ends by an EngineError."""
        while not (self._closed.wait(self._poll_s) or self._reader_closed.is_set()):
            before, self._state = self._state, self._reader.state("events")
            if self._state is not before:
                for container_id in sorted(before.bodies.keys() | self._state.bodies.keys()):
                    yield EngineEvent("container", "update", container_id, {}, 0)
        raise EngineError("the recorded state is no longer watched", operation="events", reason="closed")

    def close(self) -> None:
        """End it, from any thread."""
        self._closed.set()


def _stamp_of(path: str) -> _Stamp:
    status = os.stat(path)  # noqa: PTH116 - a path in text, as it came
    return status.st_ino, status.st_size, status.st_mtime_ns
