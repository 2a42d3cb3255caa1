"""The Docker image: built without a network, run without rights, and doing the main job."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.real_engine import RealEngine

# The base's file system may have to be made first.
pytestmark = pytest.mark.timeout(600)

_USER, _SOCKET_GROUP = 10001, 4242
_TEMPLATE = "{% for container in containers.not_matching('pygen') %}\n{{ container.name }}\n{% endfor %}\n"
_WITHOUT_RIGHTS = {
    "ReadonlyRootfs": True,
    "CapDrop": ["ALL"],
    "SecurityOpt": ["no-new-privileges"],
    "GroupAdd": [str(_SOCKET_GROUP)],
}
#: Asked sooner than in the image, so that the test need not wait; what is asked is the image's.
_OFTEN = {"Interval": 1_000_000_000, "Timeout": 60_000_000_000, "StartPeriod": 1_000_000_000, "Retries": 100}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of the image's user with a template."""
    folder = tmp_path / "shared"
    folder.mkdir()
    os.chown(folder, _USER, _USER)
    (folder / "names.j2").write_text(_TEMPLATE)
    return folder


def _run(engine: RealEngine, image: str, folder: Path, *arguments: str, **options: Any) -> str:
    """Run the image as the README says, with the engine's socket and `folder` as /shared; its container's id."""
    os.chown(engine.socket, 0, _SOCKET_GROUP)
    return engine.run(
        "pygen",
        image=image,
        command=["--template", "/shared/names.j2", "--target", "/shared/names", *arguments],
        binds=[f"{engine.socket}:/var/run/docker.sock", f"{folder}:/shared"],
        stop_timeout_s=60,
        **options,
    )


def _holds(file: Path, text: str) -> bool:
    return file.exists() and file.read_text() == text


def test_the_image_keeps_a_file_true_and_tells_who_reads_it(engine: RealEngine, image: str, folder: Path) -> None:
    """Without root, capabilities and a writable root file system; it is healthy, and ends in good order."""
    engine.run_listener("web")
    pygen = _run(
        engine, image, folder, "--signal", "web", "HUP", host_config=_WITHOUT_RIGHTS, config={"Healthcheck": _OFTEN}
    )
    wait_for(lambda: _holds(folder / "names", "web\n"), what=lambda: engine.logs(pygen))
    engine.run("worker")
    wait_for(lambda: _holds(folder / "names", "web\nworker\n"), what=lambda: engine.logs(pygen))
    wait_for(lambda: "SIGHUP" in engine.signals_seen("web"), what=lambda: engine.logs(pygen))
    wait_for(
        lambda: engine.inspect(pygen)["State"]["Health"]["Status"] == "healthy",
        what=lambda: str(engine.inspect(pygen)["State"]["Health"]),
    )
    engine.client.stop(pygen, timeout=60)
    assert engine.inspect(pygen)["State"]["ExitCode"] == 0, engine.logs(pygen)


def test_health_checks_follow_the_port_that_the_program_was_given(engine: RealEngine, image: str, folder: Path) -> None:
    """Neither another port nor none at all makes a container that works unhealthy."""
    for port in ("127.0.0.1:9500", "0"):
        pygen = _run(engine, image, folder, "--metrics", port, host_config={"GroupAdd": [str(_SOCKET_GROUP)]})
        _await_healthy(engine, pygen)
        engine.remove(pygen)


def _await_healthy(engine: RealEngine, pygen: str) -> None:
    wait_for(
        lambda: engine.exec(pygen, "pygen", "healthcheck")[0] == 0,
        what=lambda: f"{engine.exec(pygen, 'pygen', 'healthcheck')}\n{engine.logs(pygen)}",
    )


def test_a_status_of_the_program_is_the_container_s(engine: RealEngine, image: str, folder: Path) -> None:
    """Usage errors are 2, an engine that cannot be reached is 11: as outside of a container."""
    for arguments, status in ((["--no-such-option"], 2), (["--one-shot", "--docker-address", "/no/engine.sock"], 11)):
        pygen = _run(engine, image, folder, *arguments)
        engine.await_running(pygen, running=False)
        assert engine.inspect(pygen)["State"]["ExitCode"] == status, engine.logs(pygen)
        engine.remove(pygen)


def test_the_image_says_what_it_is(engine: RealEngine, image: str) -> None:
    """Labels, user, signal, health check and entry point are set; nothing that installs is left in it."""
    config: dict[str, Any] = engine.client.inspect_image(image)["Config"]  # type: ignore[no-untyped-call]  # the stubs leave it open
    labels = {name.removeprefix("org.opencontainers.image."): text for name, text in config["Labels"].items()}
    assert labels["title"] == "pygen"
    assert labels["licenses"] == "MIT"
    assert labels["revision"] == "of-the-test"
    assert config["User"] == f"{_USER}:{_USER}"
    assert config["StopSignal"] == "SIGTERM"
    assert config["Healthcheck"]["Test"] == ["CMD", "/opt/pygen/bin/pygen", "healthcheck"]
    assert config["Entrypoint"] == ["/opt/pygen/bin/pygen"]
    probe = engine.create(image=image, config={"Entrypoint": ["python", "-c", "import pip"], "Cmd": []})
    engine.start_container(probe)
    engine.await_running(probe, running=False)
    assert "No module named 'pip'" in engine.logs(probe)
