"""The manual of the filters is true and whole."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest
from jinja2 import DictLoader
from jinja2.filters import FILTERS

from templating.sandbox.environment import TemplateEnvironment
from templating.sandbox.filters import LEFT_OUT, own_filters
from tests.unit.templating.support import container, render

PAGE = (Path(__file__).parents[3] / "docs/filters.md").read_text()
ROW = re.compile(r"^\| `(?P<call>\w+[^`]*)` \| .* \| `(?P<example>[^`]*\{.*)` \| `(?P<result>.*)` \|$", re.MULTILINE)
ROWS = [{name: text.replace("\\|", "|") for name, text in row.groupdict().items()} for row in ROW.finditer(PAGE)]
FUNCTIONS = {"read_config", "exists", "list_dir", "owner", "note"}
CONTAINERS = [
    container("web-1", labels={"role": "web"}, networks={"front": "10.0.0.1"}),
    container("web-2", labels={"role": "web"}, networks={"front": "10.0.0.2"}),
    container("db", labels={"role": "db"}, networks={"back": "10.0.1.1"}),
]


def test_every_filter_is_in_the_manual_and_no_other() -> None:
    """The tables name the project's own filters and functions, each once."""
    own = own_filters(TemplateEnvironment(DictLoader({})))
    assert sorted(re.match(r"\w+", row["call"])[0] for row in ROWS) == sorted(own.keys() | FUNCTIONS)  # type: ignore[index] # each row has a name


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["call"])
def test_every_example_gives_what_the_manual_says(row: dict[str, str]) -> None:
    """Examples are run as they stand."""
    assert render(row["example"], *CONTAINERS, strict=True).strip() == row["result"]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["call"])
def test_every_argument_in_the_manual_exists(row: dict[str, str]) -> None:
    """The named arguments of a row are those of the function."""
    environment = TemplateEnvironment(DictLoader({}))
    name = row["call"].partition("(")[0]
    if name in FUNCTIONS:
        return
    names = re.findall(r"(\w+)=", row["call"])
    assert set(names) <= set(inspect.signature(environment.filters[name]).parameters) if names else True


def test_what_is_left_out_of_jinja_is_told() -> None:
    """All of Jinja's filters are there but those that the manual names."""
    environment = TemplateEnvironment(DictLoader({}))
    missing = FILTERS.keys() - environment.filters.keys()
    assert missing == LEFT_OUT
    assert all(f"`{name}`" in PAGE for name in missing)
    assert "lipsum" not in environment.globals
