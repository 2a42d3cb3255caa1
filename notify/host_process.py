"""Commands on our own host: each in a session and process group of its own, bounded, and ended as a whole.

`subprocess.run` ends one process at its timeout, not what that has started, and keeps all of its output.

What a command leaves behind in its group ends with it: nothing that was begun for a notification outlives it, unless it
takes a session of its own, as a daemon does. A command gets no descriptor, no blocked signal and no variable of ours.

The processes are the operating system's, so that their table is one for the program: `end_all` ends what runs when the
program ends. Killed, it can't: who supervises it (systemd, the container) ends them, and the notification is owed.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import threading
import time
from typing import TYPE_CHECKING, Any

from models.frozen import frozen
from notify.output import Tail
from notify.port import Executed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

ENDING_GRACE_S = 2.0
"""From SIGTERM to SIGKILL where a command's time is up."""

_PIECE_BYTES = 1 << 16
_PAUSE_S = 0.02
_REAP_S = 1.0  # one that is killed is gone in milliseconds, unless the kernel holds it
_DEFAULT_SIGNALS = frozenset(signal.valid_signals()) - {signal.SIGKILL, signal.SIGSTOP}
_LOCK_S = 0.1
_STANDARD = (0, 1, 2)

_lock = threading.Lock()
_running: set[int] = set()
_is_over = False


@frozen
class TimeUp:
    """A command's time was up, and it was ended.

    Attributes:
        output: as in `Executed`.
    """

    output: bytes = b""


def run(command: Sequence[str], environ: Mapping[str, str], *, timeout_s: float) -> Executed | TimeUp:
    """Run a command in the program's own working directory, and wait for its end.

    Args:
        command: program (a path, or a name that is looked up in our PATH) and arguments.
        environ: all variables that it sees.
        timeout_s: from then on it is ended.

    Returns:
        How it ended; the status of one that a signal ended is the signal's number, negative.

    Raises:
        OSError: it can't be started.
    """
    receiving, sending = os.pipe()
    try:
        try:
            pid = _start(command, environ, sending)
        finally:
            os.close(sending)
        output = Tail()
        has_ended = _follow(pid, receiving, output, time.monotonic() + timeout_s)
        if not has_ended:
            _signal_group(pid, signal.SIGTERM)
            _follow(pid, receiving, output, time.monotonic() + ENDING_GRACE_S)
        status = _end(pid)
    finally:
        os.close(receiving)
    return Executed(status, bytes(output)) if has_ended else TimeUp(bytes(output))


@contextlib.contextmanager
def held() -> Iterator[frozenset[int]]:
    """The processes that are ours to wait for, while none begins and none is waited for.

    For who reaps what others left behind: a process that is not among these is nobody's.
    """
    with _lock:
        yield frozenset(_running)


def end_all(*, grace_s: float) -> None:
    """End every command that runs, and let none begin.

    Args:
        grace_s: from SIGTERM to SIGKILL.
    """
    global _is_over  # noqa: PLW0603 - see above
    _is_over = True
    _signal_all(signal.SIGTERM)
    until_s = time.monotonic() + grace_s
    while _running and time.monotonic() < until_s:  # whoever waits for a command sees its end
        time.sleep(_PAUSE_S)
    _signal_all(signal.SIGKILL)


def _start(command: Sequence[str], environ: Mapping[str, str], sending: int) -> int:
    actions: list[tuple[Any, ...]] = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_DUP2, sending, 1),
        (os.POSIX_SPAWN_DUP2, sending, 2),
        *((os.POSIX_SPAWN_CLOSE, descriptor) for descriptor in _given_to_us()),
    ]
    options: dict[str, Any] = {
        "file_actions": actions, "setsid": True, "setsigmask": (), "setsigdef": _DEFAULT_SIGNALS,
    }  # fmt: skip
    with _lock:
        if _is_over:
            raise InterruptedError(0, "the program ends")
        pid = os.posix_spawnp(command[0], list(command), environ, **options)
        _running.add(pid)
    return pid


def _given_to_us() -> list[int]:
    """The descriptors that whoever started the program left open; those that we open are closed by every exec."""
    found = []
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208 - names are all that is wanted
        with contextlib.suppress(OSError):  # it was that of the look itself, or has been closed by another thread
            if int(name) not in _STANDARD and os.get_inheritable(int(name)):
                found.append(int(name))
    return found


def _follow(pid: int, receiving: int, output: Tail, until_s: float) -> bool:
    """Read what the command prints until it ends; whether it did in time.

    Its end counts, and not that of the output: something that it left behind may hold that open.
    """
    poll = select.poll()
    poll.register(receiving, select.POLLIN)
    is_open = True
    while not _has_ended(pid):
        left_s = until_s - time.monotonic()
        if left_s <= 0:
            return False
        if not is_open:
            time.sleep(min(_PAUSE_S, left_s))
        elif poll.poll(min(_PAUSE_S, left_s) * 1000):
            is_open = _read(receiving, output)
    for _ in range(2 * _PIECE_BYTES // 4096):  # what was in the pipe when it ended, and no more
        if not is_open or not poll.poll(0):
            break
        is_open = _read(receiving, output)
    return True


def _read(receiving: int, output: Tail) -> bool:
    piece = os.read(receiving, _PIECE_BYTES)
    output.add(piece)
    return bool(piece)


def _has_ended(pid: int) -> bool:
    """Whether the command itself has; it stays a zombie, so that its number is nobody else's."""
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _end(pid: int) -> int:
    """Kill what is left of the group, and take the command's status."""
    _signal_group(pid, signal.SIGKILL)
    until_s = time.monotonic() + _REAP_S
    while not _has_ended(pid) and time.monotonic() < until_s:
        time.sleep(_PAUSE_S)
    with _lock:
        _running.discard(pid)  # before its number may be another's
        _, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status)


def _signal_all(number: signal.Signals) -> None:
    """Signal every group; a start that hangs, as on a network's file system, must not keep the program from ending."""
    is_ours = _lock.acquire(timeout=_LOCK_S)
    try:
        for pid in tuple(_running):
            _signal_group(pid, number)
    finally:
        if is_ours:
            _lock.release()


def _signal_group(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(OSError):  # nobody is left in it, or nobody whom we may signal
        os.killpg(pid, number)
