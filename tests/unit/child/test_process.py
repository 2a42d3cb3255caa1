"""The child's process, as whoever configures it finds it; the processes are real."""

from __future__ import annotations

import json
import logging
import os
import pty
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from models.run import CHILD
from notify.port import WouldEnd
from reconciler.child.port import ChildPort
from reconciler.child.process import Child
from tests.support.fake_clock import FakeClock
from tests.support.process import ROOT
from tests.support.waiting import wait_for
from tests.unit.notify.fakes import FakeEngine

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.processes

_BEFORE_REAL_TIME = (1 << 31) - 1  # the C library keeps the two signals after these to itself
_SELF = """
import json, os, signal, sys
status = dict(line.split(":\\t") for line in open("/proc/self/status").read().splitlines() if line.startswith("Sig"))
print(json.dumps({
    "environ": sorted(os.environ), "arguments": sys.argv[1:], "group": os.getpgrp() == os.getpid(), "masks": status,
    "open": sorted(int(name) for name in os.listdir("/proc/self/fd")), "standard": os.fstat(0).st_rdev,
}), file=open(sys.argv[1], "w"))
"""


_started: list[Child] = []


class Started:
    """A child that is ended with the test."""

    def __init__(self, *command: str, grace_s: float = 60, environ: dict[str, str] | None = None) -> None:
        self.ends: list[int | None] = []
        given = {"PATH": os.environ["PATH"]} | (environ or {})
        self.child = Child(
            command,
            given,
            grace_s=grace_s,
            clock=time.monotonic,
            ended=lambda: self.ends.append(self.child.status()),
            log=logging.getLogger("child"),
        )
        self.child.start()
        _started.append(self.child)

    def await_end(self) -> int | None:
        """Wait until it has ended by itself."""
        wait_for(lambda: self.ends, what="the end of the child")
        return self.child.status()

    @property
    def pid(self) -> int:
        run = self.child.run()
        assert run is not None
        return int(run.started_at.partition("@")[0])


@pytest.fixture(autouse=True)
def no_leftovers() -> Iterator[None]:
    """What a test has started is ended and waited for, and nothing else."""
    yield
    while _started:
        child = _started.pop()
        child.kill()
        with child.held() as pids:
            for pid in pids:
                os.waitpid(pid, 0)


def _is_inheritable(descriptor: int) -> bool:
    """Whether whoever started the tests has left it open for what they start."""
    try:
        return os.get_inheritable(descriptor)
    except OSError:  # it was that of the look itself
        return False


def gone(pid: int) -> bool:
    """Whether no such process runs."""
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def test_it_starts_as_from_a_shell(tmp_path: Path) -> None:
    """What we were given, and nothing of ours: streams, variables, a group of its own, no signal blocked or ignored."""
    told = tmp_path / "told"
    held = [os.open(os.devnull, os.O_RDONLY) for _ in range(20)]
    given = {0, 1, 2, *filter(_is_inheritable, (int(each.name) for each in Path("/proc/self/fd").iterdir()))}
    started = Started(sys.executable, "-c", _SELF, str(told), "a b", "--x", environ={"PYGEN_TEMPLATE": "s", "OWN": "o"})
    assert started.await_end() == 0
    for each in held:
        os.close(each)
    found = json.loads(told.read_text())
    assert found["arguments"] == [str(told), "a b", "--x"]
    assert {"OWN", "PATH"} <= set(found["environ"])
    assert not [name for name in found["environ"] if name.startswith("PYGEN_")]
    assert found["group"]
    assert len(set(found["open"]) - given) == 1  # the list's own
    assert int(found["masks"]["SigBlk"], 16) == 0
    by_python = 1 << (signal.SIGPIPE - 1) | 1 << (signal.SIGXFSZ - 1)
    assert int(found["masks"]["SigIgn"], 16) & _BEFORE_REAL_TIME & ~by_python == 0


def test_python_s_own_ignored_signals_are_not_the_child_s() -> None:
    """A shell's pipe ends by SIGPIPE."""
    script = f"exit $((0x$(sed -n 's/SigIgn:.//p' /proc/self/status) & {_BEFORE_REAL_TIME} ? 1 : 0))"
    assert Started("sh", "-c", script).await_end() == 0


@pytest.mark.parametrize(
    ("command", "status"),
    [
        (("sh", "-c", "exit 3"), 3),
        (("sh", "-c", "kill -USR1 $$"), 128 + signal.SIGUSR1),
        (("no-such-program",), 127),
        (("/etc/passwd/no",), 127),
        (("/etc",), 126),
        (("/etc/passwd",), 126),
    ],
)
def test_its_status_is_a_shell_s(command: tuple[str, ...], status: int) -> None:
    """Told once."""
    started = Started(*command)
    assert started.await_end() == status
    assert started.ends == [status]


def test_a_python_that_is_gone_is_126(monkeypatch: pytest.MonkeyPatch) -> None:
    """It can't be started at all."""
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    started = Started("true")
    assert (started.ends, started.child.status()) == ([126], 126)


def test_it_is_started_once_and_never_after_its_end_was_asked_for() -> None:
    """Whoever asks."""
    started = Started("sleep", "1000")
    first = started.child.run()
    started.child.start()
    assert started.child.run() == first
    assert started.child.await_end() == 128 + signal.SIGTERM
    other = Child(["true"], {}, grace_s=1, clock=time.monotonic, ended=lambda: None, log=logging.getLogger("child"))
    other.begin_end()
    other.start()
    assert (other.run(), other.await_end()) == (None, None)


def test_one_that_ignores_its_end_is_killed_with_its_group(tmp_path: Path) -> None:
    """TERM, then KILL; nothing of it is left."""
    pids = tmp_path / "pids"
    started = Started(
        "sh", "-c", f"trap '' TERM; sleep 1000 & echo $! >{pids}.new; mv {pids}.new {pids}; wait", grace_s=0.2
    )
    wait_for(pids.exists, what="its own child")
    assert started.child.await_end() == 128 + signal.SIGKILL
    wait_for(lambda: gone(int(pids.read_text())), what="the end of the group")


def test_what_it_leaves_in_its_group_ends_with_it(tmp_path: Path) -> None:
    """As with the first process of a container."""
    pids = tmp_path / "pids"
    started = Started("sh", "-c", f"sleep 1000 & echo $! >{pids}; exit 0")
    assert started.await_end() == 0
    wait_for(lambda: gone(int(pids.read_text())), what="the end of what it left")


def test_a_signal_waits_for_who_listens(tmp_path: Path) -> None:
    """One that would only end it is refused; TERM means that."""
    ready = tmp_path / "ready"
    engine = FakeEngine(FakeClock())
    deaf = Started("sleep", "1000")
    port = ChildPort(deaf.child, engine)
    with pytest.raises(WouldEnd, match="does not listen for HUP"):
        port.kill(CHILD, CHILD, "SIGHUP", timeout_s=1)
    port.kill(CHILD, CHILD, "SIGTERM", timeout_s=1)
    assert deaf.await_end() == 128 + signal.SIGTERM
    listens = Started("sh", "-c", f"trap 'exit 7' HUP; touch {ready}; while :; do sleep 0.01; done")
    wait_for(ready.exists, what="a trap")
    ChildPort(listens.child, engine).kill(CHILD, CHILD, "SIGHUP", timeout_s=1)
    assert listens.await_end() == 7
    assert engine.calls == []


def test_the_port_shows_it_as_a_container() -> None:
    """Running, stopped, and gone."""
    started = Started("sleep", "1000")
    port = ChildPort(started.child, FakeEngine(FakeClock()))
    run = started.child.run()
    assert run is not None
    state = port.inspect(CHILD, CHILD, timeout_s=1)
    assert state is not None
    assert (state.running, state.paused, state.started_at) == (True, False, run.started_at)
    started.child.send(signal.SIGSTOP)
    wait_for(started.child.is_stopped, what="it to be stopped")
    state = port.inspect(CHILD, CHILD, timeout_s=1)
    assert state is not None
    assert state.paused
    started.child.kill()
    started.await_end()
    assert port.inspect(CHILD, CHILD, timeout_s=1) is None


def test_other_containers_are_the_engines() -> None:
    """The port beside is asked for everything else."""
    engine = FakeEngine(FakeClock())
    container = engine.run_new()
    child = Child(["true"], {}, grace_s=1, clock=time.monotonic, ended=lambda: None, log=logging.getLogger("child"))
    port = ChildPort(child, engine)
    assert port.inspect("e", container.container_id, timeout_s=1) is not None
    port.kill("e", container.container_id, "SIGHUP", timeout_s=1)
    port.execute("e", container.container_id, ["true"], timeout_s=1)
    port.restart("e", container.container_id, stop_timeout_s=None, timeout_s=1)
    port.start("e", container.container_id, timeout_s=1)
    assert [call.operation for call in engine.calls] == ["inspect", "kill", "execute", "restart", "start"]


_IN_A_TERMINAL = """
import logging, os, signal, time
from reconciler.child.process import Child
from reconciler.loop.signals import block

block(with_child=True)
listens = "trap 'exit 5' INT; echo ready; while :; do sleep 0.02; done"
child = Child(["sh", "-c", listens], os.environ, grace_s=60, clock=time.monotonic, ended=lambda: None, log=logging.root)
child.start()
while child.run():
    time.sleep(0.02)
print("status", child.status(), "ours", signal.SIGINT in signal.sigpending(), flush=True)
"""


def test_the_terminal_is_the_child_s() -> None:
    """Control-C reaches it, and not us beside it: it is passed on to nobody twice."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(ROOT)
        os.execv(sys.executable, [sys.executable, "-c", _IN_A_TERMINAL])
    seen = b""
    try:
        while b"ready" not in seen:
            seen += os.read(terminal, 1024)
        os.write(terminal, b"\x03")
        while b"ours" not in seen:
            seen += os.read(terminal, 1024)
    finally:
        os.close(terminal)
        os.waitpid(pid, 0)
    assert b"status 5 ours False" in seen
