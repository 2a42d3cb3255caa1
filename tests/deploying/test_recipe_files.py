"""The recipes' compose files: Compose takes them, and what they say agrees with the program and with the folder."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import pytest

from models.signals import same_signal
from notify.actions.signal import Signal
from reconciler.cli.commands import Run
from reconciler.cli.options import parse
from tests.support.compose import read_by_compose
from tests.support.process import ROOT

if TYPE_CHECKING:
    from reconciler.cli.settings import JobSettings

FILES = sorted((ROOT / "deploy").glob("recipes/*/compose.yaml"))
ALL = [ROOT / "deploy" / "compose.yaml", *FILES]
#: Of nginx's recipe; the engine makes them where they are missing.
_OPERATORS = {"certs", "html", "htpasswd", "toplevel.conf.d", "vhost.d"}
EVERY = pytest.mark.parametrize("file", ALL, ids=lambda file: file.parent.name)


def _read(file: Path) -> dict[str, Any]:
    return read_by_compose(file, environ={"DOCKER_GROUP": "4242"})


def _settings(pygen: dict[str, Any]) -> tuple[JobSettings, Path | None]:
    """Its one job, and its state folder."""
    command = parse(pygen["command"], pygen.get("environment") or {})
    assert isinstance(command, Run), command
    (job,) = command.settings.jobs
    return job, command.settings.program.state_dir


def _mount_of(service: dict[str, Any], path: str) -> dict[str, Any]:
    """The mount that a path of a container lies in: the nearest one above it."""
    above = [str(place) for place in (PurePosixPath(path), *PurePosixPath(path).parents)]
    mounts = {mount["target"]: mount for mount in service["volumes"]}
    return next(dict(mounts[place]) for place in above if place in mounts)


@EVERY
def test_the_template_is_the_recipe_s_and_the_target_can_be_written(file: Path) -> None:
    """Both lie in mounts of the service; the template's is a file of the project."""
    pygen = _read(file)["services"]["pygen"]
    job, state_dir = _settings(pygen)
    mount = _mount_of(pygen, job.template)
    assert mount["read_only"]
    assert Path(mount["source"] + job.template.removeprefix(mount["target"])).is_file()
    assert not _mount_of(pygen, job.target).get("read_only")
    if state_dir:
        assert not _mount_of(pygen, str(state_dir)).get("read_only")


@EVERY
def test_who_is_told_is_a_service_that_reads_what_is_written(file: Path) -> None:
    """It has the target's volume, and loses no restart policy by the signal."""
    project = _read(file)
    pygen = project["services"]["pygen"]
    job, _ = _settings(pygen)
    written = _mount_of(pygen, job.target)["source"]
    for notification in job.notifications:
        (told,) = [service for name, service in project["services"].items() if _is(project, name, notification)]
        assert written in {mount["source"] for mount in told["volumes"] if mount.get("read_only")}
        assert told["restart"] == "always"
        assert isinstance(notification, Signal)
        assert not same_signal(told["stop_signal"], notification.signal)


@EVERY
def test_pygen_has_few_rights(file: Path) -> None:
    """Whoever it is, it has no capability, gains none, and writes only where it has to."""
    pygen = _read(file)["services"]["pygen"]
    assert pygen["read_only"] is True
    assert pygen["cap_drop"] == ["ALL"]
    assert pygen["security_opt"] == ["no-new-privileges:true"]
    job, state_dir = _settings(pygen)
    folders = {_mount_of(pygen, path)["target"] for path in (job.target, str(state_dir or "")) if path}
    assert {mount["target"] for mount in pygen["volumes"] if not mount.get("read_only")} == folders


@EVERY
def test_files_of_the_project_that_are_mounted_are_there(file: Path) -> None:
    """All but folders that belong to whoever runs it."""
    mounts = [mount for service in _read(file)["services"].values() for mount in service["volumes"]]
    own = [Path(mount["source"]) for mount in mounts if mount["type"] == "bind"]
    ours = [path for path in own if path.is_relative_to(ROOT) and path.name not in _OPERATORS]
    assert ours
    assert [path for path in ours if not path.exists()] == []


def _is(project: dict[str, Any], name: str, notification: Any) -> bool:
    labels = project["services"][name].get("labels") or {}
    return notification.container in {f"{project['name']}/{name}", labels.get("pygen.target")}
