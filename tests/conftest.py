"""Fixtures of all tests, and what holds for each of them."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest

from tests.support.engine_daemon import EngineUnavailableError
from tests.support.engine_kinds import KINDS, STABLE, EngineKind
from tests.support.examples import examples
from tests.support.podman_engine import new_engine
from tests.support.process import ROOT, PygenProcess

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.real_engine import RealEngine

# A slow machine is no reason to fail; and in CI the same examples are tried each time.
hypothesis.settings.register_profile(
    "pygen",
    max_examples=examples(100),
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
    derandomize=bool(os.environ.get("CI")),
    database=None,
    print_blob=True,
)
hypothesis.settings.load_profile("pygen")


_SLOW_FIRST = ("image", "faults", "recipes", "seeing", "deploying", "real", "bench", "packaging")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long, so that no worker is left alone with it at the end.

    Tests on the same engine stay together, so that few workers need one of each kind.
    """
    order = {folder: place for place, folder in enumerate(_SLOW_FIRST)}
    items.sort(
        key=lambda item: (order.get(item.path.relative_to(ROOT / "tests").parts[0], len(order)), _engine_of(item))
    )


def _engine_of(item: pytest.Item) -> str:
    """The kind's name where a test runs on several, else ''."""
    parameters = getattr(item, "callspec", None)
    kind = parameters.params.get("engine_kind") if parameters is not None else None
    return kind.name if isinstance(kind, EngineKind) else ""


class _EngineHolder:
    """This worker's engines, one of each kind: started when first needed, and anew where the last start failed."""

    def __init__(self) -> None:
        self._engines: dict[str, RealEngine] = {}

    def get(self, kind: EngineKind) -> RealEngine:
        if kind.name not in self._engines:
            engine = new_engine(kind)
            try:
                engine.start()
            except BaseException:
                engine.stop()
                raise
            self._engines[kind.name] = engine
        return self._engines[kind.name]

    def drop(self, kind: EngineKind) -> None:
        engine = self._engines.pop(kind.name, None)
        if engine is not None:
            engine.stop()

    def drop_all(self) -> None:
        with contextlib.ExitStack() as ending:
            for kind in KINDS:
                ending.callback(self.drop, kind)


@pytest.fixture(scope="session")
def engine_holder() -> Iterator[_EngineHolder]:
    """Keeps the engines between tests; ask for `engine`."""
    holder = _EngineHolder()
    yield holder
    holder.drop_all()


@pytest.fixture
def engine_kind() -> EngineKind:
    """Which engine `engine` is; `tests/real` runs some of its tests on each."""
    return STABLE


@pytest.fixture
def engine(engine_holder: _EngineHolder, engine_kind: EngineKind) -> Iterator[RealEngine]:
    """A real engine of this worker's own, up and without containers, networks and volumes.

    Where none can be had the test fails, and says why. An engine that cannot be cleaned is replaced.
    """
    try:
        engine = engine_holder.get(engine_kind)
    except EngineUnavailableError as error:
        pytest.fail(f"no real engine: {error}", pytrace=False)
    yield engine
    try:
        engine.prune()
    except Exception:
        engine_holder.drop(engine_kind)
        raise


@pytest.fixture
def pygen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., PygenProcess]]:
    """Starts the program: `pygen('--template', path, env={}, cwd=path)`, see PygenProcess. Ended after the test."""
    folder: Path = tmp_path_factory.mktemp("pygen")
    with contextlib.ExitStack() as started:

        def start(*arguments: str | Path, **options: Any) -> PygenProcess:
            process = PygenProcess(arguments, folder=folder, **options)
            started.callback(process.kill)
            return process

        yield start
