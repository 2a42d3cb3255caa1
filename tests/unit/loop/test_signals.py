"""The process's signals. They belong to a whole process, so that each test plays in a child of its own."""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.support.process import ROOT
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.processes

SCRIPT = """
import logging, os, sys, threading, time
from reconciler.loop.signals import SignalThread, block
from reconciler.inbox import Inbox
from reconciler.loop.wakeups import StopAsked

mode, end_s = sys.argv[1], float(sys.argv[2])
told = lambda *words: os.write(1, " ".join(map(str, words)).encode() + b"\\n")  # one line in one piece
logging.basicConfig(stream=sys.stdout, format="%(message)s", level=logging.INFO)
class ToChild:
    def send(self, number):
        told("child got", number)
        return mode == "child"
    def begin_end(self, number):
        told("child got", number)
        return True
with_child = "child" in mode
block(with_child=with_child)
inbox = Inbox(time.monotonic)
thread = SignalThread(
    inbox,
    stopping=lambda: told("stopping"),
    end=lambda status: (told("ended", status), os._exit(status)),
    log=logging.getLogger("signals"),
    end_s=end_s,
    child=ToChild() if with_child else None,
)
threading.Thread(target=thread.run, daemon=True).start()
told("ready")
while True:
    for wakeup in inbox.take(time.monotonic() + 60):
        told(type(wakeup).__name__)
        if isinstance(wakeup, StopAsked):
            if mode == "quick":
                sys.exit(0)
            time.sleep(60)
"""


class Child:
    """A process that takes signals with the thread under test."""

    def __init__(self, folder: Path, mode: str, *, end_s: float = 30.0) -> None:
        self._out = folder / "told"
        with self._out.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-c", SCRIPT, mode, str(end_s)], cwd=ROOT, stdout=out, stdin=subprocess.DEVNULL
            )
        self.wait_for("ready")

    @property
    def told(self) -> list[str]:
        """What it said so far."""
        return self._out.read_text().splitlines()

    def wait_for(self, line: str) -> None:
        """Wait until it said that."""
        wait_for(lambda: line in self.told, what=f"{line!r} in {self.told}")

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def end(self) -> int:
        """Wait for its end."""
        return self.process.wait(60)

    def __enter__(self) -> Child:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()


def test_hup_reloads_as_often_as_it_comes(tmp_path: Path) -> None:
    """And ends nothing."""
    with Child(tmp_path, "quick") as child:
        child.send(signal.SIGHUP)
        child.wait_for("ReloadAsked")
        assert child.process.poll() is None


def test_term_stops_the_loop_which_ends_by_itself(tmp_path: Path) -> None:
    """Whatever sleeps, or waits for an engine, is told to end."""
    with Child(tmp_path, "quick") as child:
        child.send(signal.SIGTERM)
        assert child.end() == 0
        assert "StopAsked" in child.told
        assert "stopping" in child.told


def test_int_does_the_same(tmp_path: Path) -> None:
    """Control-C is no traceback."""
    with Child(tmp_path, "quick") as child:
        child.send(signal.SIGINT)
        assert child.end() == 0
        assert "StopAsked" in child.told


def test_a_loop_that_hangs_is_ended(tmp_path: Path) -> None:
    """In time, and with 0: what is owed is on disk."""
    with Child(tmp_path, "hanging", end_s=1.0) as child:
        child.send(signal.SIGTERM)
        assert child.end() == 0
        assert child.told.index("stopping") < child.told.index("ended 0")


def test_a_second_signal_ends_at_once(tmp_path: Path) -> None:
    """While the first is still being served; the status names it."""
    with Child(tmp_path, "flushing") as child:
        child.send(signal.SIGTERM)
        child.wait_for("StopAsked")
        child.send(signal.SIGHUP)
        child.send(signal.SIGINT)
        assert child.end() == 128 + signal.SIGINT


def test_every_signal_is_the_child_s_too(tmp_path: Path) -> None:
    """Reloading is both's, USR1 the child's alone, and a second signal that ends does not end us before the child."""
    with Child(tmp_path, "child") as child:
        for number in (signal.SIGUSR1, signal.SIGHUP, signal.SIGQUIT, signal.SIGTERM, signal.SIGINT):
            child.send(number)
            child.wait_for(f"child got {int(number)}")
        child.wait_for("ReloadAsked")
        assert child.told.count("stopping") == 1
        assert child.told.index("child got 3") < child.told.index("stopping")
        assert child.process.poll() is None


def test_quit_before_there_is_a_child_is_for_us(tmp_path: Path) -> None:
    """It would be lost, and whoever stops the container would have to kill it."""
    with Child(tmp_path, "no child yet") as child:
        child.send(signal.SIGUSR1)
        child.send(signal.SIGQUIT)
        child.wait_for("StopAsked")
        assert "SIGQUIT: sending pending notifications, then exiting" in child.told
