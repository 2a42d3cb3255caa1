"""No module leads back to itself by what it imports, for types alone and inside functions included."""

from __future__ import annotations

import ast
import tomllib
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

import pytest

from tests.support.process import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


def import_graph(root: Path, packages: Iterable[str]) -> dict[str, set[str]]:
    """What each module of the packages imports of them, wherever in its text."""
    paths = {_name(path.relative_to(root)): path for package in packages for path in (root / package).rglob("*.py")}
    return {name: set(_imports(path, paths.keys())) - {name} for name, path in paths.items()}


def _name(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def _imports(path: Path, modules: Iterable[str]) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports are not followed"
            for alias in node.names:
                member = f"{node.module}.{alias.name}"
                yield from {member if member in modules else str(node.module)} & set(modules)


def circle(graph: dict[str, set[str]]) -> list[str]:
    """The modules of one circle, the first of them at the end again; empty where there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(reversed(error.args[1]))
    return []


def test_no_imports_run_in_a_circle() -> None:
    """Of types neither: modules that know each other are one idea, or something in them is in the wrong place."""
    linter = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    graph = import_graph(ROOT, [*linter["root_packages"], "tests"])
    assert "models.container" in graph["models.snapshot"]
    found = circle(graph)
    assert not found, " -> ".join(found)


@pytest.mark.parametrize(
    "text",
    [
        "import room.a",
        "from room.a import A",
        "from room import a",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from room.a import A",
        "def late() -> None:\n    from room import other, a",
    ],
)
def test_any_import_closes_a_circle(text: str, tmp_path: Path) -> None:
    """However it is written."""
    room = tmp_path / "room"
    room.mkdir()
    for name, content in {"__init__": "", "a": "from room.b import B", "b": "from room import c", "c": text}.items():
        (room / f"{name}.py").write_text(content)
    (room / "other.py").write_text("import room.a")
    found = circle(import_graph(tmp_path, ["room"]))
    assert {f"room.{name}" for name in "abc"} <= set(found)
    assert found[0] == found[-1]
    (room / "c.py").write_text("import json")
    assert not circle(import_graph(tmp_path, ["room"]))
