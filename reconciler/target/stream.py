"""Standard output, standard error, FIFOs and devices: written, never replaced and never read back.

What is compared is what this process last printed whole. A reader that does not read must not stop the loop: a FIFO is
opened without blocking, and a write waits only so long for any progress.
"""

from __future__ import annotations

import os
import select
import stat
from collections.abc import Callable

from reconciler.target.diff import LineCounts, count_lines
from reconciler.target.links import descriptor
from reconciler.target.outcome import Locked, Missing, Present, TargetContent, WriteFailed, Written
from reconciler.target.problems import UnusableTargetError, explain, kind_of

PATIENCE_S = 2.0
"""How long a write waits for its reader to take anything at all."""

Ready = Callable[[int, float], bool]


def wait_writable(handle: int, timeout_s: float) -> bool:
    """Whether a descriptor takes bytes (or reports an error at once) within a time."""
    poll = select.poll()
    poll.register(handle, select.POLLOUT)
    return bool(poll.poll(timeout_s * 1000))


class StreamTarget:
    """A target that is a stream.

    Args:
        path: as configured: `-`, `/dev/stdout`, a FIFO's or a device's path.
        patience_s: how long a write waits without any progress, seconds.
        ready: waits until a descriptor can be written, True, or a time has passed, False.
    """

    is_file = False
    problem = ""
    files = None

    def __init__(self, path: str, *, patience_s: float = PATIENCE_S, ready: Ready = wait_writable) -> None:
        self.path = path
        self.beside = path
        self._descriptor = descriptor(path)
        self._patience_s = patience_s
        self._ready = ready
        self._last: bytes | None = None

    def lock(self) -> Locked:
        """Take part: a stream has room for several writers."""
        return Locked()

    def read(self) -> TargetContent:
        """What this process last printed whole."""
        return Missing() if self._last is None else Present(self._last)

    def wanted(self, content: bytes) -> bytes:
        """All that was rendered."""
        return content

    def line_counts(self, old: bytes, new: bytes) -> LineCounts:
        """How many lines a change adds and removes."""
        return count_lines(old, new)

    def write(self, content: bytes) -> Written | WriteFailed:
        """Print it all. After a failure in the middle nothing counts as printed, and the next try prints all again."""
        try:
            if self._descriptor is not None:
                self._print(self._descriptor, content)
            else:
                self._print_to_path(content)
        except (OSError, UnusableTargetError) as error:
            return WriteFailed("stream", explain(error, self.path))
        self._last = content
        return Written("stream")

    def close(self) -> None:
        """Nothing is kept open."""

    def _print_to_path(self, content: bytes) -> None:
        handle = os.open(self.path, os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
        try:
            mode = os.fstat(handle).st_mode
            if not is_stream(mode):
                raise UnusableTargetError(f"is {kind_of(mode)} now and was a stream; restart, or put it back")
            self._print(handle, content)
        finally:
            os.close(handle)

    def _print(self, handle: int, content: bytes) -> None:
        """Write in pieces that a ready pipe takes without blocking: standard output is shared, and stays blocking."""
        view = memoryview(content)
        while view:
            if not self._ready(handle, self._patience_s):
                raise UnusableTargetError(
                    f"its reader has read nothing for {self._patience_s:g} s, "
                    f"{len(view)} of {len(content)} bytes are left"
                )
            try:
                done = os.write(handle, view[: select.PIPE_BUF])
            except BlockingIOError:
                continue  # somebody else filled it between the two calls
            self._last = None
            view = view[done:]


def is_stream(mode: int) -> bool:
    """Whether a `st_mode` is that of a FIFO or a device."""
    return stat.S_ISFIFO(mode) or stat.S_ISCHR(mode) or stat.S_ISBLK(mode)
