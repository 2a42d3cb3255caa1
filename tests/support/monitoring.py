"""A real Prometheus, a real Alertmanager and a webhook's receiver, each a process or server of the test's own."""

from __future__ import annotations

import contextlib
import json
import subprocess
import threading
import urllib.error
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from tests.support.ports import reserve_port
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Prometheus:
    """A running Prometheus."""

    def __init__(self, port: int) -> None:
        self.address = f"http://127.0.0.1:{port}"

    def query(self, expression: str, *, at_epoch_s: float | None = None) -> list[dict[str, Any]]:
        """An instant query's vector: `metric` and `value` for each sample.

        Raises:
            AssertionError: with Prometheus's own words, where it refuses the query.
        """
        moment = {} if at_epoch_s is None else {"time": str(at_epoch_s)}
        return self._ask("query", {"query": expression, **moment})

    def query_range(
        self, expression: str, *, start_epoch_s: float, end_epoch_s: float, step_s: float
    ) -> list[dict[str, Any]]:
        """A range query's matrix: `metric` and `values` for each series."""
        bounds = {"start": str(start_epoch_s), "end": str(end_epoch_s), "step": str(step_s)}
        return self._ask("query_range", {"query": expression, **bounds})

    def is_up(self, job: str) -> bool:
        """Whether a job's target was scraped."""
        return any(float(sample["value"][1]) == 1 for sample in self.query(f'up{{job="{job}"}}'))

    def _ask(self, path: str, parameters: Mapping[str, str]) -> list[dict[str, Any]]:
        body = urllib.parse.urlencode(parameters).encode()
        try:
            with _OPENER.open(f"{self.address}/api/v1/{path}", body, timeout=60) as answer:
                found: list[dict[str, Any]] = json.load(answer)["data"]["result"]
                return found
        except urllib.error.HTTPError as error:
            with error:
                raise AssertionError(f"{parameters['query']}: {error.read().decode()}") from None


@contextlib.contextmanager
def prometheus(folder: Path, config: Mapping[str, Any]) -> Iterator[Prometheus]:
    """Run Prometheus with a configuration, until the block ends.

    Args:
        folder: for its data, configuration and log; rule files are relative to it.
        config: as in `prometheus.yaml`; JSON is YAML, too.
    """
    port = reserve_port()
    (folder / "prometheus.yaml").write_text(json.dumps(config))
    command = [
        "prometheus",
        f"--config.file={folder}/prometheus.yaml",
        f"--storage.tsdb.path={folder}/data",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with _running(command, folder / "prometheus.log", f"http://127.0.0.1:{port}/-/ready"):
        yield Prometheus(port)


@contextlib.contextmanager
def alertmanager(folder: Path, webhook: str) -> Iterator[str]:
    """Run an Alertmanager that sends everything to a webhook at once; gives its host and port."""
    port = reserve_port()
    config = {
        "route": {"receiver": "test", "group_by": ["alertname"], "group_wait": "1s", "group_interval": "1s"},
        "receivers": [{"name": "test", "webhook_configs": [{"url": webhook, "send_resolved": True}]}],
    }
    (folder / "alertmanager.yaml").write_text(json.dumps(config))
    command = [
        "prometheus-alertmanager",
        f"--config.file={folder}/alertmanager.yaml",
        f"--storage.path={folder}/alertmanager",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    ]
    with _running(command, folder / "alertmanager.log", f"http://127.0.0.1:{port}/-/ready"):
        yield f"127.0.0.1:{port}"


class Receiver:
    """Keeps what an Alertmanager sends."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._alerts: list[dict[str, Any]] = []
        self.address = ""

    def take(self, message: Mapping[str, Any]) -> None:
        """A message arrived."""
        with self._lock:
            self._alerts.extend(message["alerts"])

    def alerts(self, name: str, status: str) -> list[dict[str, Any]]:
        """The alerts of this name that arrived as `firing` or `resolved`."""
        with self._lock:
            return [a for a in self._alerts if a["labels"]["alertname"] == name and a["status"] == status]


@contextlib.contextmanager
def webhook_receiver() -> Iterator[Receiver]:
    """Listen for an Alertmanager's messages until the block ends."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        timeout = 60

        def do_POST(self) -> None:
            receiver.take(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's own name
            """Nobody reads it."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        receiver.address = f"http://127.0.0.1:{server.server_address[1]}/"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()


@contextlib.contextmanager
def _running(command: list[str], log: Path, ready: str) -> Iterator[None]:
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)

    def answers() -> bool:
        assert process.poll() is None, log.read_text()[-4000:]
        try:
            with _OPENER.open(ready, timeout=30) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    try:
        wait_for(answers, what=lambda: f"{command[0]} to be ready\n{log.read_text()[-4000:]}")
        yield
    finally:
        process.kill()
        process.wait()
