"""The child's process: started once, signalled, waited for, and ended. It is never started again.

It has a process group of its own, the terminal where pygen has one, our standard streams, no blocked or ignored signal,
and of our environment all but what begins with `PYGEN_`: those variables may hold templates and secrets that are for
pygen alone. Our own descriptors are closed by exec.

When it has ended it stays a zombie until pygen ends, so that its number is nobody else's: who signals it late hits
nothing.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.frozen import frozen
from models.run import CHILD, Run
from reconciler.child.start import NOT_STARTED

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Iterator, Mapping, Sequence

_START = Path(__file__).with_name("start.py")
_OWN_PREFIX = "PYGEN_"
_STANDARD = (0, 1, 2)
_DEFAULT_SIGNALS = frozenset(signal.valid_signals()) - {signal.SIGKILL, signal.SIGSTOP}
_STARTTIME, _STATE = 19, 0  # fields of /proc/PID/stat behind the name; source: proc(5)
_KILLED_S = 1.0  # one that is killed is gone in milliseconds, unless the kernel holds it


@frozen
class SignalMasks:
    """What a process does with signals: bit N-1 stands for signal N.

    Attributes:
        handled: caught, ignored or blocked: it does not end by them.
    """

    handled: int

    def survives(self, number: int) -> bool:
        """Whether the signal does something else than to end or stop the process."""
        return bool(self.handled >> (number - 1) & 1)


class Child:
    """The child. Every method may be called from any thread; `start` by one that lives as long as the program."""

    def __init__(
        self,
        command: Sequence[str],
        environ: Mapping[str, str],
        *,
        grace_s: float,
        clock: Callable[[], float],
        ended: Callable[[], object],
        log: logging.Logger,
    ) -> None:
        """Nothing is started yet.

        Args:
            command: program and arguments.
            environ: ours.
            grace_s: from the signal that ends it to SIGKILL, seconds.
            clock: monotonic, seconds.
            ended: called once, when it has ended and nobody here had asked for that.
            log: where start and end are told.
        """
        self._command = tuple(command)
        self._environ = {name: text for name, text in environ.items() if not name.startswith(_OWN_PREFIX)}
        self._grace_s = grace_s
        self._clock = clock
        self._tell_end = ended
        self._log = log
        self._lock = threading.Lock()
        self._pid = 0
        self._run: Run | None = None
        self._status = 0
        self._has_ended = threading.Event()
        self._kill_at_s: float | None = None

    @property
    def name(self) -> str:
        """The program's, without its folder."""
        return self._command[0].rsplit("/", 1)[-1] or self._command[0]

    @property
    def is_awaited(self) -> bool:
        """Whether it is still to be started."""
        return not self._pid and not self._has_ended.is_set() and self._kill_at_s is None

    def run(self) -> Run | None:
        """Its run; None before it, after it, and once it is told to end."""
        return None if self._has_ended.is_set() or self._kill_at_s is not None else self._run

    @contextlib.contextmanager
    def held(self) -> Iterator[frozenset[int]]:
        """Its process, which nobody else is to wait for, while it is not being started."""
        with self._lock:
            yield frozenset({self._pid} if self._pid else ())

    def start(self) -> None:
        """Start it; one that can't be has ended with 126."""
        with self._lock:
            if not self.is_awaited:
                return
            try:
                self._pid = _spawn(self._command, self._environ)
            except OSError as error:
                self._log.error("%s can't be started: %s", self.name, error.strerror)
                self._status = NOT_STARTED
                self._has_ended.set()
            else:
                self._run = Run(CHILD, f"{self._pid}@{_stat(self._pid)[_STARTTIME]}")
                _give_terminal(self._pid)
                threading.Thread(target=self._await, name="child", daemon=True).start()
        if self._has_ended.is_set():
            self._tell_end()
        else:
            self._log.info("%s is started, as process %d", self.name, self._pid)

    def send(self, number: int) -> bool:
        """Send it a signal; whether it runs."""
        if not self._pid or self._has_ended.is_set():
            return False
        with contextlib.suppress(OSError):  # it has become somebody whom we may not signal
            os.kill(self._pid, number)
        return True

    def begin_end(self, number: int = signal.SIGTERM) -> bool:
        """Ask it to end, where it was not asked before; it is never started from now on.

        Returns:
            Whether it had not ended before.
        """
        with self._lock:
            if self._kill_at_s is None:
                self._kill_at_s = self._clock() + self._grace_s
                self.send(number)
        return not self._has_ended.is_set()

    def await_end(self) -> int | None:
        """Wait until it has ended, and kill it once its grace is over.

        Returns:
            Its exit status, 128 and the signal's number where a signal ended it; None where it was never started.
        """
        self.begin_end()
        if self._pid and not self._has_ended.wait(max(0.0, (self._kill_at_s or 0.0) - self._clock())):
            self._log.warning("%s did not end within %g s and is killed", self.name, self._grace_s)
            self.kill()
            self._has_ended.wait(_KILLED_S)
        return self.status()

    def status(self) -> int | None:
        """Its exit status as `await_end` has it; None where it was never started; SIGKILL's where it does not end."""
        if self._has_ended.is_set():
            return self._status
        return 128 + signal.SIGKILL if self._pid else None

    def kill(self) -> None:
        """End it and what is left of its group, at once."""
        if self._pid:
            with contextlib.suppress(OSError):  # nobody is left in it
                os.killpg(self._pid, signal.SIGKILL)

    def is_stopped(self) -> bool:
        """Whether it was stopped, by SIGSTOP or a debugger."""
        return _stat(self._pid)[_STATE] in "Tt"

    def signal_masks(self) -> SignalMasks:
        """What it does with signals, now.

        Raises:
            OSError: its process can't be looked at.
        """
        text = Path(f"/proc/{self._pid}/status").read_text()
        masks = dict(line.split(":\t") for line in text.splitlines() if line.startswith("Sig"))
        return SignalMasks(int(masks["SigBlk"], 16) | int(masks["SigIgn"], 16) | int(masks["SigCgt"], 16))

    def _await(self) -> None:
        ended = os.waitid(os.P_PID, self._pid, os.WEXITED | os.WNOWAIT)
        if ended is None:  # only where it need not be waited for
            return
        by_itself = ended.si_code == os.CLD_EXITED
        self._status = ended.si_status if by_itself else 128 + ended.si_status
        self._has_ended.set()
        self.kill()  # what it left behind, which does not outlive the first process of a container either
        how = f"with {ended.si_status}" if by_itself else f"by signal {ended.si_status}"
        self._log.info("%s has ended %s", self.name, how)
        if self._kill_at_s is None:
            self._tell_end()


def _spawn(command: Sequence[str], environ: Mapping[str, str]) -> int:
    if not sys.executable:
        raise FileNotFoundError(2, "Python does not know its own path")
    arguments = [sys.executable, "-I", "-S", "-B", str(_START), str(os.getpid()), *command]
    options: dict[str, Any] = {
        # Ours may be closed by exec, where the one that we were given was closed.
        "file_actions": [(os.POSIX_SPAWN_DUP2, number, number) for number in _STANDARD],
        "setpgroup": 0,
        "setsigmask": (),
        "setsigdef": _DEFAULT_SIGNALS,
    }
    return os.posix_spawn(sys.executable, arguments, environ, **options)


def _give_terminal(pid: int) -> None:
    """Who uses the terminal is in its foreground; what is typed there (Ctrl-C) then reaches the child alone."""
    with contextlib.suppress(OSError):  # there is none, or it is not ours
        if os.tcgetpgrp(0) == os.getpgrp():
            os.tcsetpgrp(0, pid)


def _stat(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
