"""What the status page costs those who never look at it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support.process import ROOT

pytestmark = pytest.mark.processes


def test_a_start_imports_nothing_that_only_a_look_needs() -> None:
    """Neither the values nor what reads the page's files: they take a good part of a start's time."""
    script = "import sys, reconciler.running; print(*sorted(sys.modules))"
    found = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True
    )
    imported = set(found.stdout.split())
    assert "reconciler.status.board" in imported
    assert not {"reconciler.status.values", "reconciler.status.gathering", "importlib.resources"} & imported
