"""What the faults' tests share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.faults.scene import WatchedEngine
from tests.support.keeping import Keeper

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.process import PygenProcess
    from tests.support.real_engine import RealEngine


@pytest.fixture
def fake(tmp_path: Path) -> Iterator[WatchedEngine]:
    """A faulty engine whose containers read the target of `keeper`."""
    with WatchedEngine(tmp_path / "shared" / "target") as engine:
        yield engine


@pytest.fixture
def keeper(fake: WatchedEngine, pygen: Callable[..., PygenProcess], tmp_path: Path) -> Callable[[str], Keeper]:
    """`keeper(TEMPLATE)` can start the program on this template and a target, on the faulty engine."""
    return lambda template: Keeper(pygen, fake.address, tmp_path, template)


@pytest.fixture
def real_keeper(engine: RealEngine, pygen: Callable[..., PygenProcess], tmp_path: Path) -> Callable[[str], Keeper]:
    """The same on a real engine."""
    return lambda template: Keeper(pygen, engine.address, tmp_path, template)
