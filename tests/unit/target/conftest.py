"""Fixtures of the target's tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import pytest

from reconciler.target.file import FileTarget
from tests.unit.target.mounts_and_users import open_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Opens(Protocol):
    """Opens a file target."""

    def __call__(self, path: Path | str) -> FileTarget:
        """Open it; it is closed when the test ends."""


@pytest.fixture
def warnings() -> list[str]:
    """What targets of this test warned of."""
    return []


@pytest.fixture
def opened(warnings: list[str]) -> Iterator[Opens]:
    """Opens file targets and closes them at the end."""
    targets: list[FileTarget] = []

    def open_one(path: Path | str) -> FileTarget:
        targets.append(FileTarget(str(path), warn=warnings.append, limit_bytes=1 << 24))
        return targets[-1]

    yield open_one
    for target in targets:
        target.close()


@pytest.fixture
def shared_folder() -> Iterator[Path]:
    """A folder that every user can write to."""
    with open_folder() as folder:
        yield folder
