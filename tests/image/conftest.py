"""The image of the Dockerfile, for tests that run it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.image.built_image import ensure_image

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.real_engine import RealEngine


@pytest.fixture
def image(engine: RealEngine, tmp_path: Path) -> str:
    """The image's tag on this test's engine; the first one that asks builds it."""
    return ensure_image(engine, tmp_path)
