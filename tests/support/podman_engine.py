"""Podman's Docker-compatible service as an engine for the tests: what docker-py cannot ask of it as it asks Docker."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
from typing import TYPE_CHECKING, Any

import docker.errors

from tests.support.engine_kinds import PODMAN, EngineKind, podman_options
from tests.support.real_engine import RealEngine
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from pathlib import Path


class PodmanEngine(RealEngine):
    """Podman 4.3: it imports without a tag, and leaves health checks to systemd's timers.

    Its inspect shows a StopSignal for every container, and its policies do not depend on that.
    """

    default_network = "podman"
    starts_connect = False
    kill_cancels_policies = False

    def __init__(self) -> None:
        super().__init__(PODMAN)

    def import_image(self, tag: str, archive: bytes | Path) -> None:
        """Make the image `tag` of a root file system in a tar archive (its bytes, or the path of its file)."""
        load = archive if isinstance(archive, bytes) else archive.read_bytes()
        answer = self.client.import_image_from_data(load, repository="imported")
        repository, _, version = tag.partition(":")
        self.client.tag(json.loads(answer.splitlines()[0])["status"], repository, version)

    def set_health(self, container: str, *, healthy: bool) -> None:
        """Make a container with FILE_HEALTHCHECK healthy or unhealthy; returns when the engine has noticed."""
        self.exec(container, *(("touch", "/healthy") if healthy else ("rm", "-f", "/healthy")))
        wanted = "healthy" if healthy else "unhealthy"
        wait_for(lambda: self._check_health(container) == wanted, what=f"{container} {wanted}")

    def _check_health(self, container: str) -> Any:
        """Without systemd no timer does it."""
        self.libpod("GET", f"/containers/{container}/healthcheck")
        return self.inspect(container)["State"]["Health"]["Status"]

    def podman(self, *arguments: str) -> str:
        """Run the command line tool beside the service, on the same containers; what it printed."""
        command = self.inside("podman", *podman_options(self.folder), *arguments)
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, env=self.environment
        )
        if done.returncode:
            raise AssertionError(f"podman {' '.join(arguments)}: {done.stderr}")
        return done.stdout

    def libpod(self, method: str, path: str) -> Any:
        """Ask Podman's own API; its answer, decoded."""
        connection = http.client.HTTPConnection("localhost")
        connection.sock = socket.socket(socket.AF_UNIX)
        try:
            connection.sock.connect(str(self.socket))
            connection.request(method, f"/v4.0.0/libpod{path}")
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        if answer.status >= http.HTTPStatus.BAD_REQUEST:
            raise docker.errors.APIError(f"{method} {path}: {answer.status} {body.decode(errors='replace')}")
        return json.loads(body) if body else None


def new_engine(kind: EngineKind) -> RealEngine:
    """An engine of this kind, not started yet."""
    return PodmanEngine() if kind is PODMAN else RealEngine(kind)
