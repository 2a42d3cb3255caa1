"""What is compared: (a) this program, (b) the naive way, (c) the floor, and another version of this program."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from tests.bench.call_count import CallCount
from tests.bench.file_watch import FileWatch
from tests.bench.template import TEMPLATE
from tests.bench.usage import Usage, usage_of
from tests.support.process import PygenProcess
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROOT = Path(__file__).resolve().parents[2]
#: Requests that keep the file true; those of notifications are counted apart.
_READING = frozenset({"ping", "version", "list", "inspect", "networks", "events"})


class Contender(Protocol):
    """A process that keeps a file true.

    Attributes:
        name: for the tables.
        target: the file.
        watch: its writes.
        pid: the process.
    """

    name: str
    target: Path
    watch: FileWatch

    @property
    def pid(self) -> int:
        """The process id."""

    def calls(self) -> int:
        """API calls so far."""

    def resync(self) -> None:
        """Have it list once; where it never lists, nothing."""

    def close(self) -> None:
        """End it."""


class Pygen:
    """(a) This program, or another checkout of it.

    Args:
        socket_path: of the engine.
        folder: a new one for its files.
        arguments: further options.
        root: the checkout that is run.
    """

    name = "pygen"

    def __init__(self, socket_path: str, folder: Path, *arguments: str, root: Path = ROOT) -> None:
        folder.mkdir(parents=True)
        template, self.target = folder / "template.j2", folder / "out" / "file"
        template.write_text(TEMPLATE)
        self.target.parent.mkdir()
        self.watch = FileWatch(self.target)
        self.process = PygenProcess(
            ["--template", template, "--target", self.target, "--docker-address", f"unix://{socket_path}", *arguments],
            folder=folder,
            env={"PYTHONPATH": str(root)},
        )

    @property
    def pid(self) -> int:
        """The process id."""
        return self.process.pid

    def calls(self) -> int:
        """By its own metrics, successful or not."""
        return int(self.count("pygen_docker_requests_total", _READING))

    def lists(self) -> int:
        """How often it listed."""
        return int(self.count("pygen_docker_requests_total", frozenset({"list"})))

    def renders(self) -> int:
        """How often it rendered."""
        return int(self.count("pygen_renders_total"))

    def count(self, metric: str, operations: frozenset[str] | None = None) -> float:
        """A metric's sum over its label sets, or over those of some operations."""
        return sum(
            value
            for key, value in self.process.metrics().items()
            if key.partition("{")[0] == metric
            and (operations is None or any(f'operation="{each}"' in key for each in operations))
        )

    def resync(self) -> None:
        """SIGHUP lists at once, as a resync does."""
        before = self.lists()
        self.process.send(signal.SIGHUP)
        self.process.wait_for(lambda: self.lists() > before, what="a list")

    def usage(self) -> Usage:
        """What it uses now."""
        return usage_of(self.pid)

    def close(self) -> None:
        """End it, and expect a good end."""
        self.watch.close()
        status = self.process.stop()
        if status:
            raise RuntimeError(f"the program ended with {status}:\n{self.process.log()[-4000:]}")


class Script:
    """(b) or (c): a script of this folder."""

    def __init__(self, name: str, socket_path: str, folder: Path) -> None:
        folder.mkdir(parents=True)
        self.name = name
        self.target = folder / "file"
        self.watch = FileWatch(self.target)
        self._calls = CallCount(folder / "calls")
        self._log = (folder / "log").open("wb")
        command: Sequence[str] = (f"tests.bench.{name}", socket_path, str(self.target), str(folder / "calls"))
        self._process = subprocess.Popen(
            [sys.executable, "-m", *command], cwd=ROOT, stdin=subprocess.DEVNULL, stderr=self._log
        )

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def calls(self) -> int:
        """By its own count."""
        return self._calls.value

    def resync(self) -> None:
        """It never lists again."""

    def close(self) -> None:
        """Kill it; it must have lived until now."""
        ended = self._process.poll()
        self._process.kill()
        self._process.wait()
        self.watch.close()
        self._calls.close()
        self._log.close()
        if ended is not None:
            log = Path(self._log.name).read_text(errors="replace")
            raise RuntimeError(f"the {self.name} way ended with {ended}:\n{log[-4000:]}")


def start(name: str, socket_path: str, folder: Path, against: Mapping[str, Path]) -> Contender:
    """Start a contender by its name, and wait for its first file.

    Args:
        name: `pygen`, a version of `against`, `floor` or `naive`.
        socket_path: of the engine.
        folder: a new one for its files.
        against: other checkouts of this program, by name.
    """
    contender: Contender
    if name == "pygen" or name in against:
        contender = Pygen(socket_path, folder, root=against.get(name, ROOT))
    else:
        contender = Script(name, socket_path, folder)
    try:
        wait_for(lambda: contender.target.exists() and contender.target.stat().st_size, timeout_s=300, what=name)
    except BaseException:
        contender.close()
        raise
    return contender
