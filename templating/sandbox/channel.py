"""The render process's end of the two pipes to the program."""

from __future__ import annotations

import os
from typing import Any

from templating.wire import HEADER_BYTES_MAX, Frame, FrameReader, pack

_PIECE = 1 << 18
_BODY_MAX = 1 << 31


class ProgramGone(Exception):  # noqa: N818 - named for what happened
    """The program closed its end: it ended, or wants this process no longer."""


class Channel:
    """Frames over two descriptors, waiting as long as it takes."""

    def __init__(self, receiving: int, sending: int) -> None:
        self._receiving = receiving
        self._sending = sending
        self._reader = FrameReader(header_max=HEADER_BYTES_MAX, body_max=_BODY_MAX)

    def receive(self) -> Frame:
        """Wait for the next frame.

        Raises:
            ProgramGone: there will be none.
        """
        while (frame := self._reader.next()) is None:
            piece = os.read(self._receiving, _PIECE)
            if not piece:
                raise ProgramGone
            self._reader.add(piece)
        return frame

    def send(self, header: dict[str, Any], body: bytes = b"") -> None:
        """Send a frame, whole.

        Raises:
            ProgramGone: nobody reads it.
        """
        rest = memoryview(pack(header, body))
        try:
            while rest:
                rest = rest[os.write(self._sending, rest) :]
        except BrokenPipeError:
            raise ProgramGone from None
