"""The unit for systemd is one that systemd takes without a word."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.process import ROOT

_UNIT = ROOT / "deploy" / "pygen.service"
_SYSTEMD_UNITS = Path("/usr/lib/systemd/system")


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A root folder of a machine on which pygen is installed as the unit expects it."""
    if not shutil.which("systemd-analyze"):
        pytest.fail("systemd-analyze is missing: ./dev test installs it (Debian package systemd)", pytrace=False)
    shutil.copytree(_SYSTEMD_UNITS, tmp_path / "usr/lib/systemd/system", symlinks=True)
    shutil.copytree(_SYSTEMD_UNITS, tmp_path / "lib/systemd/system", symlinks=True)
    for program in re.findall(r"^Exec\w+=(\S+)", _UNIT.read_text(), re.MULTILINE):
        _install(tmp_path / program.lstrip("/"))
    (tmp_path / "etc/systemd/system").mkdir(parents=True)
    shutil.copy(_UNIT, tmp_path / "etc/systemd/system")
    return tmp_path


def _install(program: Path) -> None:
    program.parent.mkdir(parents=True, exist_ok=True)
    program.touch()
    program.chmod(0o755)


def _verify(machine: Path) -> tuple[int, str]:
    command = ["systemd-analyze", "verify", f"--root={machine}", "--man=no", "--recursive-errors=no", _UNIT.name]
    outcome = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    return outcome.returncode, outcome.stdout + outcome.stderr


def test_systemd_has_nothing_to_say_against_it(machine: Path) -> None:
    """Every setting is known, and every program is there."""
    assert _verify(machine) == (0, "")


def test_systemd_would_say_what_is_wrong(machine: Path) -> None:
    """A setting that does not exist, and a program that is missing, are noticed: the check above can fail."""
    unit = machine / "etc/systemd/system" / _UNIT.name
    unit.write_text(unit.read_text().replace("ProtectHome=", "ProtectMyHome="))
    (machine / "opt/pygen/bin/pygen").unlink()
    _, said = _verify(machine)
    assert "ProtectMyHome" in said
    assert "/opt/pygen/bin/pygen" in said


def test_it_is_locked_down() -> None:
    """By the measure of systemd itself (0 to 10) what it may do is at most 2."""
    command = ["systemd-analyze", "security", "--offline=yes", "--no-pager", "--threshold=20", str(_UNIT)]
    outcome = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "LC_ALL": "C"},
    )
    assert outcome.returncode == 0, outcome.stdout[-1000:] + outcome.stderr


def test_what_it_sets_is_what_the_program_reads() -> None:
    """Each PYGEN_ name in it, comments included, is one of the program's."""
    from reconciler.cli.catalogue import OPTIONS  # here, because only this test needs the program

    names = {name for line in _UNIT.read_text().splitlines() for name in re.findall(r"PYGEN_[A-Z_]+(?==)", line)}
    assert names
    assert names <= {option.variable_name for option in OPTIONS}
