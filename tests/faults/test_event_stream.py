"""An event stream that ends, breaks, falls silent or lies: nothing is lost, and nobody is told twice because of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.faults.watched_engine import NAMES, WatchedEngine, await_content, await_metric, lines, written
from tests.support.fake_engine import Ending
from tests.support.running_program import NO_RESYNC

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.running_program import ProgramStarter, RunningProgram

NOTIFY = ("--signal", "reader", "HUP", "--interval", "0")


def start_settled(fake: WatchedEngine, make_starter: Callable[[str], ProgramStarter], *resync: str) -> RunningProgram:
    """`one` is shown, the reader was told of it, and the stream stands."""
    fake.add_container("reader")
    fake.run("one")
    running = make_starter(NAMES).start(*resync, *NOTIFY)
    await_content(running, "one")
    fake.await_seen("reader", lines("one"))
    fake.await_subscribers()
    await_metric(running, "pygen_event_stream_up", 1)
    running.await_settled()
    return running


@pytest.mark.parametrize(
    ("ending", "reason"), [(Ending.CLEAN, "ended"), (Ending.BROKEN, "ended")], ids=["cleanly", "in a line"]
)
def test_an_ended_stream_is_a_reason_to_list(
    fake: WatchedEngine, make_starter: Callable[[str], ProgramStarter], ending: Ending, reason: str
) -> None:
    """What no event told of is in the file, long before any resync, and the next stream stands."""
    running = start_settled(fake, make_starter, *NO_RESYNC)
    with fake.without_events():
        fake.run("two")
        fake.die("one")
        fake.events.end_all(ending)
        await_content(running, "two")
    await_metric(running, "pygen_event_stream_restarts_total", 1, reason=reason)
    running.program.wait_for_log("subscribing again")
    fake.await_subscribers()
    await_metric(running, "pygen_event_stream_up", 1)
    fake.run("three")
    await_content(running, "three", "two")
    fake.await_seen("reader", lines("three", "two"))
    running.await_settled()
    assert fake.seen["reader"] == [lines("one"), lines("two"), lines("three", "two")]


@pytest.mark.parametrize("said", [b"<html>\n", b"[1, 2]\n", b'{"Type": \n', b"\xff\xfe\n"])
def test_a_line_that_is_no_event_ends_the_stream_and_nothing_else(
    fake: WatchedEngine, make_starter: Callable[[str], ProgramStarter], said: bytes
) -> None:
    """It is told as malformed; the next stream tells the rest."""
    running = start_settled(fake, make_starter, *NO_RESYNC)
    fake.events.send_raw(said)
    await_metric(running, "pygen_event_stream_restarts_total", 1, reason="malformed")
    fake.run("two")
    await_content(running, "one", "two")


def test_a_subscription_with_an_absurd_head_does_not_end_the_watch(
    fake: WatchedEngine, make_starter: Callable[[str], ProgramStarter]
) -> None:
    """A length of 5,000 digits, and header lines without number: told as malformed, and subscribed again."""
    for headers in ({"Content-Length": "9" * 5000}, {f"X-{number}": "x" for number in range(500)}):
        fake.fault("events", times=2, status=200, body="{}", headers=headers)
    fake.run("one")
    running = make_starter(NAMES).start(*NO_RESYNC)
    await_content(running, "one")
    await_metric(running, "pygen_event_stream_restarts_total", 1, reason="malformed")
    await_metric(running, "pygen_event_stream_up", 1)
    fake.run("two")
    await_content(running, "one", "two")
    assert running.program.metric("pygen_unexpected_errors_total", part="events") == 0


def test_a_stream_that_falls_silent_is_found_out(
    fake: WatchedEngine, make_starter: Callable[[str], ProgramStarter]
) -> None:
    """Half-open: the change is in the file two lists later at most, counted as missed, and a new stream is opened."""
    running = start_settled(fake, make_starter, "--resync", "2")
    fake.events.go_silent()
    listed_before = len(fake.at_lists)
    with fake.lock:  # at once, for whoever lists
        fake.run("two")
        fake.die("one")
    await_content(running, "two")
    late = [text for text in fake.at_lists[listed_before:] if text != lines("two")]
    assert len(late) <= 2
    await_metric(running, "pygen_missed_changes_total", 1)
    running.program.wait_for_log("reports no changes")
    await_metric(running, "pygen_event_stream_restarts_total", 1, reason="silent")
    fake.await_seen("reader", lines("two"))
    running.await_settled()
    assert fake.seen["reader"] == [lines("one"), lines("two")]
    # The new stream speaks: the next change is heard.
    await_metric(running, "pygen_event_stream_up", 1)
    heard = running.program.metric("pygen_events_total", type="container", action="start")
    fake.run("three")
    await_content(running, "three", "two")
    await_metric(running, "pygen_events_total", heard + 1, type="container", action="start")


def change_a_lot(fake: WatchedEngine) -> None:
    """Starts, crashes, stops, renames, a pause, networks: twenty containers, of which some stay."""
    names = [f"box-{number:02}" for number in range(20)]
    fake.run(*names)
    for name in names[::2]:
        fake.die(name)
    for name in names[::4]:
        fake.start_container(name)
    for name in names[1::4]:
        fake.rename(name, f"new-{name}")
    for name in names[3::4]:
        fake.stop_container(name)
    fake.connect("one", "back")
    fake.pause("one")


FAULTS: dict[str, dict[str, object]] = {
    "twice": {"copies": 2},
    "late": {"delay_s": 1.0},
    "out of order": {"reorder": True},
    "nine of ten dropped": {"drop_rate": 0.9},
    "all at once": {"copies": 2, "delay_s": 0.5, "reorder": True, "drop_rate": 0.5},
}


@pytest.mark.parametrize("fault", FAULTS)
def test_events_are_only_hints(fake: WatchedEngine, make_starter: Callable[[str], ProgramStarter], fault: str) -> None:
    """Delivered twice, late, out of order, or hardly at all: the file comes to what is so, and the reader is told."""
    fake.add_network("back")
    running = start_settled(fake, make_starter, "--resync", "2")
    for name, value in FAULTS[fault].items():
        setattr(fake.events.faults, name, value)
    change_a_lot(fake)
    names = sorted(container.name for container in fake.shown())
    await_content(running, *names)
    fake.await_seen("reader", lines(*names))
    running.await_settled()
    listed = len(fake.at_lists)
    running.program.wait_for(lambda: len(fake.at_lists) > listed + 1, what="two more lists")
    assert running.read() == lines(*names)
    running.await_settled()
    assert fake.seen["reader"][-1] == lines(*names)
    # At most once for each content; it may have read the next one already.
    assert len(fake.seen["reader"]) <= written(running)


def test_events_heard_twice_are_counted_and_cost_no_second_signal(
    fake: WatchedEngine, make_starter: Callable[[str], ProgramStarter]
) -> None:
    """One change, one write, one signal."""
    running = start_settled(fake, make_starter, *NO_RESYNC)
    fake.events.faults.copies = 3
    fake.run("two")
    await_metric(running, "pygen_events_total", 3, type="container", action="start")
    await_content(running, "one", "two")
    fake.await_seen("reader", lines("one", "two"))
    running.await_settled()
    assert fake.seen["reader"] == [lines("one"), lines("one", "two")]
    target = str(running.target)
    assert running.program.metric("pygen_target_writes_total", target=target, mode="replace", result="success") == 2
