"""What a whole run asks of an engine is what `permissions` prints for its options."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.support.fake_engine import FakeEngine
from tests.support.process import PygenProcess

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TELLING = ["--signal", "fragile", "HUP", "--signal", "plain", "HUP", "--restart", "app", "--interval", "0"]


@contextmanager
def started(arguments: list[str | Path], folder: Path) -> Iterator[PygenProcess]:
    """The program, which is ended in any case."""
    program = PygenProcess(arguments, folder=folder)
    try:
        yield program
    finally:
        program.kill()


def allowed(folder: Path, options: list[str]) -> list[tuple[str, str]]:
    """Method and path pattern of each argument that `permissions` prints for a socket proxy."""
    with started(["permissions", "--format", "socket-proxy", *options], folder) as program:
        assert program.wait_for_end() == 0, program.log()
    arguments = [re.fullmatch(r"-allow(GET|POST)=(.+)", line) for line in program.printed().splitlines()]
    assert all(arguments), program.printed()
    return [(match[1], match[2]) for match in arguments if match]


def matching_lines(request: tuple[str, str], lines: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The lines that let a request through, as the proxy reads them: anchored, and without the query."""
    method, path = request[0], request[1].partition("?")[0]
    return [line for line in lines if line[0] == method and re.fullmatch(line[1], path)]


def populate(engine: FakeEngine) -> None:
    """One container that has to be told by exec, one by kill, one that is restarted."""
    engine.add_container("fragile", restart_policy="always")
    engine.add_container("plain")
    engine.add_container("app")


@pytest.mark.parametrize("via", ["auto", "kill"])
def test_a_run_asks_for_every_printed_line_and_for_nothing_else(tmp_path: Path, via: str) -> None:
    """Each request is let through by a line, and no line but `start`, for a failed restart, is there for nothing."""
    options = [*TELLING, "--signal-via", via]
    lines = allowed(tmp_path, options)
    with FakeEngine() as engine:
        populate(engine)
        template = "#{% for c in containers %}{{ c.name }} {{ c.networks.first.internal }} {% endfor %}"
        target = tmp_path / "target"
        options += ["--docker-address", engine.address]
        with started(["--template", template, "--target", target, *options], tmp_path) as program:
            # A delivery's last request comes after the signal itself.
            program.wait_for(lambda: program.log().count(" delivered to ") >= 3, what="all notifications")
            program.wait_for(lambda: engine.calls["events"] > 0, what="a subscription")
        requests = list(engine.requests)
    unlisted = {request for request in requests if not matching_lines(request, lines)}
    assert not unlisted
    used = {line for request in requests for line in matching_lines(request, lines)}
    assert [path for method, path in lines if (method, path) not in used] == [
        path for _, path in lines if path.endswith("/start") and "/containers/" in path
    ]


def test_one_shot_asks_for_what_is_printed_for_it(tmp_path: Path) -> None:
    """Without a subscription the list is shorter, and is still enough."""
    options = ["--one-shot", "--signal", "plain", "HUP", "--signal-via", "kill"]
    lines = allowed(tmp_path, options)
    with FakeEngine() as engine:
        populate(engine)
        options += ["--docker-address", engine.address]
        with started(["--template", "# x", "--target", tmp_path / "t", *options], tmp_path) as program:
            assert program.wait_for_end() == 0, program.log()
        assert [signal.signal for signal in engine.signals] == ["SIGHUP"]
        requests = list(engine.requests)
    assert all(matching_lines(request, lines) for request in requests)
    assert {line for request in requests for line in matching_lines(request, lines)} == set(lines)
