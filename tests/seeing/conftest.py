"""What these tests see with: a browser of the worker's own, and an engine whose containers a test moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.browser import Browser
from tests.support.fake_engine import FakeEngine

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One for all tests of a file: starting it is what takes long."""
    with Browser() as browser:
        yield browser


@pytest.fixture
def browser(chromium: Browser) -> Browser:
    """The browser as if fresh: a window's size, light, an empty page, no old requests."""
    chromium.resize(1280, 900)
    chromium.prefer("light")
    chromium.open("about:blank")
    chromium.requested()
    chromium.complaints()
    return chromium


@pytest.fixture
def fake_engine() -> Iterator[FakeEngine]:
    """An engine of this test's own."""
    with FakeEngine() as engine:
        yield engine
