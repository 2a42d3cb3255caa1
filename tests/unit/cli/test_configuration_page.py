"""docs/configuration.md is held to the parser, key by key, and its example is read as it stands."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from notify.actions.from_file import all_keys
from notify.actions.keys import RECIPIENT_KEYS, ROLLOUT_KEYS, RULE_KEYS
from reconciler.cli.commands import Run
from reconciler.cli.config_keys import JOB_KEYS, SECTIONS
from reconciler.cli.options import parse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from notify.actions.keys import Key

PAGE = (Path(__file__).parents[3] / "docs/configuration.md").read_text()
ROW = re.compile(r"^\| `(\w+)` \| (.*?[^\\]) \| (.*?[^\\]) \| .+ \|$", re.MULTILINE)
COMMON = {key.name for key in (*RECIPIENT_KEYS, *RULE_KEYS, *ROLLOUT_KEYS)}


def _table(heading: str) -> dict[str, tuple[str, str]]:
    """The keys beneath a heading, with what each takes and its default."""
    after = PAGE.split(f"\n{heading}\n", 1)[1]
    section = re.split(r"^#", after, maxsplit=1, flags=re.MULTILINE)[0]
    return {name: (takes.replace("\\|", "|"), default) for name, takes, default in ROW.findall(section)}


def _keys(keys: Iterable[Key]) -> dict[str, tuple[str, str]]:
    return {key.name: (key.kind, key.default or "none") for key in keys}


@pytest.mark.parametrize(
    ("heading", "keys"),
    [
        ("## `[[job]]`", JOB_KEYS.values()),
        ("## Top level", SECTIONS[""].values()),
        ("## `[engine]`", SECTIONS["engine"].values()),
        ("## `[metrics]`", SECTIONS["metrics"].values()),
        ("## `[child]`", SECTIONS["child"].values()),
        *((f"### `{name}`", [key for key in keys if key.name not in COMMON]) for name, keys in all_keys().items()),
        (
            "### Keys of every notification",
            {key.name: key for keys in all_keys().values() for key in keys if key.name in COMMON}.values(),
        ),
    ],
    ids=lambda value: value.strip("# `") if isinstance(value, str) else "",
)
def test_the_page_has_every_key_and_no_other(heading: str, keys: Iterable[Key]) -> None:
    """With what it takes, and its default."""
    assert _table(heading) == _keys(keys)


def test_every_section_of_the_page_is_held_to_something() -> None:
    """A heading that no test knows would say what it likes."""
    headings = set(re.findall(r"^#{2,3} (.+)$", PAGE, re.MULTILINE))
    known = {
        "`[[job]]`",
        "Whose file it is",
        "Top level",
        "Jobs in order",
        "A file for each element",
        "`[engine]`",
        "`[metrics]`",
        "`[child]`",
        "`notify`",
        "Keys of every notification",
    }
    assert headings == known | {f"`{name}`" for name in all_keys()}


def test_the_example_is_read_as_it_stands(tmp_path: Path) -> None:
    """Every file of it."""
    examples = re.findall(r"^```toml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert examples
    for example in examples:
        (tmp_path / "pygen.toml").write_text(example)
        command = parse(["--config", str(tmp_path / "pygen.toml")], {})
        assert isinstance(command, Run), command
        assert len(command.settings.jobs) == example.count("[[job]]")
