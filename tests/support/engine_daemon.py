"""A private engine in a network namespace of its own: its processes, started, restarted, killed and paused.

Several run side by side on one machine: each has its own folder, namespaces and helpers, and its name comes from a
folder that nothing else has. What distinguishes Docker from Podman is in `engine_kinds`; what an engine can be asked
for is in `real_engine`.
"""

from __future__ import annotations

import contextlib
import fcntl
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING

from tests.support.engine_kinds import STABLE, EngineKind, Service, api_socket
from tests.support.engine_leftovers import PARENT, PREFIX, clean_up, clean_up_dead_owners, everybody_else_waits
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_START_TIMEOUT_S = 120.0


class EngineUnavailableError(Exception):
    """A real engine cannot be had here; the message says why and what to do."""


class EngineDaemon:
    """One engine with its helpers.

    Attributes:
        kind: which engine it is.
        folder: everything it has on disk.
        namespace: the network namespace's name.
        socket: path of its API socket.
    """

    def __init__(self, kind: EngineKind = STABLE) -> None:
        check_the_machine(kind)
        self.kind = kind
        with everybody_else_waits():
            clean_up_dead_owners()
            self.folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=PARENT))
            self._owner: IO[str] = (self.folder / "owner").open("w")
            fcntl.flock(self._owner, fcntl.LOCK_EX)
        self.namespace = self.folder.name
        self.socket = api_socket(self.folder)
        self._mounts_holder: subprocess.Popen[bytes] | None = None
        self._helpers: dict[str, subprocess.Popen[bytes]] = {}
        self._daemon: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """What `--docker-address` takes."""
        return f"unix://{self.socket}"

    @property
    def enter(self) -> tuple[str, ...]:
        """Put before a command, it makes the command run in the engine's network, where containers are reached."""
        return ("nsenter", f"--net=/run/netns/{self.namespace}", "--")

    @property
    def running(self) -> bool:
        """Whether the daemon's process lives (paused or not)."""
        return self._daemon is not None and self._daemon.poll() is None

    @property
    def pid(self) -> int:
        """The daemon's process id."""
        if self._daemon is None:
            raise EngineUnavailableError("the engine was not started")
        return self._daemon.pid

    def start(self) -> None:
        """Start what does not run, and return when the engine answers. A failed first try is repeated once."""
        try:
            self._start()
        except (EngineUnavailableError, AssertionError):
            self._end_processes()
            self._start()

    def restart(self) -> None:
        """Stop the daemon as its service manager would, and start it again: its containers are stopped meanwhile."""
        self.terminate()
        self.start()

    def terminate(self) -> None:
        """Stop the daemon as its service manager would; it stays stopped."""
        self.resume()
        _end(self._daemon, timeout_s=90)
        self._daemon = None

    def kill(self) -> None:
        """SIGKILL the daemon alone; its containers live on, its socket stays behind. It stays down until `start`."""
        if self._daemon is not None:
            self._daemon.kill()
            self._daemon.wait()
        self._daemon = None

    def pause(self) -> None:
        """The daemon hangs: connections are accepted by the kernel, and nothing is answered."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """End `pause`."""
        if self.running:
            os.kill(self.pid, signal.SIGCONT)

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Hangs inside the `with`, and surely not after it."""
        self.pause()
        try:
            yield
        finally:
            self.resume()

    def stop(self) -> None:
        """End everything, and leave nothing behind."""
        try:
            self._end_processes()
        finally:
            clean_up(self.folder)
            self._owner.close()

    def log(self) -> str:
        """What its processes have written so far."""
        return "".join(path.read_text(errors="replace") for path in sorted(self.folder.glob("*.log")))

    def source_of(self, path: Path) -> Path:
        """Where the engine finds what is at `path` on this machine: what a bind mount names."""
        return self.folder / "host" / path.relative_to("/") if self.kind.other_root else path

    def _start(self) -> None:
        self._make_namespace()
        self._hold_mounts()
        *helpers, daemon = self.kind.services(self.folder)
        for helper in helpers:
            if helper.program not in self._helpers or self._helpers[helper.program].poll() is not None:
                process = self._helpers[helper.program] = self._spawn(helper)
                self._await(process, partial(_accepts, helper.socket), f"{helper.program} to accept a connection")
        if not self.running:
            (self.folder / "pid").unlink(missing_ok=True)
            self._daemon = self._spawn(daemon)
            self._await(self._daemon, partial(_ping, daemon.socket), "the engine to answer")

    def _hold_mounts(self) -> None:
        """A mount namespace lives as long as a process in it, which outlives an engine that is killed."""
        if self._mounts_holder is not None or not (mounts := self.kind.mounts(self.folder)):
            return
        held = self.folder / "held"
        held.touch()
        script = " && ".join([*mounts, f"echo held && exec tail -f {held}"])
        with (self.folder / "mounts.log").open("ab") as log:
            self._mounts_holder = subprocess.Popen(
                ["unshare", "--mount", "--propagation", "private", "sh", "-c", script],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=_environment(),
            )
        said = self.folder / "mounts.log"
        self._await(self._mounts_holder, lambda: said.read_text().endswith("held\n"), "the engine's mounts")

    def inside(self, *command: str) -> list[str]:
        """A command as it runs in the engine's network and among its mounts."""
        holder = self._mounts_holder
        mounts = [] if holder is None else [f"--mount=/proc/{holder.pid}/ns/mnt"]
        return ["nsenter", f"--net=/run/netns/{self.namespace}", *mounts, "--", *command]

    @property
    def environment(self) -> dict[str, str]:
        """The variables of the engine's processes."""
        return {**_environment(), **self.kind.environment(self.folder)}

    def _spawn(self, service: Service) -> subprocess.Popen[bytes]:
        with (self.folder / f"{service.program}.log").open("ab") as log:
            return subprocess.Popen(
                self.inside(service.program, *service.arguments),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # a Ctrl-C is for the tests, which then end the engine in good order
                env=self.environment,
            )

    def _make_namespace(self) -> None:
        if Path("/run/netns", self.namespace).exists():
            return
        for command in (
            ["ip", "netns", "add", self.namespace],
            ["ip", "-n", self.namespace, "link", "set", "lo", "up"],
        ):
            outcome = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
            if outcome.returncode:
                raise EngineUnavailableError(f"{' '.join(command)} failed: {outcome.stderr.strip()}")

    def _await(self, process: subprocess.Popen[bytes], probe: Callable[[], bool], what: str) -> None:
        wait_for(
            lambda: self._still_runs(process) and probe(),
            timeout_s=_START_TIMEOUT_S,
            what=lambda: f"{what}: {self._last_words()}",
        )

    def _still_runs(self, process: subprocess.Popen[bytes]) -> bool:
        if process.poll() is not None:
            raise EngineUnavailableError(f"{process.args!r} ended with {process.returncode}: {self._last_words()}")
        return True

    def _last_words(self) -> str:
        return self.log()[-2000:]

    def _end_processes(self) -> None:
        self.resume()
        _end(self._daemon, timeout_s=30)
        for helper in self._helpers.values():
            _end(helper, timeout_s=10)
        _end(self._mounts_holder, timeout_s=10)
        self._daemon = self._mounts_holder = None
        self._helpers.clear()


def check_the_machine(kind: EngineKind = STABLE) -> None:
    """Refuse, with the reason, where an engine could not run.

    Raises:
        EngineUnavailableError: not root, or a program is missing.
    """
    if os.geteuid():
        raise EngineUnavailableError("a real engine needs root: run ./dev test as root")
    path = _environment()["PATH"]
    if missing := sorted({package for tool, package in kind.tools.items() if not shutil.which(tool, path=path)}):
        raise EngineUnavailableError(
            f"a real engine needs the Debian packages {' '.join(missing)}: ./dev test installs them"
        )


def _environment() -> dict[str, str]:
    """No proxy, no DOCKER_HOST, no temporary folder of ours."""
    return {"PATH": f"/usr/sbin:/sbin:{os.environ.get('PATH', '/usr/bin:/bin')}", "LANG": "C.UTF-8"}


def _end(process: subprocess.Popen[bytes] | None, *, timeout_s: float) -> None:
    if process is None:
        return
    process.terminate()
    try:
        process.wait(timeout_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _accepts(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


def _ping(path: Path) -> bool:
    """Whether the engine lists its containers: it answers `/_ping` a little earlier than everything else."""
    connection = http.client.HTTPConnection("localhost")
    connection.sock = socket.socket(socket.AF_UNIX)
    try:
        connection.sock.settimeout(10)
        connection.sock.connect(str(path))
        connection.request("GET", "/containers/json")
        answer = connection.getresponse()
        return answer.status == http.HTTPStatus.OK and isinstance(json.loads(answer.read()), list)
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
