"""One render process as the program sees it: started, spoken to, and ended without fail.

A fresh interpreter by exec, never a copy of the program, which holds connections and secrets. It gets an empty
environment, two pipes, a session of its own, and the paths where Python's own parts and ours are found.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from templating.wire import BadFrame, Frame, FrameReader, pack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_START = Path(__file__).parent / "sandbox" / "start.py"
_PIECE = 1 << 18
_ANSWER_HEADER_MAX = 4 * 1024 * 1024
# A process that is killed is gone in milliseconds, unless the kernel holds it in a read that does not come back.
_REAP_S = 1.0
_REAP_PAUSE_S = 0.002
_DEFAULT = (signal.SIGPIPE, signal.SIGALRM)
# Ended by its pipe or by SIGKILL, not by what the program or a terminal is sent.
_BLOCKED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

_lock = threading.Lock()
_living: set[int] = set()


class ProcessEnded(Exception):  # noqa: N818 - named for what happened
    """The process is gone, or of no use any more; the text says why."""


class TimeIsUp(Exception):  # noqa: N818
    """It did not answer in time; whoever asked has to end it."""


class RenderProcess:
    """One living process. All calls come from one thread.

    Args:
        body_max: of an answer's body, in bytes; 0 until `allow` says otherwise.
        clock: monotonic.

    Raises:
        OSError: it can't be started.
    """

    def __init__(self, *, body_max: int = 0, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._reader = FrameReader(header_max=_ANSWER_HEADER_MAX, body_max=body_max)
        self._is_reaped = False
        to_child, self._sending = os.pipe()
        self._receiving, from_child = os.pipe()
        try:
            with _lock:
                self.pid = _spawn(to_child, from_child)
                _living.add(self.pid)
        except BaseException:
            self._close()
            raise
        finally:
            os.close(to_child)
            os.close(from_child)
        os.set_blocking(self._sending, False)
        os.set_blocking(self._receiving, False)

    def allow(self, body_max: int) -> None:
        """Take answers with bodies of so many bytes."""
        self._reader.body_max = body_max

    def is_alive(self) -> bool:
        """Whether it still runs."""
        return not self._is_reaped and not self._reap()

    def send(self, *frames: Frame, until_s: float) -> None:
        """Send frames, whole; several at once wake the process once.

        Raises:
            ProcessEnded: nobody reads it.
            TimeIsUp: it is not read in time.
        """
        rest = memoryview(b"".join(pack(*frame) for frame in frames))
        while rest:
            try:
                rest = rest[os.write(self._sending, rest) :]
            except BlockingIOError:
                self._await(self._sending, select.POLLOUT, until_s)
            except BrokenPipeError:
                raise ProcessEnded(self._end()) from None

    def receive(self, *, until_s: float) -> Frame:
        """Wait for the next frame.

        Raises:
            ProcessEnded: there will be none, or it is none.
            TimeIsUp: it did not come in time.
        """
        try:
            while (frame := self._reader.next()) is None:
                self._await(self._receiving, select.POLLIN, until_s)
                piece = os.read(self._receiving, _PIECE)
                if not piece:
                    raise ProcessEnded(self._end())
                self._reader.add(piece)
        except BadFrame as error:
            raise ProcessEnded(f"it does not speak as it should: {error}") from None
        return frame

    def kill(self) -> None:
        """End it, whatever it does, and close what is open."""
        if self._sending < 0:
            return
        if not self._is_reaped:
            os.kill(self.pid, signal.SIGKILL)
            self._await_end()
        self._close()

    def _await(self, descriptor: int, event: int, until_s: float) -> None:
        poll = select.poll()
        poll.register(descriptor, event)
        left_s = until_s - self._clock()
        if left_s <= 0 or not poll.poll(left_s * 1000):
            raise TimeIsUp

    def _end(self) -> str:
        """How it ended, in words; it closed its pipe, so this is known at once."""
        self._await_end()
        if not self._is_reaped:
            return "it closed its pipe"
        code = self._status
        if code < 0:
            hint = "; is memory short?" if code == -signal.SIGKILL else ""
            return f"it was ended by signal {-code}{hint}"
        return f"it ended with status {code}"

    def _await_end(self) -> None:
        until_s = self._clock() + _REAP_S
        while not self._reap() and self._clock() < until_s:
            time.sleep(_REAP_PAUSE_S)

    def _reap(self) -> bool:
        if self._is_reaped:
            return True
        with _lock:
            try:
                pid, status = os.waitpid(self.pid, os.WNOHANG)
            except ChildProcessError:  # whoever started the program had its children reaped by the kernel
                pid, status = self.pid, 0
            if pid:
                _living.discard(pid)
        self._is_reaped = pid != 0
        self._status = os.waitstatus_to_exitcode(status)
        return self._is_reaped

    def _close(self) -> None:
        for descriptor in (self._sending, self._receiving):
            os.close(descriptor)
        self._sending = self._receiving = -1


@contextmanager
def held() -> Iterator[frozenset[int]]:
    """The processes that are ours to wait for, while none begins and none is waited for; see `notify.host_process`."""
    with _lock:
        yield frozenset(_living)


def start_process() -> RenderProcess | None:
    """Start one ahead of time; None where it can't be: whoever needs it tries again, and says why."""
    try:
        return RenderProcess()
    except OSError:
        return None


def _spawn(receiving: int, sending: int) -> int:
    """Start the interpreter; the numbers become its standard input and output."""
    if not sys.executable:
        raise FileNotFoundError(2, "Python does not know its own path")
    flags = ["-I", "-S", *(["-B"] if sys.dont_write_bytecode else [])]
    command = [sys.executable, *flags, str(_START), str(os.getpid()), *_paths()]
    actions: Sequence[tuple[Any, ...]] = (
        (os.POSIX_SPAWN_DUP2, receiving, 0),
        (os.POSIX_SPAWN_DUP2, sending, 1),
        (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
    )
    options: dict[str, Any] = {"file_actions": actions, "setsid": True, "setsigmask": _BLOCKED, "setsigdef": _DEFAULT}
    try:
        return os.posix_spawn(sys.executable, command, {}, **options)
    except PermissionError:
        # A program that gave up root after its start may not reach its own interpreter by its path any more.
        return os.posix_spawn("/proc/self/exe", command, {}, **options)


def _paths() -> list[str]:
    """Where our own packages are, then what this interpreter imports from, without the folder it was started in."""
    own = str(Path(__file__).resolve().parents[1])
    return list(dict.fromkeys([own, *(path for path in sys.path if path and os.path.isabs(path))]))  # noqa: PTH117
