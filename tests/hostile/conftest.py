"""Render processes end with the test that made them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.templating.support import MADE

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _close_renderers() -> Iterator[None]:
    yield
    while MADE:
        MADE.pop().close()
