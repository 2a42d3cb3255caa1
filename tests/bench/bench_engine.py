"""Where the benchmark happens: a private real engine, or the simulated one as a process of its own."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self

from tests.bench.event_times import EventTimes
from tests.bench.template import PORT, env_of, labels_of
from tests.support.fake_engine import RemoteFakeEngine
from tests.support.real_engine import RealEngine

if TYPE_CHECKING:
    from types import TracebackType

ROOT = Path(__file__).resolve().parents[2]
#: The engine does not get faster by more.
STARTS_AT_ONCE = 4
_FAKE_ENGINE = (sys.executable, "-m", "tests.support.fake_engine")


class BenchEngine(Protocol):
    """An engine with containers, and what happens to them.

    Attributes:
        name: for the tables.
        socket_path: of the API.
        events: when the engine says that something happened.
        patience_s: longer than the slowest contender takes for a change here; what is not in the file by then never
            comes.
    """

    name: str
    socket_path: str
    events: EventTimes
    patience_s: float

    def grow(self, count: int) -> None:
        """Have so many running containers."""

    def add(self, name: str) -> None:
        """Create a container."""

    def start(self, name: str) -> None:
        """Start a container."""

    def stop(self, name: str) -> None:
        """Stop a container as people do."""

    def crash(self, name: str) -> None:
        """Let its process end: `die` is the only event."""

    def restart(self, name: str) -> None:
        """Restart a container; any thread may."""

    def remove(self, name: str) -> None:
        """Remove a container."""

    def names(self) -> list[str]:
        """Those of `grow`."""


class _ContextManager:
    def close(self) -> None:
        """End everything."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class RealBenchEngine(_ContextManager):
    """A private dockerd, with containers that sleep."""

    name = "real"
    patience_s = 4.0

    def __init__(self) -> None:
        self.engine = RealEngine()
        try:
            self.engine.start()
            self.socket_path = str(self.engine.socket)
            self.events = EventTimes(self.socket_path)
        except BaseException:
            self.engine.stop()
            raise
        self._grown: list[str] = []

    def close(self) -> None:
        """End the engine with all it runs."""
        try:
            self.events.close()
        finally:
            self.engine.stop()

    def grow(self, count: int) -> None:
        """Start what is missing to `count`."""
        missing = [f"web-{number}" for number in range(len(self._grown), count)]
        with ThreadPoolExecutor(STARTS_AT_ONCE) as pool:
            list(pool.map(self._run, missing))
        self._grown += missing

    def _run(self, name: str) -> None:
        self.add(name)
        self.start(name)

    def add(self, name: str) -> None:
        """Create a container that sleeps."""
        self.engine.create(name, ports={PORT: None}, labels=labels_of(name), env=env_of(name))

    def start(self, name: str) -> None:
        """Start it."""
        self.engine.start_container(name)

    def stop(self, name: str) -> None:
        """Stop it without the ten seconds that busybox would sleep on."""
        self.engine.stop_container(name)

    def crash(self, name: str) -> None:
        """Kill its process behind the engine's back."""
        self.engine.die(name)

    def restart(self, name: str) -> None:
        """Restart it."""
        self.engine.restart_container(name)

    def remove(self, name: str) -> None:
        """Remove it, running or not."""
        self.engine.remove(name)

    def names(self) -> list[str]:
        """Those that are there from the start."""
        return list(self._grown)


class SimulatedBenchEngine(_ContextManager):
    """The project's own engine as a process, with a given number of containers from the start."""

    name = "simulated"

    def __init__(self, count: int) -> None:
        self.patience_s = 20 + count / 100
        self._count = count
        self._folder = tempfile.TemporaryDirectory(prefix="pgb", dir="/tmp")
        self.socket_path = f"{self._folder.name}/docker.sock"
        self._process = subprocess.Popen(
            [*_FAKE_ENGINE, self.socket_path, "--containers", str(count), "--until-eof"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        try:
            self._await_ready()
            self._control = RemoteFakeEngine(self.socket_path)
            self.events = EventTimes(self.socket_path)
        except BaseException:
            self._end()
            raise
        self._lock = threading.Lock()

    def _await_ready(self) -> None:
        line = self._process.stdout.readline() if self._process.stdout else b""
        if line != b"ready\n":
            raise RuntimeError(f"the simulated engine did not start: {line!r}")

    def close(self) -> None:
        """End the engine."""
        self.events.close()
        self._control.close()
        self._end()

    def _end(self) -> None:
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()
        try:
            self._process.wait(60)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._folder.cleanup()

    def _call(self, method: str, **arguments: object) -> None:
        with self._lock:
            self._control.call(method, **arguments)

    def calls(self) -> dict[str, int]:
        """The engine's own count of the requests by operation, whoever made them."""
        with self._lock:
            return self._control.calls()

    def reset_calls(self) -> None:
        """Let the engine count from zero."""
        with self._lock:
            self._control.reset()

    def grow(self, count: int) -> None:
        """All of them run from the start."""
        if count != self._count:
            raise ValueError(f"this engine was started with {self._count} containers, not {count}")

    def add(self, name: str) -> None:
        """Create a container."""
        self._call("add_container", name=name, ports=[PORT], labels=labels_of(name), env=env_of(name), running=False)

    def start(self, name: str) -> None:
        """Start it."""
        self._call("start_container", reference=name)

    def stop(self, name: str) -> None:
        """Stop it."""
        self._call("stop_container", reference=name)

    def crash(self, name: str) -> None:
        """Let it die."""
        self._call("crash", reference=name)

    def restart(self, name: str) -> None:
        """Restart it."""
        self._call("restart", reference=name)

    def remove(self, name: str) -> None:
        """Remove it; the engine removes only what does not run."""
        self._call("remove", reference=name)

    def names(self) -> list[str]:
        """Those that are there from the start."""
        return [f"web-{number}" for number in range(self._count)]
