"""What the tests on a real engine share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.engine_kinds import KINDS, STABLE, UNSTABLE, EngineKind
from tests.support.fake_engine import FakeEngine
from tests.support.running_program import ProgramStarter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.process import PygenProcess
    from tests.support.real_engine import RealEngine


#: The suite of the main job. What is about the program alone runs on one engine.
_ON_EVERY_ENGINE = frozenset(
    {
        "test_engine_fixture",
        "test_ends_from_events",
        "test_main_job",
        "test_ways_of_matching",
        "test_ways_of_telling",
        "test_exec",
        "test_own_container",
        "test_kill_points",
        "test_metric_values",
        "test_engine_filters",
    }
)
#: What Podman shows otherwise, as `test_podman` says.
_ON_BOTH_DOCKERS = frozenset({"test_odd_containers"})


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run the suite of the main job on each engine that people run."""
    if "engine" in metafunc.fixturenames and (kinds := _kinds_for(metafunc.module.__name__.rpartition(".")[2])):
        metafunc.parametrize("engine_kind", kinds, ids=lambda kind: kind.name)


def _kinds_for(module: str) -> tuple[EngineKind, ...]:
    if module in _ON_EVERY_ENGINE:
        return KINDS
    return (STABLE, UNSTABLE) if module in _ON_BOTH_DOCKERS else ()


@pytest.fixture
def make_starter(
    engine: RealEngine, pygen: Callable[..., PygenProcess], tmp_path: Path
) -> Callable[[str], ProgramStarter]:
    """`make_starter(TEMPLATE)` can start the program on this template and a target, on the real engine."""
    return lambda template: ProgramStarter(pygen, engine.address, tmp_path, template)


@pytest.fixture
def fake() -> Iterator[FakeEngine]:
    """An engine that goes wrong on demand, for what no real one can be brought to do."""
    with FakeEngine() as engine:
        yield engine


@pytest.fixture
def make_faked_starter(
    fake: FakeEngine, pygen: Callable[..., PygenProcess], tmp_path: Path
) -> Callable[[str], ProgramStarter]:
    """`make_faked_starter(TEMPLATE)`: like `make_starter`, on the fake engine."""
    return lambda template: ProgramStarter(pygen, fake.address, tmp_path, template)
