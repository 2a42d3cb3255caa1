"""The lock files pin everything, and say nothing of where it was found."""

from __future__ import annotations

import re
import tomllib

import pytest

from tests.support.process import ROOT

LOCKS = ("runtime", "dev", "build")
_PIN = re.compile(r"(?P<name>[a-z0-9._-]+)==(?P<version>[^ ;]+)(?P<marker> ; [^\\]+)? \\")
_HASH = re.compile(r"    --hash=sha256:[0-9a-f]{64}( \\)?")


def _lines(lock: str) -> list[str]:
    return (ROOT / "requirements" / f"{lock}.txt").read_text().splitlines()


def _pins(lock: str) -> dict[str, str]:
    found = (_PIN.fullmatch(line) for line in _lines(lock))
    return {match["name"].replace("_", "-").replace(".", "-"): match["version"] for match in found if match}


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_file_is_pins_and_hashes_and_nothing_else(lock: str) -> None:
    """No option, address, host or path stands in it, and every pin has a hash."""
    lines = _lines(lock)
    odd = [line for line in lines if line and not _PIN.fullmatch(line) and not _HASH.fullmatch(line) and line[0] != "#"]
    assert odd == []
    assert not [line for line in lines if "//" in line or "/" in line.partition("#")[0]]
    unhashed = [
        line
        for line, after in zip(lines, [*lines[1:], ""], strict=True)
        if _PIN.fullmatch(line) and not _HASH.fullmatch(after)
    ]
    assert unhashed == []


def test_what_the_project_depends_on_is_pinned() -> None:
    """Every dependency of pyproject.toml is in the lock for running it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needed = {re.split(r"[<>=]", text)[0].replace(".", "-") for text in project["dependencies"]}
    assert needed <= set(_pins("runtime"))


def test_what_is_tested_is_what_runs() -> None:
    """The tests' lock holds the very versions that the program's has, and the tool that builds it."""
    both = {**_pins("runtime"), **_pins("build")}
    tested = _pins("dev")
    assert {name: tested.get(name) for name in both} == both
