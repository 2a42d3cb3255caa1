"""deploy/many/compose.yaml: a real nginx, HAProxy and Prometheus, kept by one pygen from one file."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.deploying.proxy_site import ask
from tests.support.compose import Project
from tests.support.process import ROOT, parse_metrics
from tests.support.servers_image import SERVERS
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.real_engine import RealEngine

# The images may have to be made first.
pytestmark = pytest.mark.timeout(900)

NETWORK = "pygen-many_default"
HAPROXY_PORT = 8080
TARGETS = {
    "nginx": "/made/nginx/default.conf",
    "haproxy": "/made/haproxy/haproxy.cfg",
    "prometheus": "/made/prometheus/targets.json",
}


class Readers:
    """What the three readers say, and pygen about them."""

    def __init__(self, engine: RealEngine, project: Project) -> None:
        self._engine = engine
        self._prometheus = project.container("prometheus")

    def serve(self, name: str) -> None:
        """A container for all three, which answers with its own name."""
        labels = {"haproxy.hosts": f"{name}.test", "prometheus.port": "80"}
        env = {"VIRTUAL_HOST": f"{name}.test"}
        config = {"Cmd": None, "Hostname": name}
        self._engine.run(name, image=SERVERS, networks=[NETWORK], labels=labels, env=env, config=config)

    def answers(self, name: str) -> tuple[str, str]:
        """By way of nginx, and of HAProxy."""
        return ask(self._engine, f"{name}.test"), ask(self._engine, f"{name}.test", port=HAPROXY_PORT)

    def targets(self) -> set[str]:
        """What Prometheus scrapes."""
        command = ("wget", "-q", "-O", "-", "http://127.0.0.1:9090/api/v1/targets")
        status, text = self._engine.exec(self._prometheus, *command)
        found = json.loads(text)["data"]["activeTargets"] if status == 0 else []
        return {target["discoveredLabels"]["__address__"] for target in found}

    def await_served(self, name: str) -> None:
        """By all three."""
        address = f"{self._engine.address_of(name, NETWORK)}:80"
        wait_for(lambda: self.answers(name) == (name, name), what=lambda: f"{name}, not {self.answers(name)}")
        wait_for(lambda: address in self.targets(), timeout_s=120, what=lambda: f"{address} in {self.targets()}")

    def page(self, path: str) -> str:
        return ask(self._engine, "localhost", path, port=9413)

    def failing(self) -> dict[str, float]:
        """Of each job whether its template fails, as the metrics say."""
        metrics = parse_metrics(self.page("/metrics"))
        return {name: metrics[f'pygen_template_failing{{target="{target}"}}'] for name, target in TARGETS.items()}

    def jobs(self) -> dict[str, str]:
        """Of each job its target, as the status says."""
        return {job["name"]: job["target"] for job in json.loads(self.page("/status.json"))["jobs"]}


def test_each_reader_follows_and_one_broken_job_is_its_own(
    engine: RealEngine, environ: dict[str, str], tmp_path: Path
) -> None:
    """Brought up as it stands, from a copy of the folder, so that a template can be edited."""
    folder = tmp_path / "deploy"
    for part in ("many", "recipes"):
        shutil.copytree(ROOT / "deploy" / part, folder / part)
    with Project(engine, [folder / "many" / "compose.yaml"], environ) as project:
        project.up()
        readers = Readers(engine, project)
        assert readers.jobs() == TARGETS
        for name in ("shop", "blog"):
            readers.serve(name)
            readers.await_served(name)
        address = f"{engine.address_of('shop', NETWORK)}:80"
        engine.remove("shop")
        wait_for(lambda: readers.answers("shop") == ("503", "503"), what=lambda: f"503, not {readers.answers('shop')}")
        wait_for(lambda: address not in readers.targets(), timeout_s=120, what=f"{address} to be no target")

        (folder / "recipes" / "haproxy" / "haproxy.cfg.j2").write_text("{% if %}")
        wait_for(lambda: readers.failing()["haproxy"] == 1, what=lambda: f"its job to fail: {project.logs('pygen')}")
        readers.serve("news")
        wait_for(lambda: readers.answers("news")[0] == "news", what="nginx to serve what came later")
        address = f"{engine.address_of('news', NETWORK)}:80"
        wait_for(lambda: address in readers.targets(), timeout_s=120, what=f"{address} in the targets")
        assert readers.answers("blog") == ("blog", "blog")
        assert readers.failing() == {"nginx": 0, "haproxy": 1, "prometheus": 0}
