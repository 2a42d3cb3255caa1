"""Orphans are waited for, and nobody's status is taken away; played in a process that gets orphans, as a PID 1 does."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support.process import ROOT

pytestmark = pytest.mark.processes

_SUBREAPER = """
import ctypes, os, signal, sys, threading, time
from notify import host_process
from reconciler.child.reaper import reap_orphans, run_reaper
from templating import process as renders

ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
owners = (host_process.held, renders.held)

def children():
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            state, parent = open(f"/proc/{name}/stat").read().rpartition(")")[2].split()[:2]
        except OSError:
            continue
        if int(parent) == os.getpid():
            found.append((int(name), state))
    return found
"""


def play(script: str) -> str:
    """Run it in such a process; what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", _SUBREAPER + script], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_orphans_are_reaped_as_they_end() -> None:
    """By the thread that runs as long as the program, without being asked."""
    script = """
threading.Thread(target=run_reaper, args=(owners,), kwargs={"has_stopped": lambda: False}, daemon=True).start()
leaves = "for i in 1 2 3 4 5; do setsid sh -c 'exit 9' & done; exit 4"
ended = host_process.run(["sh", "-c", leaves], os.environ, timeout_s=60)
print(ended.status)
until = time.monotonic() + 60
while children() and time.monotonic() < until:
    time.sleep(0.01)
print(children())
"""
    assert play(script) == "4\n[]\n"


def test_statuses_of_commands_and_render_processes_stay_theirs() -> None:
    """However often the reaper looks while they begin and end."""
    script = """
stop = threading.Event()
def look():
    while not stop.is_set():
        reap_orphans(owners)
looker = threading.Thread(target=look); looker.start()
statuses = []
def command(number):
    statuses.append(host_process.run(["sh", "-c", f"exit {number}"], os.environ, timeout_s=60).status == number)
for _ in range(8):
    threads = [threading.Thread(target=command, args=(number,)) for number in (1, 2, 3)]
    [thread.start() for thread in threads]
    render = renders.RenderProcess()
    os.kill(render.pid, signal.SIGKILL)
    render._await_end()
    statuses.append(render._status == -signal.SIGKILL)
    [thread.join() for thread in threads]
stop.set(); looker.join()
print(len(statuses), all(statuses), children())
"""
    assert play(script) == "32 True []\n"


def test_a_zombie_that_somebody_waits_for_is_left() -> None:
    """And one that nobody does is not."""
    script = """
from contextlib import contextmanager
own, orphan = (os.posix_spawn("/bin/true", ["true"], {}) for _ in range(2))
for pid in (own, orphan):
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
@contextmanager
def held():
    yield frozenset({own})
print(reap_orphans([held]), [pid == own for pid, _ in children()], os.waitpid(own, 0)[0] == own)
"""
    assert play(script) == "1 [True] True\n"
