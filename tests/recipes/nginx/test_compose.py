"""The compose file, read by Compose itself, and what its two services must have in common."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from notify.actions.signal import Signal
from reconciler.cli.commands import Run
from reconciler.cli.options import parse
from tests.recipes.nginx.site import NGINX_LABEL, RECIPE
from tests.support.debian_packages import unpacked

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The services as Compose understands them."""
    compose: Path = next(unpacked("docker-compose", "trixie").rglob("bin/docker-compose"))
    command: list[str | Path] = [compose, "-f", RECIPE / "compose.yaml", "config", "--format", "json"]
    environment = {"HOME": str(tmp_path_factory.mktemp("home")), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, env=environment, check=False)
    assert done.returncode == 0, done.stderr.decode()
    found: dict[str, Any] = json.loads(done.stdout)["services"]
    return found


def _mounts(service: dict[str, Any]) -> dict[str, str]:
    return {each["target"]: each["source"] for each in service["volumes"]}


def test_the_command_is_one_that_the_program_takes(services: dict[str, Any]) -> None:
    """Its template is this recipe's, its signal goes to the nginx of this project."""
    command = parse(services["pygen"]["command"], {})
    assert isinstance(command, Run)
    (job,) = command.settings.jobs
    folder, _, name = job.template.rpartition("/")
    assert _mounts(services["pygen"])[folder] == str(RECIPE)
    assert (RECIPE / name).is_file()
    assert job.notifications == (Signal("pygen-nginx/nginx", "SIGHUP"),)


def test_both_services_see_the_same_files(services: dict[str, Any]) -> None:
    """What is written is what nginx includes, and the operator's files have the same names for both."""
    nginx, pygen = _mounts(services["nginx"]), _mounts(services["pygen"])
    shared = {"conf.d", "certs", "dhparam", "vhost.d", "htpasswd", "toplevel.conf.d"}
    for folder in {f"/etc/nginx/{name}" for name in shared} | {"/usr/share/nginx/html"}:
        assert nginx[folder] == pygen[folder]
    assert nginx["/etc/nginx/nginx.conf"] == str(RECIPE / "toplevel.conf")


def test_nginx_is_marked_and_reloads_without_harm(services: dict[str, Any]) -> None:
    """It has the label, a signal to stop with that is not HUP, and starts when the first file is there."""
    nginx = services["nginx"]
    assert NGINX_LABEL in nginx["labels"]
    assert nginx["stop_signal"] == "SIGQUIT"
    assert nginx["depends_on"]["pygen"]["condition"] == "service_healthy"


def test_pygen_has_few_rights(services: dict[str, Any]) -> None:
    """No root, nothing to write but the target's folder, no capability."""
    pygen = services["pygen"]
    assert pygen["user"].partition(":")[0] not in {"", "0", "root"}
    assert pygen["read_only"] is True
    assert pygen["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in pygen["security_opt"]
    writable = {each["target"] for each in pygen["volumes"] if not each.get("read_only")}
    assert writable == {"/etc/nginx/conf.d"}
