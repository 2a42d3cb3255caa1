"""What the faults' tests share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.faults.configured import Configured
from tests.faults.watched_engine import WatchedEngine
from tests.support.running_program import ProgramStarter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.process import PygenProcess
    from tests.support.real_engine import RealEngine


@pytest.fixture
def fake(tmp_path: Path) -> Iterator[WatchedEngine]:
    """A faulty engine whose containers read the target of `make_starter`."""
    with WatchedEngine(tmp_path / "shared" / "target") as engine:
        yield engine


@pytest.fixture
def configured(tmp_path: Path) -> Iterator[Configured]:
    """A program with configuration files; nothing is written or started yet."""
    with Configured(tmp_path) as made:
        yield made


@pytest.fixture
def make_starter(
    fake: WatchedEngine, pygen: Callable[..., PygenProcess], tmp_path: Path
) -> Callable[[str], ProgramStarter]:
    """`make_starter(TEMPLATE)` can start the program on this template and a target, on the faulty engine."""
    return lambda template: ProgramStarter(pygen, fake.address, tmp_path, template)


@pytest.fixture
def make_real_starter(
    engine: RealEngine, pygen: Callable[..., PygenProcess], tmp_path: Path
) -> Callable[[str], ProgramStarter]:
    """The same on a real engine."""
    return lambda template: ProgramStarter(pygen, engine.address, tmp_path, template)
