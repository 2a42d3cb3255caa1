"""What the tests on a real engine share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.keeping import Keeper

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.process import PygenProcess
    from tests.support.real_engine import RealEngine


@pytest.fixture
def keeper(engine: RealEngine, pygen: Callable[..., PygenProcess], tmp_path: Path) -> Callable[[str], Keeper]:
    """`keeper(TEMPLATE)` can start the program on this template and a target, on the real engine."""
    return lambda template: Keeper(pygen, engine.address, tmp_path, template)
