"""A number that one process counts up and another reads, without a system call: the API calls of (b) and (c)."""

from __future__ import annotations

import mmap
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_FORM = struct.Struct("q")


class CallCount:
    """Kept in a file that both processes map into their memory."""

    def __init__(self, path: Path) -> None:
        with path.open("a+b") as file:
            file.truncate(_FORM.size)
            self._memory = mmap.mmap(file.fileno(), _FORM.size)

    def add(self) -> None:
        """Count one more."""
        _FORM.pack_into(self._memory, 0, self.value + 1)

    @property
    def value(self) -> int:
        """The count so far."""
        return int(_FORM.unpack_from(self._memory)[0])

    def close(self) -> None:
        """Let the memory go."""
        self._memory.close()
