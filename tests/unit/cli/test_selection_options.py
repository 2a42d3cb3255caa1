"""Options that say which containers a job sees."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.cli.commands import Refused, Run
from reconciler.cli.options import parse
from templating.selection import Selection

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

TEMPLATE = ("--template", "#")


def selection(*arguments: str, environ: Mapping[str, str] | None = None) -> Selection:
    """What the one job sees."""
    command = parse(arguments, environ or {})
    assert isinstance(command, Run), command
    (job,) = command.settings.jobs
    return job.selection


def test_by_default_everything_is_seen() -> None:
    """Nothing is selected."""
    assert selection(*TEMPLATE) == Selection()


def test_all_of_it_on_the_command_line() -> None:
    """Expressions are kept in order, and as they are."""
    words = ["--include", "labels.a == 'x, y'", "--include", "name == 'b'", "--exclude", "paused"]
    found = selection(*TEMPLATE, *words, "--only-exposed", "--only-published", "--include-stopped")
    assert found == Selection(
        ("labels.a == 'x, y'", "name == 'b'"), ("paused",), only_exposed=True, only_published=True, include_stopped=True
    )


def test_in_the_environment_an_expression_is_a_line() -> None:
    """It may hold commas and blanks."""
    environ = {
        "PYGEN_INCLUDE": "labels.a in ['x', 'y']\n\n  name == 'b' \n",
        "PYGEN_EXCLUDE": "paused",
        "PYGEN_ONLY_EXPOSED": "yes",
    }
    assert selection(*TEMPLATE, environ=environ) == Selection(
        ("labels.a in ['x', 'y']", "name == 'b'"), ("paused",), only_exposed=True
    )


def test_in_a_file_it_is_a_list(tmp_path: Path) -> None:
    """Of texts, by the options' names."""
    file = tmp_path / "pygen.toml"
    file.write_text(
        '[defaults]\nexclude = ["paused"]\n[[job]]\ntemplate = "#"\ntarget = "x"\n'
        "include = [\"labels.a == 'x'\"]\ninclude_stopped = true\n"
    )
    assert selection("--config", str(file)) == Selection(("labels.a == 'x'",), ("paused",), include_stopped=True)
    file.write_text('[[job]]\ntemplate = "#"\ninclude = "paused"\n')
    refused = parse(["--config", str(file)], {})
    assert isinstance(refused, Refused)
    assert "include: give a list of texts" in refused.message
