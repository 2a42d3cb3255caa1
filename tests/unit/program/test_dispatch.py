"""From a command line to a command."""

from __future__ import annotations

import logging
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from reconciler.dispatch import dispatch
from reconciler.exit_status import ExitStatus
from reconciler.head_start import give_head_start
from reconciler.version import VERSION
from tests.support.process import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    """Commands set the process's log up, which is not theirs in a test."""
    root = logging.getLogger()
    handlers, level, raises = list(root.handlers), root.level, logging.raiseExceptions
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.raiseExceptions = raises


def test_a_usage_error_is_one_line_and_status_2(capsys: pytest.CaptureFixture[str]) -> None:
    """On standard error, with the program's name in front."""
    assert dispatch(["--temlate", "x"], {}) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("pygen: ")
    assert printed.err.count("\n") == 1


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """The one that stands in the sources."""
    assert dispatch(["--version"], {}) == 0
    assert capsys.readouterr().out == f"pygen {VERSION}\n"


def test_a_health_check_with_metrics_off_is_healthy(capsys: pytest.CaptureFixture[str]) -> None:
    """There is nothing to ask."""
    assert dispatch(["healthcheck", "--metrics", "0"], {}) == 0
    assert "metrics are off" in capsys.readouterr().out


def test_permissions_are_printed_for_a_configuration(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a template."""
    assert dispatch(["permissions"], {}) == 0
    assert "GET" in capsys.readouterr().out


def test_a_state_that_cannot_be_recorded_prints_nothing(capsys: pytest.CaptureFixture[str], tmp_path: object) -> None:
    """Status 11, so that a script keeps its old file."""
    assert dispatch(["record", "--docker-address", f"unix://{tmp_path}/none.sock"], {}) == 11
    assert capsys.readouterr().out == ""


@pytest.mark.processes
def test_quick_commands_import_neither_docker_nor_jinja2() -> None:
    """A health check runs every few seconds, beside somebody's production."""
    code = (
        "import sys; from reconciler.dispatch import dispatch;"
        "dispatch(['healthcheck', '--metrics', '0'], {}); dispatch(['--version'], {});"
        "print(sorted({'docker', 'jinja2', 'prometheus_client', 'tenacity'} & set(sys.modules)))"
    )
    child = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert child.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("arguments", "has_one"),
    [
        ([], True),
        (["--template", "a.j2"], True),
        (["record"], False),
        (["--docker-address", "unix:///x", "permissions"], False),
        (["healthcheck"], False),
        (["--help"], False),
        (["--version"], False),
    ],
)
def test_only_what_may_render_has_a_render_process_before_its_arguments_are_read(
    arguments: list[str], *, has_one: bool
) -> None:
    """It is ended with whatever turns out to render nothing, here for want of a template."""
    process = give_head_start(arguments)
    assert (process is not None) is has_one
    if process is not None:
        assert dispatch([], {}, render_process=process) == ExitStatus.USAGE
        assert not process.is_alive()
