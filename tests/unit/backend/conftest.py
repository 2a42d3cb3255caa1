"""What the tests of the wall share: a fake engine, and readers whose every edge is counted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from reconciler.backend.address import EngineAddress
from reconciler.backend.beside import Beside
from reconciler.backend.engine_link import Timeouts
from reconciler.backend.engine_reader import HttpEngineReader
from tests.support.fake_engine import FakeEngine
from tests.unit.backend.recording_observer import RecordingObserver

MakeReader = Callable[..., HttpEngineReader]


@pytest.fixture
def engine() -> Iterator[FakeEngine]:
    """A fake engine on a unix socket."""
    with FakeEngine() as running:
        yield running


@pytest.fixture
def observer() -> RecordingObserver:
    """What was counted, and slept."""
    return RecordingObserver()


@pytest.fixture
def make_reader(engine: FakeEngine, observer: RecordingObserver) -> Iterator[MakeReader]:
    """Makes readers of the fake engine that never really sleep, and closes them."""
    made: list[HttpEngineReader] = []

    def make(address: str | None = None, **options: Any) -> HttpEngineReader:
        edges: dict[str, Any] = {
            "timeouts": Timeouts(connect_s=30, read_s=30, answer_s=60),
            "sleep": observer.sleep,
            "random": lambda: 1.0,
            "observer": observer,
            "beside": Beside(spawn=observer.spawn, unexpected=observer.unexpected),
        }
        reader = HttpEngineReader(
            EngineAddress.parse(address or engine.address, {}),
            **(edges | options),
        )
        made.append(reader)
        return reader

    yield make
    for reader in made:
        reader.close()


@pytest.fixture
def reader(make_reader: MakeReader) -> HttpEngineReader:
    """A reader of the fake engine."""
    return make_reader()
