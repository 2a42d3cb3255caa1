"""A site behind a reverse proxy in a container: its backends, who answers, and whether the proxy has taken a change."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.support.process import ROOT, parse_metrics
from tests.support.servers_image import SERVERS
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.compose import Project
    from tests.support.real_engine import RealEngine

#: Owns the engine's socket in these tests, as the group docker does elsewhere.
SOCKET_GROUP = 4242
_FILE = "/etc/nginx/conf.d/default.conf"
_WGET = ("busybox", "wget", "-q", "-O", "-")
_SECOND_NS = 1_000_000_000
#: Healthy until somebody puts the file there.
_DRAIN = {
    "Test": ["CMD-SHELL", "test ! -e /drain"],
    "Interval": _SECOND_NS // 2,
    "Timeout": 60 * _SECOND_NS,
    "Retries": 1,
}


def allow_the_group(engine: RealEngine) -> None:
    """Let the group use the engine's socket."""
    os.chown(engine.socket, 0, SOCKET_GROUP)


def ask(engine: RealEngine, host: str, path: str = "/", *, port: int = 80) -> str:
    """GET from a port that is published on the engine's host.

    Returns:
        The body; the status where it is an error, '' where nothing answers.
    """
    asked = subprocess.run(
        [*engine.enter, *_WGET, "--header", f"Host: {host}", f"http://127.0.0.1:{port}{path}"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    error = re.search(r"server returned error: HTTP/\S+ (\d+)", asked.stderr)
    return error[1] if error else asked.stdout


class Site:
    """The proxy of a project that is up.

    Args:
        engine: a real one, with the servers' image.
        project: has the services nginx and pygen.
    """

    def __init__(self, engine: RealEngine, project: Project) -> None:
        self._engine = engine
        self._nginx = project.container("nginx")
        self._pygen = project.container("pygen")

    def serve(self, name: str, host: str) -> str:
        """Start a container that answers for a host with its own name; its id."""
        return self._engine.run(
            name,
            image=SERVERS,
            networks=["proxy"],
            env={"VIRTUAL_HOST": host},
            healthcheck=_DRAIN,
            stop_signal="SIGQUIT",
            stop_timeout_s=60,
            config={"Cmd": None, "Hostname": name},
        )

    def retire(self, name: str) -> None:
        """Take a container out of the file first, and stop it when nginx has no worker left that knows it."""
        self.await_settled()
        before, address = self._workers(), self._engine.address_of(name, "proxy")
        self._engine.exec(name, "touch", "/drain")
        wait_for(lambda: f"{address}:" not in self.file(), what=lambda: f"{name} to leave the file: {self.file()}")
        self.await_settled()
        wait_for(lambda: self._are_new(before), what=lambda: f"other workers than {before}: {self._processes()}")
        self.stop(name)

    def stop(self, name: str) -> None:
        """`docker stop`, which lets it finish what it has, and `docker rm`."""
        self._engine.stop_container(name, timeout_s=60)
        self._engine.remove(name)

    def file(self) -> str:
        """What pygen has written."""
        return self._engine.exec(self._pygen, "cat", _FILE)[1]

    def ask(self, host: str) -> str:
        """See the function `ask`."""
        return ask(self._engine, host)

    def await_answer(self, host: str, answer: str) -> None:
        """Wait until a request for the host is answered so."""
        wait_for(lambda: self.ask(host) == answer, what=lambda: f"{answer} for {host}, not {self.ask(host)!r}")

    def answers(self, host: str) -> set[str]:
        """Who answers, asked a few times: nginx takes turns, each of its workers by itself."""
        return {self.ask(host) for _ in range(12)}

    def metrics(self) -> dict[str, float]:
        """pygen's, over the port that the project publishes."""
        return parse_metrics(ask(self._engine, "localhost", "/metrics", port=9413))

    def await_settled(self) -> None:
        """Wait until nobody is owed anything."""
        wait_for(lambda: self._owed() == 0, what="nothing to be owed")

    @contextmanager
    def load(self, host: str, log: Path, *methods: str) -> Iterator[Load]:
        """Requests for a host, side by side, until the end of the `with`."""
        address = self._engine.address_of(self._nginx, "proxy")
        with log.open("wb") as output:
            client = subprocess.Popen(
                [*self._engine.enter, sys.executable, "-m", "tests.deploying.load_client", address, host, *methods],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            yield Load(client, log)
        finally:
            assert client.stdin is not None
            client.stdin.close()
            try:
                client.wait(120)
            finally:
                client.kill()
                client.wait()

    def _owed(self) -> float:
        return sum(value for key, value in self.metrics().items() if key.startswith("pygen_notifications_pending"))

    def _processes(self) -> str:
        return self._engine.exec(self._nginx, "ps", "-o", "pid,args")[1]

    def _workers(self) -> set[str]:
        return set(re.findall(r"^\s*(\d+)\s+nginx: worker process", self._processes(), re.MULTILINE))

    def _are_new(self, before: set[str]) -> bool:
        now = self._workers()
        return bool(now) and not now & before


class Load:
    """Requests that are being made; each is a line of the log: who answered, or why nobody did.

    Args:
        client: makes them.
        log: where it writes.
    """

    def __init__(self, client: subprocess.Popen[bytes], log: Path) -> None:
        self._client = client
        self._log = log

    def lines(self) -> list[str]:
        """One for each request so far."""
        return self._log.read_text().splitlines()

    def failures(self) -> list[str]:
        """Requests that were not answered with 200."""
        return [line for line in self.lines() if line.startswith("FAILED")]

    def await_more(self, count: int) -> None:
        """Wait until so many more requests were made."""
        wanted = len(self.lines()) + count
        wait_for(lambda: self._count() >= wanted, what=lambda: f"{wanted} requests: {self.lines()[-5:]}")

    def await_answer_by(self, name: str) -> None:
        """Wait until a container has answered one of them."""
        wait_for(lambda: name in self.lines(), what=lambda: f"an answer by {name}: {self.lines()[-5:]}")

    def _count(self) -> int:
        assert self._client.poll() is None, self._log.read_text()[-2000:]
        return len(self.lines())
