"""The end by signal: soon, with status 0, and with everything sent or kept that is owed."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from tests.bench.usage import processor_s
from tests.support.keeping import NO_RESYNC, Keeper, Reader

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
    engine: RealEngine, keeper: Callable[[str], Keeper], number: signal.Signals
) -> None:
    """Without waiting for MIN; the status is 0, and the next start has nothing to tell."""
    keep = keeper("0")
    readers = [Reader(engine, keep.shared, name) for name in ("first", "second")]
    options = (*NO_RESYNC, *NEVER, "--signal", "first", "HUP", "--signal", "second", "HUP")
    for attempt in range(TRIES):
        keep.template.write_text(str(attempt))
        kept = keep.start(*options)
        kept.await_text(str(attempt))
        kept.program.wait_for(lambda kept=kept: kept.owed() == 2, what="both to be owed")  # type: ignore[misc]  # a default pins the value
        kept.program.send(number)
        assert kept.program.wait_for_end() == 0, kept.program.log()
        assert "Traceback" not in kept.program.log()
        was_kept = KEPT in kept.program.log()
        status, later = keep.one_shot(*options)
        assert status == 0, later.program.log()
        for reader in readers:
            reader.await_told(str(attempt))
        if not was_kept:
            assert "delivered" not in later.program.log()
            return
    raise AssertionError(f"not once in {TRIES} tries: {kept.program.log()}")


def test_what_cannot_be_sent_is_kept(fake: FakeEngine, faked: Callable[[str], Keeper]) -> None:
    """One target hangs and the other is told; the process ends by itself with 0, and the next start tells the rest."""
    fake.add_container("hangs")
    fake.add_container("works")
    fake.fault("kill", times=None, how="hang", container="hangs")
    keep = faked("x")
    options = (*NO_RESYNC, *NEVER, "--signal", "hangs", "HUP", "--signal", "works", "HUP")
    kept = keep.start(*options)
    kept.program.wait_for(lambda: kept.owed() == 2, what="both to be owed")
    assert kept.program.stop() == 0, kept.program.log()
    assert KEPT in kept.program.log()
    assert fake.container("hangs").id not in {told.container_id for told in fake.signals}
    fake.heal()
    status, kept = keep.one_shot(*options)
    assert status == 0, kept.program.log()
    assert {told.container_id for told in fake.signals} == {fake.container("works").id, fake.container("hangs").id}


@pytest.mark.parametrize("operation", ["list", "inspect", "events", "version"])
def test_a_hanging_request_does_not_hold_it_up(
    fake: FakeEngine, faked: Callable[[str], Keeper], operation: str
) -> None:
    """The engine says nothing for ever; the end comes all the same, with 0."""
    fake.add_container("web")
    fake.fault(operation, times=None, how="hang")
    fake.fault("ping", times=None, how="hang")
    kept = faked("x").start(*NO_RESYNC)
    kept.program.wait_for(lambda: fake.calls[operation] > 0, what="the request")
    assert kept.program.stop() == 0, kept.program.log()
    assert "Traceback" not in kept.program.log()


def test_a_hanging_list_after_the_first_pass_keeps_debts_and_file(
    fake: FakeEngine, faked: Callable[[str], Keeper]
) -> None:
    """The file stays, and what is owed is sent on the way out, for that needs no list; else it is kept."""
    fake.add_container("web")
    keep = faked("0")
    for attempt in range(TRIES):
        keep.template.write_text(str(attempt))
        kept = keep.start("--resync", "0.5", *NEVER, "--signal", "web", "HUP")
        kept.await_text(str(attempt))
        kept.program.wait_for(lambda kept=kept: kept.owed() == 1, what="a debt")  # type: ignore[misc]  # a default pins the value
        before = fake.calls["list"]
        fake.fault("list", times=None, how="hang")
        kept.program.wait_for(lambda before=before: fake.calls["list"] > before, what="a hanging list")  # type: ignore[misc]  # likewise
        assert kept.program.stop() == 0, kept.program.log()
        assert keep.read() == str(attempt)
        told = len(fake.signals)
        fake.heal()
        if told == attempt + 1:
            return
        assert keep.one_shot("--signal", "web", "HUP")[0] == 0
        assert len(fake.signals) == attempt + 1
    raise AssertionError(f"not once in {TRIES} tries: {kept.program.log()}")


def test_a_slow_restart_is_left_and_finished_after_the_next_start(
    fake: FakeEngine, faked: Callable[[str], Keeper]
) -> None:
    """The engine stopped the container and said no more: the process ends with 0, and the next one starts it."""
    fake.add_container("web")
    fake.fault("restart", how="hang", effect="stop")
    keep = faked("x")
    kept = keep.start(*NO_RESYNC, "--interval", "0", "--restart", "web")
    kept.program.wait_for(lambda: not fake.container("web").running, what="the container to be stopped")
    assert kept.program.stop() == 0, kept.program.log()
    fake.heal()
    kept = keep.start(*NO_RESYNC, "--interval", "0", "--restart", "web")
    kept.program.wait_for(lambda: fake.container("web").running, what="the container to be started")
    kept.await_settled()
    assert fake.restarts == []
    assert fake.calls["start"] == 1
    assert kept.program.stop() == 0


def test_a_second_signal_ends_at_once(fake: FakeEngine, faked: Callable[[str], Keeper]) -> None:
    """What is owed stays in the state, and the status says which signal it was."""
    fake.add_container("web")
    fake.fault("kill", times=None, how="hang")
    keep = faked("x")
    kept = keep.start(*NO_RESYNC, *NEVER, "--signal", "web", "HUP")
    kept.program.wait_for(lambda: kept.owed() == 1, what="a debt")
    kept.program.send(signal.SIGTERM)
    kept.program.wait_for(lambda: fake.calls["kill"] > 0, what="a delivery that hangs")
    kept.program.send(signal.SIGINT)
    # Where the first one's time is over before this one arrives, it ends with 0: also at once.
    assert kept.program.wait_for_end() in {128 + signal.SIGINT, 0}
    fake.heal()
    status, kept = keep.one_shot("--signal", "web", "HUP")
    assert status == 0, kept.program.log()
    assert [told.signal for told in fake.signals] == ["SIGHUP"]


def test_a_render_that_hangs_does_not_hold_it_up(fake: FakeEngine, faked: Callable[[str], Keeper]) -> None:
    """A template may be slow up to its limit; the end does not wait for it."""
    fake.add_container("web")
    keep = faked("x")
    kept = keep.start(*NO_RESYNC, "--render-time-limit", "3600")
    kept.await_text("x")
    endless = (
        "{% for a in range(9999) %}{% for b in range(9999) %}{% if a == b + 9999 %}x{% endif %}{% endfor %}{% endfor %}"
    )
    keep.template.write_text(endless)
    used_s = processor_s(kept.program.pid)
    kept.program.wait_for(lambda: processor_s(kept.program.pid) > used_s + 1, what="the render to be under way")
    assert kept.program.stop() == 0, kept.program.log()
    assert keep.read() == "x"


def test_a_pipe_without_a_reader_does_not_hold_it_up(
    fake: FakeEngine, faked: Callable[[str], Keeper], tmp_path: Path
) -> None:
    """Nobody has opened the FIFO: the content waits, and the end does not."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    kept = faked("x").start(*NO_RESYNC, "--target", fifo)
    kept.program.wait_ready()
    assert kept.program.stop() == 0, kept.program.log()
