"""What is installed is the five packages, and they are what runs."""

from __future__ import annotations

import email
import subprocess
import zipfile
from typing import TYPE_CHECKING

import pytest

from reconciler.version import VERSION
from tests.support.process import ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

PACKAGES = ("models", "templating", "notify", "metrics", "reconciler")
_SOURCES = {".py", ".typed", ".html", ".css", ".js"}


def _tracked() -> set[str]:
    files = (path for package in PACKAGES for path in (ROOT / package).rglob("*") if path.is_file())
    return {str(path.relative_to(ROOT)) for path in files if path.suffix in _SOURCES}


def test_the_wheel_holds_the_five_packages_and_nothing_else(wheel: Path) -> None:
    """Each of their files is there, and besides them only the distribution's own facts."""
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if not name.endswith("/")}
    facts = {name for name in names if name.startswith(f"docker_pygen-{VERSION}.dist-info/")}
    assert names - facts == _tracked()
    assert {name.partition("/")[2] for name in facts} >= {"METADATA", "entry_points.txt", "licenses/LICENSE"}


def test_the_wheel_says_what_it_needs(wheel: Path) -> None:
    """Its name, version, licence, Python and dependencies are those of the project."""
    with zipfile.ZipFile(wheel) as archive:
        facts = email.message_from_bytes(archive.read(f"docker_pygen-{VERSION}.dist-info/METADATA"))
    assert (facts["Name"], facts["Version"], facts["License-Expression"]) == ("docker-pygen", VERSION, "MIT")
    assert facts["Requires-Python"] == ">=3.11"
    needed = {text.split("<")[0].split(">")[0] for text in facts.get_all("Requires-Dist", [])}
    assert needed == {"docker", "jinja2", "tenacity", "prometheus-client", "ruamel.yaml"}


def _start(command: Sequence[str | Path], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin"},
    )


@pytest.mark.parametrize("way", [("pygen",), ("python", "-m", "reconciler")], ids=["script", "module"])
def test_files_of_the_current_folder_are_not_imported_in_place_of_ours(
    installed: Path, tmp_path: Path, way: tuple[str, ...]
) -> None:
    """Neither one with a package's name, nor one with a library's or the standard library's."""
    for name in (*PACKAGES[:-1], "docker", "jinja2", "prometheus_client", "json", "logging", "argparse", "socket"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('the wrong one was imported')\n")
    program, *rest = way
    template = "#{{ containers | length }} containers"
    state = ROOT / "deploy" / "demo" / "state.json"
    arguments = ["--template", template, "--one-shot", "--docker-address", f"file://{state}"]
    outcome = _start([installed / program, *rest, *arguments], tmp_path)
    assert outcome.returncode == 0, outcome.stderr
    assert outcome.stdout.endswith(" containers")


@pytest.mark.parametrize("way", [("pygen",), ("python", "-m", "reconciler")], ids=["script", "module"])
def test_the_version_is_told(installed: Path, tmp_path: Path, way: tuple[str, ...]) -> None:
    """Both ways to start it tell the version that the wheel has."""
    program, *rest = way
    outcome = _start([installed / program, *rest, "--version"], tmp_path)
    assert outcome.returncode == 0, outcome.stderr
    assert VERSION in outcome.stdout
