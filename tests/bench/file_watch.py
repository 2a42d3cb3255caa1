"""When a file got a content: inotify, so that waiting costs no processor time and the moment is known to 0.1 ms."""

from __future__ import annotations

import ctypes
import os
import select
import struct
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_IN_CLOSE_WRITE, _IN_MOVED_TO = 0x8, 0x80
_HEAD = struct.Struct("iIII")


class FileWatch:
    """Watches one file, which may not exist yet; replacing it and writing it in place are both seen."""

    def __init__(self, path: Path) -> None:
        self._path = path
        libc = ctypes.CDLL(None, use_errno=True)
        self._descriptor = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        wanted = _IN_CLOSE_WRITE | _IN_MOVED_TO
        if self._descriptor < 0 or libc.inotify_add_watch(self._descriptor, os.fsencode(path.parent), wanted) < 0:
            raise OSError(ctypes.get_errno(), "inotify is needed to measure")

    def close(self) -> None:
        """Watch no more."""
        os.close(self._descriptor)

    def wait(self, holds: Callable[[bytes], bool], *, timeout_s: float) -> int | None:
        """Wait until the file's content is as wanted.

        Args:
            holds: asked of the content at once, and after each write.
            timeout_s: seconds.

        Returns:
            When that content was written, in nanoseconds since the epoch (now, where it was there already); None
            where it did not come.
        """
        deadline_s = time.monotonic() + timeout_s
        written_ns = time.time_ns()
        while not holds(self._content()):
            found_ns = self.next_write(deadline_s)
            if found_ns is None:
                return time.time_ns() if holds(self._content()) else None
            written_ns = found_ns
        return written_ns

    def next_write(self, deadline_s: float) -> int | None:
        """Wait for the next write, until a moment of the monotonic clock: nanoseconds since the epoch, or None."""
        while True:
            left_s = deadline_s - time.monotonic()
            if left_s <= 0 or not select.select([self._descriptor], [], [], left_s)[0]:
                return None
            now_ns = time.time_ns()
            if self._path.name in self._names():
                return now_ns

    def drain(self) -> None:
        """Forget the writes so far."""
        while select.select([self._descriptor], [], [], 0)[0]:
            self._names()

    def _names(self) -> set[str]:
        data = os.read(self._descriptor, 65536)
        names, offset = set(), 0
        while offset < len(data):
            length = _HEAD.unpack_from(data, offset)[3]
            start = offset + _HEAD.size
            names.add(os.fsdecode(data[start : start + length].rstrip(b"\0")))
            offset = start + length
        return names

    def _content(self) -> bytes:
        try:
            return self._path.read_bytes()
        except FileNotFoundError:
            return b""
