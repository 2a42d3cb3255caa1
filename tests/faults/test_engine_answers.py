"""An engine that answers late, wrongly, in part or not at all: the file stays, and is put right once it can be."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.faults.extent import EXTENT
from tests.faults.watched_engine import NAMES, WatchedEngine, await_content, await_failed_requests, await_metric, lines

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.fake_engine.faults import How
    from tests.support.running_program import ProgramStarter, RunningProgram

OPTIONS = ("--resync", "1", "--signal", "reader", "HUP", "--interval", "0")
WRONG_ANSWERS: dict[str, tuple[dict[str, Any], str]] = {
    "500": ({"status": 500}, "status 500"),
    "503": ({"status": 503}, "status 503"),
    "429": ({"status": 429}, "status 429"),
    "truncated JSON": ({"cut": True}, "not valid JSON, or incomplete"),
    "half an answer": ({"how": "half"}, "closed before the answer was complete"),
    "HTML from a proxy": ({"status": 200, "body": "<html>Bad Gateway</html>", "content_type": "text/html"}, "a proxy"),
    "HTML with a status": ({"status": 502, "body": "<html>Bad Gateway</html>", "content_type": "text/html"}, "a proxy"),
}


def start_settled(fake: WatchedEngine, make_starter: Callable[[str], ProgramStarter]) -> RunningProgram:
    """`one` is shown, and the reader was told of it."""
    fake.add_container("reader")
    fake.run("one")
    running = make_starter(NAMES).start(*OPTIONS)
    await_content(running, "one")
    fake.await_seen("reader", lines("one"))
    running.await_settled()
    return running


def change_unheard(fake: WatchedEngine) -> None:
    """`two` starts and `one` ends, and only a list and an inspect can tell."""
    with fake.without_events():
        fake.run("two")
        fake.die("one")


def assert_put_right_and_told_once(fake: WatchedEngine, running: RunningProgram, *names: str) -> None:
    """The file is true, the reader was told of it, and heard nothing meanwhile."""
    await_content(running, *names)
    fake.await_seen("reader", lines(*names))
    running.await_settled()
    assert fake.seen["reader"] == [lines("one"), lines(*names)]
    running.program.wait_for_log("answers again")
    assert running.program.stop() == 0


@pytest.mark.parametrize("operation", ["list", "inspect"])
@pytest.mark.parametrize("wrong", WRONG_ANSWERS)
def test_wrong_answers_change_nothing(
    fake: WatchedEngine, make_starter: Callable[[str], ProgramStarter], wrong: str, operation: str
) -> None:
    """Retried, counted and told with the reason; what happened meanwhile is in the file afterwards."""
    running = start_settled(fake, make_starter)
    fault, reason = WRONG_ANSWERS[wrong]
    fake.fault(operation, times=None, **fault)
    change_unheard(fake)
    # Three in a row are one try.
    await_failed_requests(running, operation, 4)
    await_metric(running, "pygen_docker_retries_total", 2, operation=operation)
    running.program.wait_for_log(reason)
    assert running.read() == lines("one")
    fake.heal()
    assert_put_right_and_told_once(fake, running, "two")


def test_slow_answers_are_waited_for(fake: WatchedEngine, make_starter: Callable[[str], ProgramStarter]) -> None:
    """Two seconds for each answer are no failure, and nobody is asked twice because of them."""
    running = start_settled(fake, make_starter)
    for operation in ("list", "inspect", "networks", "events", "kill"):
        fake.fault(operation, times=None, delay_s=2)
    fake.run("two")
    fake.die("one")
    await_content(running, "two")
    fake.await_seen("reader", lines("two"))
    running.await_settled()
    assert fake.seen["reader"][-1] == lines("two")
    metrics = running.program.metrics()
    assert not [key for key, value in metrics.items() if key.startswith("pygen_docker_retries_total") and value]
    assert not [key for key, value in metrics.items() if 'result="error"' in key and value]


@pytest.mark.parametrize(("operation", "how"), [("list", "half_then_hang"), ("inspect", "hang")])
def test_hanging_in_an_answer(
    fake: WatchedEngine, make_starter: Callable[[str], ProgramStarter], operation: str, how: How
) -> None:
    """The request is given up, and made again; the program stays healthy, and the file as it was."""
    running = start_settled(fake, make_starter)
    fake.fault(operation, times=None, how=how)
    change_unheard(fake)
    if EXTENT.hang_s is not None:
        time.sleep(EXTENT.hang_s)
    await_failed_requests(running, operation)
    assert running.read() == lines("one")
    assert running.program.get("/healthz")[0] == 200
    fake.heal()
    await_content(running, "two")
    fake.await_seen("reader", lines("two"))
    running.await_settled()
    assert fake.seen["reader"] == [lines("one"), lines("two")]
    assert running.program.stop() == 0


def test_a_hang_that_lasts_is_told(fake: WatchedEngine, make_starter: Callable[[str], ProgramStarter]) -> None:
    """The log says what was asked and that no answer came."""
    fake.fault("list", times=None, how="hang")
    running = make_starter(NAMES).start(*OPTIONS)
    running.program.wait_for_log("no answer in time")
    assert running.program.get("/readyz")[0] == 503
    fake.heal()
    fake.run("one")
    await_content(running, "one")


def test_a_refused_subscription_leaves_the_resyncs(
    fake: WatchedEngine, make_starter: Callable[[str], ProgramStarter]
) -> None:
    """403 for `/events` alone: changes come with the lists, the reason is told, and the stream stands once it may."""
    fake.fault("events", times=None, status=403)
    running = start_settled(fake, make_starter)
    fake.run("two")
    await_content(running, "one", "two")
    running.program.wait_for_log("refused with status 403")
    await_metric(running, "pygen_event_stream_restarts_total", 1, reason="refused")
    assert running.program.metric("pygen_event_stream_up") == 0
    fake.heal()
    await_metric(running, "pygen_event_stream_up", 1)
    fake.run("three")
    await_content(running, "one", "three", "two")
    assert sum("403" in line for line in running.warnings()) == 1


@pytest.mark.parametrize("old_lives_on", [False, True], ids=["stopped", "left"])
def test_a_socket_replaced_by_another_engine_s(
    fake: WatchedEngine, make_starter: Callable[[str], ProgramStarter], tmp_path: Path, *, old_lives_on: bool
) -> None:
    """The new one is asked, and believed; its reader was never told, so it is."""
    running = start_settled(fake, make_starter)
    path = Path(str(fake.socket_path))
    beside = path.with_name("new.sock")
    with WatchedEngine(tmp_path / "shared" / "target", socket_path=str(beside)) as new:
        new.add_container("reader")
        new.run("new")
        if not old_lives_on:
            fake.stop()
            await_failed_requests(running, "list")
        beside.rename(path)
        beside.symlink_to(path)
        fake.break_connections()
        await_content(running, "new")
        new.await_seen("reader", lines("new"))
        running.await_settled()
        assert fake.seen["reader"] == [lines("one")]
        assert new.seen["reader"] == [lines("new")]
        assert running.program.stop() == 0
