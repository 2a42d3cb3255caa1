"""Targets that are written and never read back: standard output, a FIFO, a device."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.running_program import NO_RESYNC, ProgramStarter

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.fake_engine import FakeEngine
    from tests.support.process import PygenProcess
    from tests.support.real_engine import RealEngine

NAMES = "# {% for c in containers %}{{ c.name }} {% endfor %};"


@pytest.mark.parametrize("target", [None, "-", "/dev/stdout"])
def test_standard_output_gets_each_new_content_once(
    engine: RealEngine, pygen: Callable[..., PygenProcess], tmp_path: Path, target: str | None
) -> None:
    """The same content is not printed again; the log is on standard error; readers are told."""
    engine.run_listener("reader")
    options = [] if target is None else ["--target", target]
    signals = ["--signal", "reader", "HUP", "--interval", "0"]
    program = pygen("--template", NAMES, "--docker-address", engine.address, *options, *signals, *NO_RESYNC)
    program.wait_for(lambda: program.printed() == "reader ;", what="the first content")
    program.wait_for(lambda: engine.signals_seen("reader") == ["SIGHUP"], what="the signal")
    engine.run("web")
    program.wait_for(lambda: program.printed() == "reader ;reader web ;", what="the second content")
    engine.exec("web", "true")
    engine.remove("web")
    program.wait_for(lambda: program.printed() == "reader ;reader web ;reader ;", what="the third content")
    labels = {"target": target or "-", "mode": "stream", "result": "success"}
    assert program.metric("pygen_target_writes_total", **labels) == 3
    assert "INFO" in program.log()
    assert program.stop() == 0


def test_standard_error_can_be_the_target(fake: FakeEngine, pygen: Callable[..., PygenProcess]) -> None:
    """The content stands between the log's lines."""
    fake.add_container("web")
    program = pygen("--one-shot", "--template", NAMES, "--target", "/dev/stderr", "--docker-address", fake.address)
    assert program.wait_for_end() == 0
    assert "web ;" in program.log()
    assert program.printed() == ""


def test_a_fifo_is_written_and_stays_one(
    fake: FakeEngine, make_faked_starter: Callable[[str], ProgramStarter], tmp_path: Path
) -> None:
    """Each content arrives whole; nothing is put in its place or beside it."""
    folder = tmp_path / "pipes"
    folder.mkdir()
    fifo = folder / "fifo"
    os.mkfifo(fifo)
    fake.add_container("web")
    running = make_faked_starter(NAMES.removeprefix("# ")).start(*NO_RESYNC, "--target", fifo, "--signal", "web", "HUP")
    assert fifo.read_text() == "web ;"
    fake.add_container("web-2")
    assert fifo.read_text() == "web web-2 ;"
    assert fifo.is_fifo()
    assert running.program.stop() == 0
    assert [path.name for path in folder.iterdir()] == ["fifo"]


def test_a_device_is_written_and_stays_one(
    fake: FakeEngine, make_faked_starter: Callable[[str], ProgramStarter]
) -> None:
    """Nothing is made in its folder."""
    fake.add_container("web")
    status, running = make_faked_starter("x").one_shot("--target", "/dev/null")
    assert status == 0, running.program.log()
    assert Path("/dev/null").stat().st_rdev == os.makedev(1, 3)
    assert not list(Path("/dev").glob(".*.pygen"))
