"""A private Docker daemon in a network namespace of its own: its processes, started, restarted, killed and paused.

Several run side by side on one machine: each has its own folder, network namespace and containerd, and its name comes
from a folder that nobody else has. What it can be asked for as an engine is in `real_engine`.
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
from pathlib import Path
from typing import IO, TYPE_CHECKING

from tests.support.engine_leftovers import PARENT, PREFIX, clean_up, clean_up_dead_owners, everybody_else_waits
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_TOOLS = {
    "dockerd": "docker.io",
    "containerd": "containerd",
    "runc": "runc",
    "iptables": "iptables",
    "ip": "iproute2",
    "nsenter": "util-linux",
    "busybox": "busybox-static",
}
_CONTAINERD_CONFIG = """\
version = 2
root = "{folder}/containerd/root"
state = "{folder}/containerd/state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
address = "{folder}/containerd/socket"
"""
_START_TIMEOUT_S = 120.0


class EngineUnavailableError(Exception):
    """A real engine cannot be had here; the message says why and what to do."""


class EngineDaemon:
    """One dockerd with its containerd.

    Attributes:
        folder: everything it has on disk.
        namespace: the network namespace's name.
        socket: path of its API socket.
    """

    def __init__(self) -> None:
        check_the_machine()
        with everybody_else_waits():
            clean_up_dead_owners()
            self.folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=PARENT))
            self._owner: IO[str] = (self.folder / "owner").open("w")
            fcntl.flock(self._owner, fcntl.LOCK_EX)
        self.namespace = self.folder.name
        self.socket = self.folder / "docker.sock"
        self._containerd: subprocess.Popen[bytes] | None = None
        self._dockerd: subprocess.Popen[bytes] | None = None

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
        return self._dockerd is not None and self._dockerd.poll() is None

    @property
    def pid(self) -> int:
        """The daemon's process id."""
        if self._dockerd is None:
            raise EngineUnavailableError("the engine was not started")
        return self._dockerd.pid

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
        _end(self._dockerd, timeout_s=90)
        self._dockerd = None

    def kill(self) -> None:
        """SIGKILL the daemon alone; its containers live on, its socket stays behind. It stays down until `start`."""
        if self._dockerd is not None:
            self._dockerd.kill()
            self._dockerd.wait()
        self._dockerd = None

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
        """What dockerd and containerd have written so far."""
        return "".join(
            (self.folder / f"{name}.log").read_text(errors="replace")
            for name in ("containerd", "dockerd")
            if (self.folder / f"{name}.log").exists()
        )

    def _start(self) -> None:
        self._make_namespace()
        if self._containerd is None or self._containerd.poll() is not None:
            config = self.folder / "containerd.toml"
            config.write_text(_CONTAINERD_CONFIG.format(folder=self.folder))
            self._containerd = self._spawn("containerd", ["--config", str(config), "--log-level", "warn"])
            self._await(self._containerd, self.folder / "containerd" / "socket")
        if not self.running:
            (self.folder / "pid").unlink(missing_ok=True)
            self._dockerd = self._spawn("dockerd", self._dockerd_arguments())
            self._await_answer(self._dockerd)

    def _dockerd_arguments(self) -> list[str]:
        folder = self.folder
        (folder / "daemon.json").write_text("{}")
        return [
            *("--config-file", f"{folder}/daemon.json"),  # never the machine's own settings
            *("--data-root", f"{folder}/data", "--exec-root", f"{folder}/run", "--pidfile", f"{folder}/pid"),
            *("--containerd", f"{folder}/containerd/socket"),
            *("--host", self.address, "--group", "root", "--log-level", "warn"),
        ]

    def _spawn(self, program: str, arguments: Sequence[str]) -> subprocess.Popen[bytes]:
        with (self.folder / f"{program}.log").open("ab") as log:
            return subprocess.Popen(
                [*self.enter, program, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # a Ctrl-C is for the tests, which then end the engine in good order
                env=_environment(),
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

    def _await(self, process: subprocess.Popen[bytes], path: Path) -> None:
        wait_for(
            lambda: self._still_runs(process) and _accepts(path),
            timeout_s=_START_TIMEOUT_S,
            what=lambda: f"{path} to accept a connection: {self._last_words()}",
        )

    def _await_answer(self, process: subprocess.Popen[bytes]) -> None:
        wait_for(
            lambda: self._still_runs(process) and _ping(self.socket),
            timeout_s=_START_TIMEOUT_S,
            what=lambda: f"the engine to answer: {self._last_words()}",
        )

    def _still_runs(self, process: subprocess.Popen[bytes]) -> bool:
        if process.poll() is not None:
            raise EngineUnavailableError(f"{process.args!r} ended with {process.returncode}: {self._last_words()}")
        return True

    def _last_words(self) -> str:
        return self.log()[-2000:]

    def _end_processes(self) -> None:
        self.resume()
        _end(self._dockerd, timeout_s=30)
        _end(self._containerd, timeout_s=10)
        self._dockerd = self._containerd = None


def check_the_machine() -> None:
    """Refuse, with the reason, where an engine could not run.

    Raises:
        EngineUnavailableError: not root, or a program is missing.
    """
    if os.geteuid():
        raise EngineUnavailableError("a real engine needs root: run ./dev test as root")
    path = _environment()["PATH"]
    if missing := sorted({package for tool, package in _TOOLS.items() if not shutil.which(tool, path=path)}):
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
