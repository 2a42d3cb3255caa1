"""The program inside a container of the engine that it watches: it knows which one it is, and leaves itself alone.

The container gets this machine's own Python and the project's folder, read-only; that the project's image works is
proven by the tests of the image.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.process import ROOT
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.support.real_engine import RealEngine

OWN = "# {{ own_container_id }} {{ containers.self.name }} {{ containers.self.labels.role }}"
PYTHON = (sys.executable, "-m", "reconciler")


def python_binds(engine: RealEngine) -> list[str]:
    """What this Python needs to run, at the same places (a link's target is one, too), each read-only."""
    named = {Path(place) for place in ("/usr", "/lib", "/lib64", sys.prefix, sys.base_prefix, str(ROOT))}
    there = {place for place in {*named, *(place.resolve() for place in named)} if place.exists()}
    outermost = [place for place in there if not any(other in place.parents for other in there)]
    return [f"{engine.source_of(place.resolve())}:{place}:ro" for place in sorted(outermost)]


def run_pygen(
    engine: RealEngine,
    shared: Path,
    *arguments: str,
    name: str = "pygen",
    labels: Mapping[str, str] | None = None,
    **options: Any,
) -> str:
    """Run the program in a container; the socket is where it looks by itself, the target in `shared`."""
    shared.mkdir(exist_ok=True)
    binds = [*python_binds(engine), f"{engine.socket}:/var/run/docker.sock", f"{shared}:/conf"]
    command = [*PYTHON, "--template", OWN, "--target", "/conf/target", "--interval", "0", *arguments]
    env = {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", "LANG": "C.UTF-8"}
    return engine.run(name, command=command, env=env, binds=binds, labels=labels, stop_timeout_s=60, **options)


def await_target(engine: RealEngine, shared: Path, text: str) -> None:
    """Wait until the target holds this text."""
    target = shared / "target"
    wait_for(
        lambda: target.exists() and target.read_text() == text,
        what=lambda: f"{text!r} in the target: {engine.logs('pygen')[-4000:]}",
    )


@pytest.mark.parametrize(
    "options", [{}, {"config": {"Hostname": "0123456789ab"}}, {"network_mode": "host"}, {"network_mode": "none"}]
)
def test_it_knows_its_own_container(engine: RealEngine, tmp_path: Path, options: dict[str, Any]) -> None:
    """With the usual host name, another one that looks like an id, the host's network, or none."""
    engine.run("other")
    own_id = run_pygen(engine, tmp_path / "shared", labels={"role": "keeper"}, **options)
    await_target(engine, tmp_path / "shared", f"{own_id} pygen keeper")


def test_it_is_not_taken_for_the_container_whose_network_it_shares(engine: RealEngine, tmp_path: Path) -> None:
    """Whose host name and files it has, too."""
    engine.run("web", labels={"role": "web"})
    own_id = run_pygen(engine, tmp_path / "shared", labels={"role": "keeper"}, network_mode="container:web")
    await_target(engine, tmp_path / "shared", f"{own_id} pygen keeper")


def test_it_never_restarts_itself(engine: RealEngine, tmp_path: Path) -> None:
    """A name that means it and others restarts the others, with one warning; a signal may reach it."""
    fleet = {"pygen.target": "fleet"}
    engine.run("web", labels=fleet)
    before = engine.started_at("web")
    run_pygen(engine, tmp_path / "shared", "--restart", "fleet", "--signal", "pygen", "HUP", labels=fleet)
    own_start = engine.started_at("pygen")
    wait_for(lambda: engine.started_at("web") != before, what=lambda: engine.logs("pygen"))
    wait_for(lambda: "as requested by SIGHUP" in engine.logs("pygen"), what=lambda: engine.logs("pygen"))
    wait_for(lambda: "restart of fleet delivered to web" in engine.logs("pygen"))
    warnings = [line for line in engine.logs("pygen").splitlines() if " WARNING " in line]
    assert [line for line in warnings if "left out" in line] == warnings
    assert len(warnings) == 1
    assert engine.is_running("pygen")
    assert engine.started_at("pygen") == own_start


def test_it_is_healthy_and_ends_well(engine: RealEngine, tmp_path: Path) -> None:
    """The health check finds it without an option; `docker stop` ends it with 0."""
    own_id = run_pygen(engine, tmp_path / "shared")
    await_target(engine, tmp_path / "shared", f"{own_id} pygen ")
    status, said = engine.exec("pygen", *PYTHON, "healthcheck")
    assert status == 0, said
    engine.stop_container("pygen", timeout_s=60)
    assert engine.inspect("pygen")["State"]["ExitCode"] == 0, engine.logs("pygen")
