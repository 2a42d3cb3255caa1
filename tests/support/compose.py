"""Compose projects on a real engine, by the real Compose v2: a program of its own, from Debian's package."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from typing import TYPE_CHECKING, Any

from tests.support.debian_packages import unpacked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

    from tests.support.real_engine import RealEngine

# bookworm's docker-compose is the old one, in Python; this one needs nothing but the C library.
_SUITE, _PLACE = "trixie", "usr/libexec/docker/cli-plugins/docker-compose"
#: Longer than any container may take to be healthy or to end; only a project that hangs is meant.
_WAIT_S = 240


def compose_program() -> Path:
    """The path of `docker-compose`; fetched where it is not there yet."""
    return unpacked("docker-compose", _SUITE) / _PLACE


def read_by_compose(*files: Path, environ: Mapping[str, str] | None = None) -> dict[str, Any]:
    """What Compose makes of some files, merged: the project, with each short form spelled out.

    Raises:
        AssertionError: Compose does not take them; with what it says.
    """
    config: dict[str, Any] = json.loads(_compose(files, ("config", "--format", "json"), environ or {}))
    return config


class Project:
    """A Compose project, taken down with its volumes at the end of a `with`.

    Args:
        engine: where it runs.
        files: the compose files, the first one first.
        environ: the variables that the files are read with, beside PATH and the engine's address.
    """

    def __init__(self, engine: RealEngine, files: Sequence[Path], environ: Mapping[str, str]) -> None:
        self._engine = engine
        self._files = files
        self._environ = {"DOCKER_HOST": engine.address, **environ}
        self.name: str = read_by_compose(*files, environ=self._environ)["name"]

    def __enter__(self) -> Project:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.run("down", "--volumes", "--timeout", "0")

    def up(self, *arguments: str) -> None:
        """`docker compose up --detach --wait`; returns when everything runs and is healthy."""
        try:
            self.run("up", "--detach", "--wait", "--wait-timeout", str(_WAIT_S), *arguments)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.run('logs', '--no-color')}") from error

    def run(self, *arguments: str) -> str:
        """Any other command; what it printed."""
        return _compose(self._files, arguments, self._environ)

    def container(self, service: str) -> str:
        """The id of a service's first container, running or not."""
        label = [f"com.docker.compose.project={self.name}", f"com.docker.compose.service={service}"]
        (found, *_) = self._engine.client.containers(all=True, filters={"label": label})
        return str(found["Id"])

    def logs(self, service: str) -> str:
        """What a service's first container has printed."""
        return self._engine.logs(self.container(service))


def _compose(files: Sequence[Path], arguments: Sequence[str], environ: Mapping[str, str]) -> str:
    told = [part for file in files for part in ("--file", str(file))]
    with tempfile.TemporaryDirectory(prefix="pygen-compose-") as home:
        done = subprocess.run(
            [compose_program(), "--progress", "plain", *told, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            env={"PATH": os.environ["PATH"], "HOME": home, **environ},
        )
    assert done.returncode == 0, f"docker-compose {' '.join(arguments)}: {done.stderr[-4000:]}{done.stdout[-4000:]}"
    return done.stdout
