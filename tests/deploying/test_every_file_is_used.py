"""No file below deploy/ is there that no test uses."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

import pytest

from tests.support.process import ROOT

if TYPE_CHECKING:
    from pathlib import Path

DEPLOY = ROOT / "deploy"
FILES = sorted(path for path in DEPLOY.rglob("*") if path.is_file())
#: Every page is opened by test_every_recipe_s_page_is_true_to_its_folder, whatever the recipe is called.
PAGES = sorted(path for path in FILES if path.name == "README.md")
#: What a file is used by, where that is another file that a test uses: a mount, an import, an include.
_MENTIONS = re.compile(r"[\w./-]+\.(?:j2|yaml|json|conf|service|toml)\b")


@cache
def _tests() -> str:
    """The text of all tests but this one, and of the command `dev`, whose demo a test runs."""
    own = ROOT / "tests" / "deploying" / "test_every_file_is_used.py"
    texts = [ROOT / "dev", *sorted((ROOT / "tests").rglob("*.py"))]
    return "\n".join(path.read_text() for path in texts if path != own)


def _is_named_by_a_test(path: Path) -> bool:
    """By its path below deploy/, or by its name beside the name of its folder."""
    inside = path.relative_to(DEPLOY)
    parts = [f'"{part}"' for part in inside.parts[-2:]]
    recipe = str(inside).removeprefix("recipes/")
    return any(text in _tests() for text in (f'"{recipe}"', f"deploy/{inside}", " / ".join(parts))) or (
        path.name == "compose.yaml" and 'glob("recipes/*/compose.yaml")' in _tests()
    )


def _used() -> set[Path]:
    """What tests name, and what these files name in turn."""
    used = {path for path in FILES if _is_named_by_a_test(path)}
    waiting = list(used)
    while waiting:
        by = waiting.pop()
        names = {name.rpartition("/")[2] for name in _MENTIONS.findall(by.read_text(errors="replace"))}
        found = {path for path in FILES if path.name in names and by.parent in path.parents} - used
        used |= found
        waiting += found
    return used


def test_every_file_is_used_by_a_test() -> None:
    """Named by one, or by a file that is."""
    assert sorted(set(FILES) - _used() - set(PAGES)) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.parent.name)
def test_every_recipe_s_page_is_true_to_its_folder(page: Path) -> None:
    """Variables that it sets are those of its compose file or template, and its links lead somewhere."""
    text = page.read_text()
    links = re.findall(r"\]\(([\w./-]+)\)", text)
    assert [link for link in links if not (page.parent / link).exists()] == []
    beside = "\n".join(path.read_text() for path in page.parent.rglob("*") if path.is_file() and path != page)
    variables = set(re.findall(r"^    ([A-Z_]+)=", text, re.MULTILINE))
    assert {name for name in variables if name not in beside} == set()
    networks = set(re.findall(r"--network (\S+)", text))
    projects = set(re.findall(r"^name: (\S+)$", beside, re.MULTILINE))
    assert networks <= {f"{project}_default" for project in projects}
