"""`check-config` has the expressions of a configuration compiled, and tells all that can't be at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.dispatch import dispatch
from reconciler.exit_status import ExitStatus

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.processes

JOBS = """\
[[job]]
name = "good"
template = "missing.j2"
target = "good"
include = ["container.labels.tier == 'front'", "container.name is defined"]
for_each = "containers | groupby('image')"

[[job]]
name = "bad"
template = "missing.j2"
target = "sites/{{ item.name }.conf"
exclude = ["container.name", "container.name =", "container | nofilter"]
for_each = "containers"
notify = [{ signal = "HUP", match = "labels.role ==" }]
"""


def _check(folder: Path, *more: str) -> int:
    return dispatch(["check-config", "--config", str(folder / "pygen.toml"), *more], {})


def test_every_wrong_expression_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With file, job and key; nothing is evaluated, and no template is needed for it."""
    file = tmp_path / "pygen.toml"
    file.write_text(JOBS.replace('target = "good"', 'target = "good/{{ item.grouper }}"'))
    assert _check(tmp_path) == ExitStatus.USAGE
    said = capsys.readouterr()
    assert said.out == ""
    lines = said.err.splitlines()
    keys = ["exclude[2]", "exclude[3]", "notify[1].match", "for_each"]
    assert [line.split(": ")[:4] for line in lines] == [["pygen", str(file), "job bad", key] for key in keys]
    assert "nofilter" in lines[1]
    assert "the target" in lines[3]


def test_a_job_of_the_command_line_is_checked_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is told where it stands."""
    (tmp_path / "pygen.toml").write_text('[[job]]\nname = "one"\ntemplate = "t"\ntarget = "/out/one"\n')
    line = ["--template", "#", "--target", "/out/two", "--include", "container."]
    assert _check(tmp_path, *line) == ExitStatus.USAGE
    assert capsys.readouterr().err.startswith("pygen: the command line: job /out/two: include[1]: ")


def test_a_good_configuration(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its jobs are named."""
    (tmp_path / "pygen.toml").write_text(
        '[[job]]\nname = "one"\ntemplate = "t"\ntarget = "/out/one"\ninclude = ["container.running"]\n'
    )
    assert _check(tmp_path) == ExitStatus.OK
    assert capsys.readouterr().out == "the configuration can be used; its jobs: one\n"
