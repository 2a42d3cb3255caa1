"""The page of faults says what is tested, and nothing else."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from tests.support.process import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PAGE = ROOT / "docs" / "faults.md"
HERE = ROOT / "tests" / "faults"
HOSTILE = ROOT / "tests" / "hostile"
#: `test_target.py::test_name` is in this folder, `tests/unit/...` is not.
_NAMED = re.compile(r"`([\w/]+\.py)::(\w+)`")


def named() -> set[tuple[Path, str]]:
    """Every test that the page names."""
    found = _NAMED.findall(PAGE.read_text())
    return {(ROOT / path if path.startswith("tests/") else HERE / path, test) for path, test in found}


def names_of_tests(path: Path) -> Iterator[str]:
    """The names of a file's tests: functions, and state machines."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield node.name
        elif isinstance(node, ast.Assign):
            yield from (each.id for each in node.targets if isinstance(each, ast.Name) and each.id.startswith("Test"))


def test_every_named_test_exists() -> None:
    """No row of the page promises a test that is not there."""
    missing = {f"{path.name}::{test}" for path, test in named() if test not in set(names_of_tests(path))}
    assert missing == set()


def test_every_fault_is_on_the_page() -> None:
    """Each test of this folder, this file's apart, and each attack, stands in a row."""
    files = [path for folder in (HERE, HOSTILE) for path in folder.glob("test_*.py") if path.name != "test_page.py"]
    here = {(path, test) for path in files for test in names_of_tests(path)}
    assert {f"{path.name}::{test}" for path, test in here - named()} == set()
