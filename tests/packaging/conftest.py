"""The wheel, built once for the tests that look into it, and installed where nothing else is."""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv
from typing import TYPE_CHECKING

import pytest

from tests.support.process import ROOT

if TYPE_CHECKING:
    from pathlib import Path

_NOT_SENT = shutil.ignore_patterns(".git", ".venv", ".*_cache", "__pycache__", ".hypothesis", "*.egg-info", "build")


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel's path; built from a copy, so that the working tree stays as it is, and without a network."""
    source = tmp_path_factory.mktemp("source") / "pygen"
    shutil.copytree(ROOT, source, ignore=_NOT_SENT)
    _run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(source.parent), str(source))
    (path,) = source.parent.glob("*.whl")
    return path


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` folder of a virtual environment with the wheel; what it depends on is lent by our own environment."""
    home = tmp_path_factory.mktemp("installed")
    venv.create(home, symlinks=True, with_pip=False)
    _run(sys.executable, "-m", "pip", "--python", str(home / "bin" / "python"), *_QUIETLY, str(wheel))
    (packages,) = home.glob("lib/python*/site-packages")
    ours = [path for path in sys.path if path.endswith("site-packages")]
    (packages / "lent.pth").write_text("\n".join(ours) + "\n")
    return home / "bin"


_QUIETLY = ("install", "--quiet", "--no-index", "--no-deps", "--no-warn-script-location", "--disable-pip-version-check")


def _run(*command: str) -> None:
    outcome = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert outcome.returncode == 0, f"{command}: {outcome.stdout}{outcome.stderr}"
