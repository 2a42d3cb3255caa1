"""Options that say which containers a job sees."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

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


def filters(*arguments: str, environ: Mapping[str, str] | None = None) -> tuple[tuple[str, str], ...]:
    """What of the engine is read."""
    command = parse(arguments, environ or {})
    assert isinstance(command, Run), command
    return command.settings.engines[0].filters


def test_an_engine_is_narrowed_by_the_same_words_everywhere(tmp_path: Path) -> None:
    """On the command line, in the environment and in a file, where the command line wins."""
    assert filters(*TEMPLATE) == ()
    both = (("label", "tier=front"), ("network", "web"))
    assert filters(*TEMPLATE, "--engine-filter", "label=tier=front", "--engine-filter", "network=web") == both
    assert filters(*TEMPLATE, environ={"PYGEN_ENGINE_FILTER": "label=tier=front\nnetwork=web"}) == both
    file = tmp_path / "pygen.toml"
    file.write_text(
        '[engine]\nfilters = {label = ["tier=front"], network = ["web"]}\n[[job]]\ntemplate = "#"\ntarget = "x"\n'
    )
    assert filters("--config", str(file)) == both
    assert filters("--config", str(file), "--engine-filter", "label=a") == (("label", "a"),)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("tier=front", "'tier' is no filter of an engine's list"),
        ("label", "label has no value"),
        ("label=", "label has no value"),
    ],
)
def test_what_is_no_filter_is_refused(written: str, expected: str) -> None:
    """With what there is."""
    refused = parse([*TEMPLATE, "--engine-filter", written], {})
    assert isinstance(refused, Refused)
    assert expected in refused.message


@pytest.mark.parametrize("written", ['"label=a"', "{label = 'a'}", "{label = [1]}", "{lable = ['a']}", "[]"])
def test_a_file_with_another_shape_is_refused(tmp_path: Path, written: str) -> None:
    """With file and key."""
    file = tmp_path / "pygen.toml"
    file.write_text(f'[engine]\nfilters = {written}\n[[job]]\ntemplate = "#"\n')
    refused = parse(["--config", str(file)], {})
    assert isinstance(refused, Refused)
    assert f"{file}: engine.filters: " in refused.message
