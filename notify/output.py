"""What a command printed, or a server answered: little of it is kept, and less is told.

A command may print without an end, and what it prints is a stranger's: memory is bounded, and no character of it moves
a terminal's cursor or begins a line of the log.
"""

from __future__ import annotations

KEPT_BYTES = 4096
_LINES_TOLD_MAX = 5
_CHARACTERS_TOLD_MAX = 1024


class Tail:
    """The last bytes of a stream."""

    def __init__(self) -> None:
        self._kept = bytearray()

    def add(self, piece: bytes | bytearray | memoryview) -> None:
        """Take the next piece, of any length."""
        self._kept += piece[-KEPT_BYTES:]
        del self._kept[:-KEPT_BYTES]

    def __bytes__(self) -> bytes:
        return bytes(self._kept)


def last_lines(output: bytes) -> str:
    """The last lines that are not empty, in one line for the log, '' where there are none.

    Args:
        output: as a command printed it, in whatever encoding.
    """
    told = " | ".join(_lines(output)[-_LINES_TOLD_MAX:])
    return told if len(told) <= _CHARACTERS_TOLD_MAX else f"...{told[-_CHARACTERS_TOLD_MAX:]}"


def first_line(answer: bytes) -> str:
    """The first line that is not empty, '' where there is none."""
    return next(iter(_lines(answer)), "")[:_CHARACTERS_TOLD_MAX]


def _lines(output: bytes) -> list[str]:
    return [_printable(line.strip()) for line in output.decode("utf-8", "replace").splitlines() if line.strip()]


def _printable(line: str) -> str:
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in line)
