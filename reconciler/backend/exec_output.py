"""Takes what a command printed out of the frames in which the engine sends it.

Without a terminal each piece has a head of eight bytes: 0, 1 or 2 for the stream, three zeros, and the length, the most
significant byte first (the engine's API, "Attach to a container"). What has no such head is taken as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from notify.output import Tail

_HEAD_BYTES = 8
_STREAMS = (0, 1, 2)


class ExecOutput:
    """Reads one stream, piece by piece as the network cuts it.

    Args:
        kept: takes what was printed.
    """

    def __init__(self, kept: Tail) -> None:
        self._kept = kept
        self._head = bytearray()
        self._left = 0
        self._is_framed = True

    def add(self, piece: bytes) -> None:
        """Take the next piece, of any length."""
        rest = memoryview(piece)
        while rest:
            rest = rest[self._take(rest) :]

    def _take(self, rest: memoryview) -> int:
        """Take what belongs together; how many bytes that was."""
        if not self._is_framed:
            self._kept.add(rest)
            return len(rest)
        if self._left:
            taken = rest[: self._left]
            self._kept.add(taken)
            self._left -= len(taken)
            return len(taken)
        taken = rest[: _HEAD_BYTES - len(self._head)]
        self._head += taken
        if len(self._head) == _HEAD_BYTES:
            self._read_head()
        return len(taken)

    def _read_head(self) -> None:
        if self._head[0] in _STREAMS and not any(self._head[1:4]):
            self._left = int.from_bytes(self._head[4:], "big")
        else:
            self._is_framed = False
            self._kept.add(self._head)
        self._head.clear()
