"""Regular expressions in templates, such that none can hold up the program.

What is certainly quick is run in place. The rest is run in a process of its own, which is killed when the render's
time is up: the engine of Python's `re` can neither be interrupted from a thread nor does it let others run.
"""

from __future__ import annotations

import json
import re
import sys
from typing import TYPE_CHECKING, Any

from templating import regex_matching
from templating.errors import LimitExceeded, WrongUse
from templating.regex_cost import STEPS_MAX, steps_max

if TYPE_CHECKING:
    import subprocess

    from templating.regex_matching import Flags

_ENDED = "the process that tried a regular expression ended"
_POLL_MS = 50
"""Between two looks the time limit's exception can arrive."""


class Regex:
    """Searches and replaces for one environment; `close` after each render."""

    def __init__(self) -> None:
        self._worker: subprocess.Popen[bytes] | None = None

    def search(self, pattern: str, text: str, groups: list[int | str], flags: Flags) -> str | list[str]:
        """The first match, or the groups asked for; empty where there is none."""
        request = {"do": "search", "pattern": pattern, "text": text, "groups": groups, "flags": flags}
        found = self._carry_out(request)
        return found if isinstance(found, str) else list(found)

    def replace(  # noqa: PLR0917 - one call, all of it needed
        self,
        pattern: str,
        replacement: str,
        text: str,
        count: int,
        flags: Flags,
        limit: int,
    ) -> str:
        """Every match replaced, the first `count` where that is not 0."""
        request: dict[str, Any] = {"do": "replace", "pattern": pattern, "replacement": replacement, "text": text}
        return str(self._carry_out(request | {"count": max(count, 0), "flags": flags, "limit": limit}))

    def close(self) -> None:
        """End the process, if there is one."""
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.kill()
            worker.communicate()

    def _carry_out(self, request: dict[str, Any]) -> Any:
        try:
            steps = steps_max(request["pattern"], len(request["text"]))
        except (re.error, OverflowError, RecursionError):
            raise WrongUse("the pattern is not a regular expression") from None
        answer = regex_matching.answer(request) if steps <= STEPS_MAX else self._ask_worker(request)
        match answer.get("error"):
            case None:
                return answer["result"]
            case "long":
                raise LimitExceeded("regex_replace makes a text that is larger than a render may be")
            case "group":
                raise WrongUse("the pattern has no such group")
            case _:
                raise WrongUse("the pattern or its replacement is not a regular expression's")

    def _ask_worker(self, request: dict[str, Any]) -> Any:
        worker = self._worker or self._start()
        assert worker.stdin is not None  # noqa: S101 - both were asked for as pipes
        assert worker.stdout is not None  # noqa: S101
        try:
            worker.stdin.write(json.dumps(request).encode() + b"\n")
            worker.stdin.flush()
        except BrokenPipeError:
            raise LimitExceeded(_ENDED) from None
        return json.loads(_read_line(worker.stdout))

    def _start(self) -> subprocess.Popen[bytes]:
        # Imported where it is used: most templates never need it, and it would slow down every start.
        import subprocess

        command = [sys.executable, "-I", "-S", regex_matching.__file__]
        try:
            self._worker = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise LimitExceeded(
                f"the pattern may take very long, and the process that would try it cannot be started: {reason}",
            ) from None
        return self._worker


def _read_line(stream: Any) -> bytes:
    """One line; waits in small steps, because an exception from outside only arrives between them."""
    import os
    import select

    poll = select.poll()
    poll.register(stream, select.POLLIN)
    line = bytearray()
    while not line.endswith(b"\n"):
        if poll.poll(_POLL_MS):
            piece = os.read(stream.fileno(), 1 << 16)
            if not piece:
                raise LimitExceeded(_ENDED)
            line += piece
    return bytes(line)
