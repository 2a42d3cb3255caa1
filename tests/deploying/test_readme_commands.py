"""The README's two commands, as they are written there, on a clean checkout and an engine that has neither image."""

from __future__ import annotations

import os
import re
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.deploying.proxy_site import SOCKET_GROUP, allow_the_group, ask
from tests.image.built_image import BASE, bring_base, project_copy
from tests.support.compose import Project, compose_program
from tests.support.process import ROOT
from tests.support.servers_image import SERVERS, ensure_servers
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.real_engine import RealEngine

# The image is built.
pytestmark = pytest.mark.timeout(900)

_CHAPTER = re.search(
    r"^## A reverse proxy in two commands\n(.*?)^## ", (ROOT / "README.md").read_text(), re.DOTALL | re.MULTILINE
)
_SOCKET = "/var/run/docker.sock"
#: The name that the project gives to its image.
_OWN_TAG = "docker-pygen:latest"


@pytest.fixture
def checkout(engine: RealEngine, tmp_path: Path) -> Path:
    """The project in a folder of its own, with the wheels that a build without a network takes."""
    folder = tmp_path / "checkout"
    project_copy(engine, folder)
    return folder


def test_from_nothing_to_a_reverse_proxy_in_two_commands(engine: RealEngine, checkout: Path, tmp_path: Path) -> None:
    """The first container that is started as the text says is answered at the address that it gives."""
    assert _CHAPTER is not None
    commands = "".join(re.findall(r"^    (.*\n)", _CHAPTER[1], re.MULTILINE))
    assert commands.count("\n") == 2
    allow_the_group(engine)
    bring_base(engine)
    environ = {
        "DOCKER_HOST": engine.address,
        "DOCKER_SOCKET": str(engine.socket),
        "NGINX_IMAGE": ensure_servers(engine),
        "PYTHON_IMAGE": BASE,
        "PIP_NO_INDEX": "1",
    }
    if engine.client.images(_OWN_TAG):
        engine.client.remove_image(_OWN_TAG)
    with Project(engine, [checkout / "deploy" / "compose.yaml"], {**environ, "DOCKER_GROUP": str(SOCKET_GROUP)}):
        _shell(commands.replace(_SOCKET, str(engine.socket)), checkout, tmp_path, environ)
        network, host = _started(_CHAPTER[1])
        engine.run(
            "hello",
            image=SERVERS,
            networks=[network],
            env={"VIRTUAL_HOST": host},
            config={"Cmd": None, "Hostname": "hello"},
        )
        assert f"http://{host}/" in _CHAPTER[1]
        wait_for(lambda: ask(engine, host) == "hello", what=lambda: f"hello, not {ask(engine, host)!r}")


def _started(text: str) -> tuple[str, str]:
    found = re.search(r"docker run -d --network (\S+) -e VIRTUAL_HOST=(\S+) nginx", text)
    assert found, text
    return found[1], found[2]


def _shell(commands: str, folder: Path, tmp_path: Path, environ: dict[str, str]) -> None:
    """Run them in a shell whose `docker compose` is the tests' own Compose."""
    program = tmp_path / "bin" / "docker"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\n[ "$1" = compose ] || exit 1\nshift\nexec {compose_program()} "$@"\n')
    program.chmod(0o755)
    done = subprocess.run(
        ["sh", "-e"],
        input=commands,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": f"{program.parent}:{os.environ['PATH']}", "HOME": str(tmp_path), **environ},
    )
    assert done.returncode == 0, f"{done.stdout[-4000:]}{done.stderr[-4000:]}"
