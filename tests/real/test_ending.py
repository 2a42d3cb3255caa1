"""The end by signal: soon, with status 0, and with everything sent or kept that is owed."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from tests.bench.usage import processor_s
from tests.support.running_program import NO_RESYNC, ProgramStarter, ReaderContainer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.fake_engine import FakeEngine
    from tests.support.real_engine import RealEngine

NEVER = ("--interval", "3600")
KEPT = "they are kept"


#: What is owed is given four seconds. A machine that is too busy for that keeps it for the next start: then try again.
TRIES = 5


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_what_is_owed_is_sent_at_once(
    engine: RealEngine, make_starter: Callable[[str], ProgramStarter], number: signal.Signals
) -> None:
    """Without waiting for MIN; the status is 0, and the next start has nothing to tell."""
    starter = make_starter("0")
    readers = [ReaderContainer(engine, starter.shared, name) for name in ("first", "second")]
    options = (*NO_RESYNC, *NEVER, "--signal", "first", "HUP", "--signal", "second", "HUP")
    for attempt in range(TRIES):
        starter.template.write_text(str(attempt))
        running = starter.start(*options)
        running.await_text(str(attempt))
        running.program.wait_for(lambda running=running: running.owed() == 2, what="both to be owed")  # type: ignore[misc]  # a default pins the value
        running.program.send(number)
        assert running.program.wait_for_end() == 0, running.program.log()
        assert "Traceback" not in running.program.log()
        was_kept = KEPT in running.program.log()
        status, later = starter.one_shot(*options)
        assert status == 0, later.program.log()
        for reader in readers:
            reader.await_told(str(attempt))
        if not was_kept:
            assert "delivered" not in later.program.log()
            return
    raise AssertionError(f"not once in {TRIES} tries: {running.program.log()}")


def test_what_cannot_be_sent_is_kept(fake: FakeEngine, make_faked_starter: Callable[[str], ProgramStarter]) -> None:
    """One target hangs and the other is told; the process ends by itself with 0, and the next start tells the rest."""
    fake.add_container("hangs")
    fake.add_container("works")
    fake.fault("kill", times=None, how="hang", container="hangs")
    starter = make_faked_starter("x")
    options = (*NO_RESYNC, *NEVER, "--signal", "hangs", "HUP", "--signal", "works", "HUP")
    running = starter.start(*options)
    running.program.wait_for(lambda: running.owed() == 2, what="both to be owed")
    assert running.program.stop() == 0, running.program.log()
    assert KEPT in running.program.log()
    assert fake.container("hangs").id not in {told.container_id for told in fake.signals}
    fake.heal()
    status, running = starter.one_shot(*options)
    assert status == 0, running.program.log()
    assert {told.container_id for told in fake.signals} == {fake.container("works").id, fake.container("hangs").id}


@pytest.mark.parametrize("operation", ["list", "inspect", "events", "version"])
def test_a_hanging_request_does_not_hold_it_up(
    fake: FakeEngine, make_faked_starter: Callable[[str], ProgramStarter], operation: str
) -> None:
    """The engine says nothing for ever; the end comes all the same, with 0."""
    fake.add_container("web")
    fake.fault(operation, times=None, how="hang")
    fake.fault("ping", times=None, how="hang")
    running = make_faked_starter("x").start(*NO_RESYNC)
    running.program.wait_for(lambda: fake.calls[operation] > 0, what="the request")
    assert running.program.stop() == 0, running.program.log()
    assert "Traceback" not in running.program.log()


def test_a_hanging_list_after_the_first_pass_keeps_debts_and_file(
    fake: FakeEngine, make_faked_starter: Callable[[str], ProgramStarter]
) -> None:
    """The file stays, and what is owed is sent on the way out, for that needs no list; else it is kept."""
    fake.add_container("web")
    starter = make_faked_starter("0")
    for attempt in range(TRIES):
        starter.template.write_text(str(attempt))
        running = starter.start("--resync", "0.5", *NEVER, "--signal", "web", "HUP")
        running.await_text(str(attempt))
        running.program.wait_for(lambda running=running: running.owed() == 1, what="a debt")  # type: ignore[misc]  # a default pins the value
        before = fake.calls["list"]
        fake.fault("list", times=None, how="hang")
        running.program.wait_for(lambda before=before: fake.calls["list"] > before, what="a hanging list")  # type: ignore[misc]  # likewise
        assert running.program.stop() == 0, running.program.log()
        assert starter.read() == str(attempt)
        told = len(fake.signals)
        fake.heal()
        if told == attempt + 1:
            return
        assert starter.one_shot("--signal", "web", "HUP")[0] == 0
        assert len(fake.signals) == attempt + 1
    raise AssertionError(f"not once in {TRIES} tries: {running.program.log()}")


def test_a_slow_restart_is_left_and_finished_after_the_next_start(
    fake: FakeEngine, make_faked_starter: Callable[[str], ProgramStarter]
) -> None:
    """The engine stopped the container and said no more: the process ends with 0, and the next one starts it."""
    fake.add_container("web")
    fake.fault("restart", how="hang", effect="stop")
    starter = make_faked_starter("x")
    running = starter.start(*NO_RESYNC, "--interval", "0", "--restart", "web")
    running.program.wait_for(lambda: not fake.container("web").running, what="the container to be stopped")
    assert running.program.stop() == 0, running.program.log()
    fake.heal()
    running = starter.start(*NO_RESYNC, "--interval", "0", "--restart", "web")
    running.program.wait_for(lambda: fake.container("web").running, what="the container to be started")
    running.await_settled()
    assert fake.restarts == []
    assert fake.calls["start"] == 1
    assert running.program.stop() == 0


def test_a_second_signal_ends_at_once(fake: FakeEngine, make_faked_starter: Callable[[str], ProgramStarter]) -> None:
    """What is owed stays in the state, and the status says which signal it was."""
    fake.add_container("web")
    fake.fault("kill", times=None, how="hang")
    starter = make_faked_starter("x")
    running = starter.start(*NO_RESYNC, *NEVER, "--signal", "web", "HUP")
    running.program.wait_for(lambda: running.owed() == 1, what="a debt")
    running.program.send(signal.SIGTERM)
    running.program.wait_for(lambda: fake.calls["kill"] > 0, what="a delivery that hangs")
    running.program.send(signal.SIGINT)
    # Where the first one's time is over before this one arrives, it ends with 0: also at once.
    assert running.program.wait_for_end() in {128 + signal.SIGINT, 0}
    fake.heal()
    status, running = starter.one_shot("--signal", "web", "HUP")
    assert status == 0, running.program.log()
    assert [told.signal for told in fake.signals] == ["SIGHUP"]


def test_a_render_that_hangs_does_not_hold_it_up(
    fake: FakeEngine, make_faked_starter: Callable[[str], ProgramStarter]
) -> None:
    """A template may be slow up to its limit; the end does not wait for it."""
    fake.add_container("web")
    starter = make_faked_starter("x")
    running = starter.start(*NO_RESYNC, "--render-time-limit", "3600")
    running.await_text("x")
    endless = (
        "{% for a in range(9999) %}{% for b in range(9999) %}{% if a == b + 9999 %}x{% endif %}{% endfor %}{% endfor %}"
    )
    starter.template.write_text(endless)
    used_s = processor_s(running.program.pid)
    running.program.wait_for(lambda: processor_s(running.program.pid) > used_s + 1, what="the render to be under way")
    assert running.program.stop() == 0, running.program.log()
    assert starter.read() == "x"


def test_a_pipe_without_a_reader_does_not_hold_it_up(
    fake: FakeEngine, make_faked_starter: Callable[[str], ProgramStarter], tmp_path: Path
) -> None:
    """Nobody has opened the FIFO: the content waits, and the end does not."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    running = make_faked_starter("x").start(*NO_RESYNC, "--target", fifo)
    running.program.wait_ready()
    assert running.program.stop() == 0, running.program.log()
