"""The recipes as their READMEs start them: brought up by Compose on a real engine, and asked."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.deploying.proxy_site import ask
from tests.support.compose import Project
from tests.support.process import ROOT
from tests.support.servers_image import SERVERS
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.real_engine import RealEngine

# The images may have to be made first.
pytestmark = pytest.mark.timeout(900)

RECIPES = ROOT / "deploy" / "recipes"


def _project(engine: RealEngine, recipe: str, environ: dict[str, str]) -> Project:
    return Project(engine, [RECIPES / recipe / "compose.yaml"], environ)


def _serve(engine: RealEngine, name: str, network: str, **options: object) -> None:
    """A container that answers with its own name."""
    engine.run(name, image=SERVERS, networks=[network], config={"Cmd": None, "Hostname": name}, **options)


def _await_answer(engine: RealEngine, host: str, answer: str) -> None:
    wait_for(lambda: ask(engine, host) == answer, what=lambda: f"{answer}, not {ask(engine, host)!r}")


def test_haproxy_serves_who_has_the_label(engine: RealEngine, environ: dict[str, str]) -> None:
    """From its start on, and after a reload."""
    with _project(engine, "haproxy", environ) as project:
        project.up()
        for name in ("shop", "blog"):
            _serve(engine, name, "pygen-haproxy_default", labels={"haproxy.hosts": f"{name}.test"})
            _await_answer(engine, f"{name}.test", name)
        engine.remove("shop")
        _await_answer(engine, "shop.test", "503")
        _await_answer(engine, "blog.test", "blog")


def test_nginx_serves_who_has_the_variable(engine: RealEngine, environ: dict[str, str]) -> None:
    """The recipe's own compose file, which is the simple one."""
    with _project(engine, "nginx", environ) as project:
        project.up()
        for name in ("shop", "blog"):
            _serve(engine, name, "pygen-nginx_default", env={"VIRTUAL_HOST": f"{name}.test"})
            _await_answer(engine, f"{name}.test", name)
        _await_answer(engine, "nobody.test", "503")


def test_dnsmasq_knows_the_containers(engine: RealEngine, environ: dict[str, str]) -> None:
    """Each as soon as it runs, and no longer."""
    with _project(engine, "dnsmasq", environ) as project:
        project.up()
        for name in ("web", "db"):
            engine.run(name)
            _await_address(engine, name, engine.address_of(name))
        engine.remove("web")
        _await_address(engine, "web", "")
        assert _dig(engine, "db") == engine.address_of("db")


def _await_address(engine: RealEngine, name: str, address: str) -> None:
    wait_for(lambda: _dig(engine, name) == address, what=lambda: f"{address!r}, not {_dig(engine, name)!r}")


def _dig(engine: RealEngine, name: str) -> str:
    command = ["dig", "+short", "+tries=1", "+time=5", "@127.0.0.1", "-p", "5353", f"{name}.docker"]
    asked = subprocess.run(
        [*engine.enter, *command], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    return asked.stdout.strip()


def test_the_hosts_file_is_written_in_place(engine: RealEngine, environ: dict[str, str], tmp_path: Path) -> None:
    """A single file of the host's: it stays the same file, and has the containers."""
    hosts = tmp_path / "hosts"
    hosts.write_text("127.0.0.1 localhost\n")
    before = hosts.stat().st_ino
    with _project(engine, "hosts", {**environ, "HOSTS_FILE": str(hosts)}) as project:
        project.up()
        engine.run("web")
        line = f"{engine.address_of('web')} web"
        wait_for(lambda: line in hosts.read_text(), what=lambda: f"{line!r} in {hosts.read_text()!r}")
        engine.remove("web")
        wait_for(lambda: line not in hosts.read_text(), what="web to leave the file")
    assert hosts.stat().st_ino == before
    assert "127.0.0.1 localhost" in hosts.read_text()


def test_logrotate_gets_the_files_of_containers(engine: RealEngine, environ: dict[str, str], tmp_path: Path) -> None:
    """In the host's folder, by the paths that they have on the host; and logrotate takes the file."""
    folder, logs = tmp_path / "logrotate.d", tmp_path / "logs"
    folder.mkdir()
    logs.mkdir()
    (logs / "shop.log").write_text("bought\n")
    target = folder / "pygen-containers"
    folders = {"LOGROTATE_FOLDER": str(folder), "LOG_FOLDERS": str(logs)}
    with _project(engine, "logrotate", {**environ, **folders}) as project:
        project.up()
        engine.run("shop", binds=[f"{logs}:/var/log/shop"], labels={"logrotate.files": "/var/log/shop/*.log"})
        wait_for(lambda: str(logs) in _text(target), what=lambda: f"{logs} in {_text(target)!r}")
    command = ["logrotate", "--debug", "--state", str(tmp_path / "state"), str(target)]
    checked = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    assert "shop.log" in checked.stderr


def _text(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def test_prometheus_scrapes_who_has_the_label(engine: RealEngine, environ: dict[str, str]) -> None:
    """The container that comes later, and pygen itself."""
    with _project(engine, "prometheus", environ) as project:
        project.up()
        _serve(engine, "exporter", "pygen-prometheus_default", labels={"prometheus.port": "80"})
        prometheus = project.container("prometheus")
        wanted = f"{engine.address_of('exporter', 'pygen-prometheus_default')}:80"
        wait_for(lambda: wanted in _targets(engine, prometheus), timeout_s=120, what=f"{wanted} among the targets")
        wait_for(
            lambda: _targets(engine, prometheus).get("pygen:9413") == "up",
            timeout_s=120,
            what=lambda: f"pygen to be scraped: {_targets(engine, prometheus)}",
        )


def _targets(engine: RealEngine, prometheus: str) -> dict[str, str]:
    """The health of each target by its address."""
    status, text = engine.exec(prometheus, "wget", "-q", "-O", "-", "http://127.0.0.1:9090/api/v1/targets")
    targets = json.loads(text)["data"]["activeTargets"] if status == 0 else []
    return {target["discoveredLabels"]["__address__"]: target["health"] for target in targets}
