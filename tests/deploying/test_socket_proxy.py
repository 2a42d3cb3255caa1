"""A proxy with just the printed list: enough for the main job, and each line that is missing is named."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

import tests.real.test_main_job as main_job
import tests.real.test_ways_of_telling as ways_of_telling
from reconciler.backend.permissions import OPERATIONS, Operation
from reconciler.cli.permissions import socket_proxy_argument
from tests.deploying.permissions_proxy import ProxiedProgramStarter, guarded, permitted
from tests.support.fake_engine import FakeEngine
from tests.support.ports import reserve_port
from tests.support.running_program import NO_RESYNC, ProgramStarter, ReaderContainer
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.process import PygenProcess
    from tests.support.real_engine import RealEngine

#: One container that has to be told by exec, one by kill, one that is restarted: every request is needed.
TELLING = ("--signal", "fragile", "HUP", "--signal", "plain", "HUP", "--restart", "app", "--interval", "0")
NAMES = "{% for c in containers.not_matching('app') %}{{ c.name }}\n{% endfor %}"
TEMPLATE = "#{% for c in containers %}{{ c.name }} {{ c.networks.first.internal }} {% endfor %}"

# The main job's suite, once more, with the starter of this file: they are collected here because they are named here.
globals().update({name: test for name, test in vars(main_job).items() if name.startswith("test_")})
test_auto_spares_restart_policies = ways_of_telling.test_auto_spares_restart_policies
test_the_way_that_is_asked_for_is_taken = ways_of_telling.test_the_way_that_is_asked_for_is_taken


@pytest.fixture
def make_starter(
    engine: RealEngine, pygen: Callable[..., PygenProcess], tmp_path: Path
) -> Iterator[Callable[[str], ProxiedProgramStarter]]:
    """In place of the suite's own: between the program and the real engine is a proxy for its options alone."""
    with ExitStack() as proxies:
        yield lambda template: ProxiedProgramStarter(pygen, engine.socket, tmp_path, template, proxies)


@pytest.mark.parametrize("missing", OPERATIONS, ids=lambda operation: str(operation.name))
def test_a_missing_line_is_named_and_then_only_has_to_be_added(
    pygen: Callable[..., PygenProcess], tmp_path: Path, missing: Operation
) -> None:
    """The message has method and path, as the list has them; with the whole list everybody is told after all."""
    (lines,) = permitted(pygen, ("--template", TEMPLATE, *TELLING))
    spoilt = [line for line in lines if line != socket_proxy_argument(missing)]
    assert len(spoilt) == len(lines) - 1
    port = reserve_port()
    with FakeEngine() as engine:
        ids = _populate(engine)
        told = ["--template", TEMPLATE, "--target", tmp_path / "target", *TELLING]
        with guarded(_socket_of(engine), spoilt, port) as address:
            program = pygen(*told, "--docker-address", address)
            program.wait_for_log(f"has to allow {missing.line}")
        with guarded(_socket_of(engine), lines, port):
            program.wait_for(lambda: _everybody_is_told(engine, ids), what="everybody to be told")
        program.stop()


def test_a_method_of_which_nothing_is_allowed_is_named_too(pygen: Callable[..., PygenProcess], tmp_path: Path) -> None:
    """The proxy says 405 then, not 403."""
    (lines,) = permitted(pygen, ("--template", "# x", "--restart", "app"))
    reading = [line for line in lines if not line.startswith("-allowPOST")]
    assert len(reading) < len(lines)
    with FakeEngine() as engine:
        _populate(engine)
        with guarded(_socket_of(engine), reading) as address:
            told = ("--template", "# x", "--target", tmp_path / "target", "--restart", "app", "--interval", "0")
            program = pygen(*told, "--docker-address", address)
            program.wait_for_log("refused with status 405")
            program.wait_for_log("has to allow POST /containers/{container}/restart")
            program.stop()


def test_reading_needs_no_post_where_telling_has_an_address_of_its_own(
    engine: RealEngine, pygen: Callable[..., PygenProcess], tmp_path: Path
) -> None:
    """Through the one proxy nobody can be told, through the other nothing be listed: together they do all of it."""
    engine.run("app")
    begun = engine.started_at("app")
    options = (*NO_RESYNC, "--signal", "reader", "HUP", "--restart", "app", "--interval", "0")
    addresses = ("--docker-address", "tcp://reading:1", "--notify-docker-address", "tcp://telling:1")
    reading, telling = permitted(pygen, ("--template", "x", *options, *addresses))
    assert not [line for line in reading if line.startswith("-allowPOST")]
    assert not [line for line in telling if "/containers/json" in line or "/events" in line]
    with guarded(engine.socket, reading) as read_at, guarded(engine.socket, telling) as tell_at:
        starter = ProgramStarter(pygen, read_at, tmp_path, NAMES)
        reader = ReaderContainer(engine, starter.shared, restart_policy="always")
        running = starter.start(*options, "--notify-docker-address", tell_at)
        running.await_content("reader")
        reader.await_told("reader")
        wait_for(lambda: engine.started_at("app") != begun, what="app to be restarted")
        engine.run("web")
        running.await_content("reader", "web")
        reader.await_told("reader web")
        running.await_settled()
        assert running.warnings() == []
        running.program.stop()


def _populate(engine: FakeEngine) -> set[str]:
    """The ids of those who are signalled."""
    signalled = {engine.add_container("fragile", restart_policy="always"), engine.add_container("plain")}
    engine.add_container("app")
    # Only a restart that fails half-way needs `start`.
    engine.fault("restart", status=500, effect="stop")
    return signalled


def _everybody_is_told(engine: FakeEngine, signalled: set[str]) -> bool:
    return {signal.container_id for signal in engine.signals} == signalled and engine.calls["start"] > 0


def _socket_of(engine: FakeEngine) -> str:
    return engine.address.removeprefix("unix://")
