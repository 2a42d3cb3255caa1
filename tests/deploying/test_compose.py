"""deploy/compose.yaml: one command, and nginx serves whatever comes, without rights and without a lost request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.deploying.proxy_site import Site
from tests.support.compose import Project
from tests.support.process import ROOT
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.real_engine import RealEngine

# The images may have to be made first.
pytestmark = pytest.mark.timeout(900)

COMPOSE = ROOT / "deploy" / "compose.yaml"


@pytest.fixture
def project(engine: RealEngine, environ: dict[str, str]) -> Iterator[Project]:
    """The project, up."""
    with Project(engine, [COMPOSE], environ) as project:
        project.up()
        yield project


@pytest.fixture
def site(engine: RealEngine, project: Project) -> Site:
    """What the project serves."""
    return Site(engine, project)


def test_requests_are_answered_by_the_right_container(engine: RealEngine, site: Site) -> None:
    """Each host by its own ones, as they come and go; nobody's host is a 503."""
    site.await_answer("a.test", "503")
    for name, host in (("a-1", "a.test"), ("a-2", "a.test"), ("b-1", "b.test")):
        site.serve(name, host)
    site.await_answer("b.test", "b-1")
    assert site.answers("a.test") == {"a-1", "a-2"}
    site.stop("a-1")
    wait_for(lambda: site.answers("a.test") == {"a-2"}, what="a-2 alone to answer")
    engine.die("b-1")
    site.await_answer("b.test", "503")
    engine.start_container("b-1")
    site.await_answer("b.test", "b-1")
    assert site.ask("c.test") == "503"


def test_no_request_fails_while_containers_come_and_are_drained(site: Site, tmp_path: Path) -> None:
    """Requests that cannot be repeated included: who goes is taken out of the file first, and then stopped."""
    for name in ("web-1", "web-2"):
        site.serve(name, "a.test")
    wait_for(lambda: site.answers("a.test") == {"web-1", "web-2"}, what="both to answer")
    with site.load("a.test", tmp_path / "load", "GET", "POST") as load:
        for number in (1, 2, 3):
            site.serve(f"web-{number + 2}", "a.test")
            load.await_answer_by(f"web-{number + 2}")
            site.retire(f"web-{number}")
            load.await_more(50)
    assert load.failures() == []
    assert set(load.lines()) == {"web-1", "web-2", "web-3", "web-4", "web-5"}


def test_no_request_fails_while_containers_come_and_are_stopped(site: Site, tmp_path: Path) -> None:
    """`docker stop` alone: who refuses is passed over until he is out of the file."""
    for name in ("web-1", "web-2"):
        site.serve(name, "a.test")
    wait_for(lambda: site.answers("a.test") == {"web-1", "web-2"}, what="both to answer")
    with site.load("a.test", tmp_path / "load", "GET") as load:
        for number in (1, 2, 3):
            site.serve(f"web-{number + 2}", "a.test")
            load.await_answer_by(f"web-{number + 2}")
            site.stop(f"web-{number}")
            load.await_more(50)
    assert load.failures() == []


def test_neither_has_a_right_that_it_does_not_need(engine: RealEngine, project: Project) -> None:
    """No root, no capability, none to be gained, and a root file system that cannot be written."""
    for service in ("pygen", "nginx"):
        container = project.container(service)
        status = dict(line.split(":\t", 1) for line in _status(engine, container).splitlines() if ":\t" in line)
        assert "0" not in status["Uid"].split()
        assert {int(status[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {0}
        assert status["NoNewPrivs"] == "1"
        told = _host_config(engine, container)
        assert told["ReadonlyRootfs"] is True
        assert told["Privileged"] is False
    assert _sources(engine, project.container("nginx")).isdisjoint({str(engine.socket)})


def test_its_signals_leave_nginx_s_restart_policy_alone(engine: RealEngine, project: Project, site: Site) -> None:
    """Reloaded, it still comes back after a crash; and no exec was asked for."""
    site.serve("web", "a.test")
    site.await_answer("a.test", "web")
    site.await_settled()
    assert site.metrics()['pygen_restart_policy_at_risk{container="pygen-proxy"}'] == 0
    nginx = project.container("nginx")
    run = engine.started_at(nginx)
    engine.die(nginx)
    wait_for(lambda: engine.started_at(nginx) != run and engine.is_running(nginx), what="nginx to come back")
    site.await_answer("a.test", "web")
    requests = [key for key in site.metrics() if key.startswith("pygen_docker_requests_total") and "exec" in key]
    assert {site.metrics()[key] for key in requests} == {0}
    assert " WARNING " not in project.logs("pygen")


def _status(engine: RealEngine, container: str) -> str:
    return engine.exec(container, "cat", "/proc/1/status")[1]


def _host_config(engine: RealEngine, container: str) -> dict[str, Any]:
    return dict(engine.inspect(container)["HostConfig"])


def _sources(engine: RealEngine, container: str) -> set[str]:
    return {str(mount.get("Source")) for mount in engine.inspect(container)["Mounts"]}
