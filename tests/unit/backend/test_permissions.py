"""The table of requests, held to what is really asked of an engine."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from notify.actions.command import Command
from notify.actions.exec import Exec
from notify.actions.http import Http
from notify.actions.restart import Restart
from notify.actions.signal import Signal
from reconciler.backend.address import EngineAddress
from reconciler.backend.docker_sdk import SdkNotifyPort
from reconciler.backend.engine_reader import HttpEngineReader
from reconciler.backend.permissions import (
    OPERATIONS,
    Operation,
    needed,
    operation_named,
    reading_needs,
    telling_needs,
)
from tests.support.fake_engine import FakeEngine

if TYPE_CHECKING:
    from collections.abc import Iterable

    from notify.actions.action import Action, SignalVia


def asked_of(engine: FakeEngine) -> set[str]:
    """The names of the operations that the engine was asked for; a request that is none of them fails the test."""
    return {_operation_of(method, target.partition("?")[0]).name for method, target in engine.requests}


def _operation_of(method: str, path: str) -> Operation:
    (operation,) = [each for each in OPERATIONS if each.method == method and re.fullmatch(each.pattern, path)]
    return operation


def names(operations: Iterable[Operation]) -> set[str]:
    """The names of operations."""
    return {operation.name for operation in operations}


def test_reading_asks_for_what_the_table_lists_and_for_nothing_else() -> None:
    """Every method of the reader together makes exactly the requests that reading needs."""
    with FakeEngine() as engine:
        container_id = engine.add_container("web-1")
        reader = HttpEngineReader(EngineAddress.parse(engine.address, {}))
        reader.events().close()
        reader.list()
        reader.inspect(container_id)
        list(reader.inspect_many([container_id]))
        reader.networks()
        reader.close()
        assert asked_of(engine) == names(needed(reading_needs(one_shot=False)))


def test_telling_asks_for_what_the_table_lists_and_for_nothing_else() -> None:
    """Every method of the port together makes exactly the requests that signals and restarts may need."""
    with FakeEngine() as engine:
        container_id = engine.add_container("web-1")
        port = SdkNotifyPort(EngineAddress.parse(engine.address, {}))
        assert port.inspect("", container_id, timeout_s=30) is not None
        port.kill("", container_id, "SIGHUP", timeout_s=30)
        port.restart("", container_id, stop_timeout_s=None, timeout_s=30)
        port.start("", container_id, timeout_s=30)
        port.execute("", container_id, ["kill", "-HUP", "1"], timeout_s=30)
        port.close()
        both = [Signal("web-1", "SIGHUP"), Restart("web-1")]
        assert asked_of(engine) == names(needed(telling_needs(both, "auto")))


def test_one_shot_needs_no_events() -> None:
    """Only a program that stays subscribes."""
    assert names(needed(reading_needs(one_shot=False))) - names(needed(reading_needs(one_shot=True))) == {"events"}


@pytest.mark.parametrize(
    ("notification", "via", "expected"),
    [
        (Signal("a", "SIGHUP"), "auto", {"kill", "exec_create", "exec_start", "exec_inspect"}),
        (Signal("a", "SIGHUP"), "exec", {"exec_create", "exec_start", "exec_inspect"}),
        (Signal("a", "SIGHUP"), "kill", {"kill"}),
        (Signal("a", "SIGKILL"), "auto", {"kill"}),
        (Signal("a", "SIGSTOP"), "auto", {"kill"}),
        (Restart("a"), "auto", {"restart", "start"}),
        (Exec("a", ("true",)), "kill", {"exec_create", "exec_start", "exec_inspect"}),
        (Http("a", "http://{container}/"), "auto", set()),
    ],
)
def test_telling_needs_what_the_notification_may_take(notification: Action, via: SignalVia, expected: set[str]) -> None:
    """The version and an inspect come before each; the rest depends on what is sent, and how."""
    assert names(needed(telling_needs([notification], via))) == {"version", "inspect"} | expected


@pytest.mark.parametrize("notification", [Http("", "http://h/"), Command("", ("true",))])
def test_what_needs_no_container_asks_nothing_of_an_engine(notification: Action) -> None:
    """Not even for its version."""
    assert needed(telling_needs([notification], "auto")) == ()


def test_nobody_to_tell_needs_nothing() -> None:
    """Without notifications the address for them is not asked anything."""
    assert needed(telling_needs([], "auto")) == ()


def test_operations_do_not_overlap() -> None:
    """No request is two operations: else a line that is taken away would still be let through by another."""
    for operation in OPERATIONS:
        path = "/v1.41" + operation.path.replace("{container}", "0a1b").replace("{exec}", "0a1b")
        assert _operation_of(operation.method, path) is operation


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_every_operation_says_what_it_is_for(operation: Operation) -> None:
    """A line can be judged by itself, its pattern is one that Go's regular expressions take, and it has a name."""
    assert operation.why.startswith("to ")
    assert not re.search(r"\(\?|\\[^.]|[$^]", operation.pattern.replace(r"(/v[0-9]+\.[0-9]+)?", ""))
    assert operation_named(operation.name) is operation
    assert operation.needs
