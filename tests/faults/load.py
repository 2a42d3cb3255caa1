"""Load: containers that come, go, crash and change their names all the time, until they are left alone."""

from __future__ import annotations

import random
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

    from tests.faults.watched_engine import WatchedEngine

_PAUSE_S = 0.02
_NAMES = [f"box-{number}" for number in range(12)]


class Load:
    """Changes a fake engine's containers in a thread of its own. A context manager.

    Args:
        engine: whose.
        seed: which changes are made.
    """

    def __init__(self, engine: WatchedEngine, seed: int) -> None:
        self._engine = engine
        self._random = random.Random(seed)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Load:
        self._engine.run(*_NAMES)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Leave them alone."""
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.wait(_PAUSE_S):
            self._change(self._random.choice(_NAMES))

    def _change(self, name: str) -> None:
        with self._engine.lock:
            if self._engine.container(name).alive:
                self._engine.stop_container(name) if self._random.random() < 0.5 else self._engine.die(name)
            else:
                self._engine.start_container(name)
