"""The program keeping a file on an engine, and a container that reads this file whenever it is told to.

What the tests of the main job share: start it on a template, wait for a content, and see which content each reader
had before its eyes at each signal. That is the promise itself: told after the last content, whatever happens between.
"""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.process import PygenProcess
    from tests.support.real_engine import RealEngine

#: Nothing is found by comparing: what is in the file before that is there because of an event.
NO_RESYNC = ("--resync", "3600")

#: Reads the file at every start and every HUP; a USR1 is a mark that separates what came before it from the rest.
_READER = (
    "look() { echo \"$1: $(tr '\\n' ' ' 2>/dev/null </conf/target)\"; }; "
    "trap 'look read' HUP; trap 'echo mark' USR1; "
    "sleep 1000000 & look started; while :; do wait $!; done"
)


class ProgramStarter:
    """Starts the program on one template and one target, again and again if need be.

    Args:
        start: the fixture `pygen`.
        address: the engine's.
        folder: a folder of the test's own; the template is in it, the target in a folder of its own below.
        template: the template's text.
    """

    def __init__(self, start: Callable[..., PygenProcess], address: str, folder: Path, template: str) -> None:
        self._start = start
        self._address = address
        self.template = folder / "template.j2"
        self.shared = folder / "shared"
        self.shared.mkdir()
        self.target = self.shared / "target"
        self.template.write_text(template)

    def start(self, *options: str | Path, **how: object) -> RunningProgram:
        """Start it; the options are added to those for template, target and engine."""
        given = ("--template", self.template, "--target", self.target, "--docker-address", self._address)
        return RunningProgram(self._start(*given, *options, **how), self.target)

    def one_shot(self, *options: str | Path) -> tuple[int, RunningProgram]:
        """Let it make its one pass; its status comes first."""
        running = self.start("--one-shot", *options)
        return running.program.wait_for_end(), running

    def read(self) -> str:
        """What the target holds; '' where it is not there."""
        return self.target.read_text() if self.target.exists() else ""


class RunningProgram:
    """A running program and its target."""

    def __init__(self, program: PygenProcess, target: Path) -> None:
        self.program = program
        self.target = target

    def read(self) -> str:
        """What the target holds; '' where it is not there."""
        try:
            return self.target.read_text()
        except FileNotFoundError:
            return ""

    def await_content(self, *lines: str) -> None:
        """Wait until the target holds exactly these lines."""
        wanted = "".join(f"{line}\n" for line in lines)
        self.await_text(wanted)

    def await_text(self, wanted: str) -> None:
        """Wait until the target holds exactly this text."""
        try:
            self.program.wait_for(lambda: self.read() == wanted, what=f"{wanted!r}")
        except AssertionError as error:
            raise AssertionError(f"the target holds {self.read()!r}: {error}") from error

    def await_settled(self) -> None:
        """Wait until a complete state is there and nobody is owed anything."""
        self.program.wait_ready()
        self.program.wait_for(lambda: self.owed() == 0, what="nothing to be owed")

    def owed(self) -> float:
        """How many notifications are owed now; -1 where the program does not answer yet."""
        if self.program.get("/healthz")[0] == 0:
            return -1
        pending = [v for k, v in self.program.metrics().items() if k.startswith("pygen_notifications_pending")]
        return sum(pending)

    def warnings(self) -> list[str]:
        """The lines of its log that are warnings or worse."""
        return [line for line in self.program.log().splitlines() if re.search(r" (WARNING|ERROR|CRITICAL) ", line)]


class ReaderContainer:
    """A container that reads the target when it is told to, and remembers what it read.

    Args:
        engine: a real one.
        shared: the folder in which the target is.
        name: the container's.
        options: as for `RealEngine.run`.
    """

    def __init__(self, engine: RealEngine, shared: Path, name: str = "reader", **options: object) -> None:
        self._engine = engine
        self._marks = itertools.count(1)
        self.name = name
        self.id = engine.run(name, command=["sh", "-c", _READER], binds=[f"{shared}:/conf"], **options)
        self.await_starts(1)

    def _lines(self) -> list[str]:
        return self._engine.logs(self.id).splitlines()

    def reads(self) -> list[str]:
        """The file at each signal, in order, its lines separated by blanks."""
        return [line.removeprefix("read: ").rstrip() for line in self._lines() if line.startswith("read: ")]

    def starts(self) -> list[str]:
        """The file at each of its starts."""
        return [line.removeprefix("started: ").rstrip() for line in self._lines() if line.startswith("started: ")]

    def last_seen(self) -> str:
        """The file when it was read last, told by a signal or at a start."""
        lines = [line for line in self._lines() if line.startswith(("read: ", "started: "))]
        return lines[-1].partition(": ")[2].rstrip()

    def await_starts(self, count: int) -> None:
        """Wait until it has begun to listen for the count-th time."""
        wait_for(lambda: len(self.starts()) >= count, what=lambda: f"start {count} of {self.name}: {self._lines()}")

    def await_told(self, content: str) -> None:
        """Wait until what it read last, told by a signal or at a start, is this."""
        wait_for(lambda: self.last_seen() == content, what=lambda: f"{self.name} told of {content!r}: {self._lines()}")

    def await_reads(self, count: int) -> None:
        """Wait until it was signalled so often."""
        wait_for(lambda: len(self.reads()) >= count, what=lambda: f"{count} signals to {self.name}: {self._lines()}")

    def signals_until_now(self) -> int:
        """How often it was signalled, all that are under way included: signals of one process arrive in order.

        A mark is sent and waited for, so that the answer does not depend on anybody's speed.
        """
        mark = next(self._marks)
        self._engine.exec(self.id, "kill", "-USR1", "1")
        wait_for(lambda: self._lines().count("mark") >= mark, what=lambda: f"mark {mark}: {self._lines()}")
        return len(self.reads())
