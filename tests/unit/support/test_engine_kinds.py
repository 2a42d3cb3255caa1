"""Each kind of engine keeps to its folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.engine_daemon import EngineUnavailableError, check_the_machine
from tests.support.engine_kinds import KINDS, PODMAN, EngineKind, api_socket
from tests.support.process import ROOT

if TYPE_CHECKING:
    from pathlib import Path

_BY_NAME = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)


@_BY_NAME
def test_the_last_process_is_the_engine_and_each_names_the_folder(kind: EngineKind, tmp_path: Path) -> None:
    """By that what is left of an engine is found, should its owner be killed."""
    services = kind.services(tmp_path)
    assert services[-1].socket == api_socket(tmp_path)
    for service in services:
        assert any(f"{tmp_path}/" in argument for argument in service.arguments)


@_BY_NAME
def test_every_package_that_it_needs_is_installed_by_dev(kind: EngineKind) -> None:
    """With the program that proves it to be there; those of the base system are there anyway."""
    parts = (ROOT / "dev").read_text().split("REAL_PARTS='")[1].split("'")[0]
    assert {f"{tool} {package}" for tool, package in kind.tools.items() if package != "util-linux"} <= set(
        parts.splitlines()
    )


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """And what installs it; a test that cannot have its engine fails."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("os.geteuid", lambda: 0)
    kind = EngineKind(name="none", tools={"no-such-program": "no-such-package"}, services=PODMAN.services)
    with pytest.raises(EngineUnavailableError, match=r"no-such-package: \./dev test installs them"):
        check_the_machine(kind)
