"""A program at work, for tests and pictures: containers come and go, a template is edited, a file is meddled with."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from tests.seeing import rules
from tests.support.fake_engine import FakeEngine
from tests.support.monitoring import Prometheus, prometheus
from tests.support.process import PygenProcess
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TEMPLATE = """# kept by pygen
{% for c in containers if 'cache' not in c.name %}
server {{ c.networks.first_value.ip_address }};  # {{ c.name }}
{% endfor %}
"""


class BusyProgram:
    """The program over an engine of the test's own."""

    def __init__(self, engine: FakeEngine, process: PygenProcess, folder: Path) -> None:
        self.engine = engine
        self.process = process
        self.target = folder / "upstreams.conf"
        self._template = folder / "upstreams.conf.j2"
        self._round = 0

    def run_round(self) -> None:
        """One round of everything that the dashboard has a place for; ends once all of it is in the target."""
        self._round += 1
        name = f"shop-worker-{self._round}"
        self.engine.add_container(name, networks=["app"])
        self._wait_for(name)
        if self._round > 3:
            self.engine.remove(f"shop-worker-{self._round - 3}")
            wait_for(lambda: f"shop-worker-{self._round - 3}\n" not in self.target.read_text())
        if self._round % 3 == 1:
            self._template.write_text(f"# edition {self._round}\n{TEMPLATE}")
            self._wait_for(f"edition {self._round}")
        if self._round % 5 == 2:
            self.target.write_text("rogue\n")
            self._wait_for(name)

    def _wait_for(self, text: str) -> None:
        self.process.wait_for(lambda: text in self.target.read_text(), what=f"{text} in the target")


@contextlib.contextmanager
def busy_program(folder: Path) -> Iterator[BusyProgram]:
    """Start an engine with some containers and the program on it; both end with the block."""
    (folder / "upstreams.conf.j2").write_text(TEMPLATE)
    with FakeEngine() as engine:
        engine.add_network("app")
        for name in ("shop-proxy-1", "shop-web-1", "shop-web-2", "shop-cache-1"):
            engine.add_container(name, networks=["app"], labels={"com.docker.compose.service": name[5:-2]})
        process = PygenProcess(
            [
                *("--template", "upstreams.conf.j2", "--target", "upstreams.conf"),
                *("--docker-address", engine.address, "--interval", "0.2", "1", "--resync", "1"),
                *("--signal", "proxy", "HUP", "--restart", "cache"),
            ],
            folder=folder,
        )
        try:
            process.wait_ready()
            yield BusyProgram(engine, process, folder)
        finally:
            process.kill()


@contextlib.contextmanager
def watched(process: PygenProcess, folder: Path) -> Iterator[Prometheus]:
    """A Prometheus that scrapes the program every second, as the example has it otherwise; it was scraped once."""
    config = rules.load(rules.EXAMPLE)
    config["global"] = {"scrape_interval": "1s"}
    config["rule_files"], config["alerting"] = [], {}
    (scrape,) = config["scrape_configs"]
    scrape["static_configs"] = [{"targets": [f"127.0.0.1:{process.metrics_port}"]}]
    with prometheus(folder, config) as server:
        wait_for(lambda: server.is_up("pygen"), what="the first scrape")
        yield server
