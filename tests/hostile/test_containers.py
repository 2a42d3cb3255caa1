"""Containers that an engine can't show, one line for each way: the others go on, and it is named everywhere.

A line of the table is what the engine does with an inspect of this one container. A newcomer adds a line.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.fake_engine import FakeEngine
from tests.support.running_program import NO_RESYNC, ProgramStarter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.process import PygenProcess
    from tests.support.running_program import RunningProgram

NAMES = "{% for c in containers %}{{ c.name }}\n{% endfor %}"

WAYS: dict[str, dict[str, Any]] = {
    "hangs": {"how": "hang"},
    "hangs in the middle of an answer": {"how": "half_then_hang"},
    "breaks off": {"how": "half"},
    "ends the connection": {"how": "close"},
    "400": {"status": 400, "body": '{"message":"bad parameter"}'},
    "403": {"status": 403, "body": "Forbidden", "content_type": "text/plain"},
    "a foreign 404": {"status": 404, "body": "404 page not found", "content_type": "text/plain"},
    "500": {"status": 500, "body": '{"message":"layer does not exist"}'},
    "HTML": {"status": 200, "body": "<html><h1>It works!</h1></html>", "content_type": "text/html"},
    "an array": {"status": 200, "body": "[]"},
    "an object without an id": {"status": 200, "body": '{"Name":"/bad"}'},
    "another container's id": {"status": 200, "body": json.dumps({"Id": "f" * 64, "Name": "/bad"})},
    "an id that is no text": {"status": 200, "body": '{"Id":[1]}'},
    "no JSON": {"status": 200, "body": "{]}"},
    "nested too deeply": {"status": 200, "body": '{"Id":' + "[" * 100_000 + "}"},
    "nothing": {"status": 200, "body": ""},
    "more than any container is": {"status": 200, "body": b"{" + b" " * (17 * 1024 * 1024) + b"}"},
    "a length of 5,000 digits": {"status": 200, "body": "{}", "headers": {"Content-Length": "9" * 5000}},
    "endless header lines": {"status": 200, "body": "{}", "headers": {f"X-{n}": "x" for n in range(400)}},
}


@pytest.fixture
def fake() -> Iterator[FakeEngine]:
    """An engine that goes wrong on demand."""
    with FakeEngine() as engine:
        yield engine


@pytest.fixture
def starter(fake: FakeEngine, pygen: Callable[..., PygenProcess], tmp_path: Path) -> ProgramStarter:
    """Can start the program on the faulty engine."""
    return ProgramStarter(pygen, fake.address, tmp_path, NAMES)


def assert_named(running: RunningProgram, container_id: str) -> None:
    """In the log, once; in the metric; on the status page."""
    told = "bad (" + container_id[:12]
    running.program.wait_for_log(told)
    assert sum(told in line for line in running.warnings()) == 1
    quarantined = [v for k, v in running.program.metrics().items() if k.startswith("pygen_quarantined_containers")]
    assert quarantined == [1]
    [engine] = json.loads(running.program.get("/status.json")[1])["engines"]
    assert [(each["container"], each["short_id"]) for each in engine["quarantine"]] == [("bad", container_id[:12])]


def assert_leaves_quarantine(running: RunningProgram, *names: str) -> None:
    """Once the engine shows it, it is as any other."""
    running.await_content(*names)
    running.program.wait_for(
        lambda: all(
            v == 0 for k, v in running.program.metrics().items() if k.startswith("pygen_quarantined_containers")
        ),
        what="nothing in quarantine",
    )
    assert running.program.stop() == 0


@pytest.mark.parametrize("way", WAYS)
def test_one_that_is_there_before_the_program_is_left_out(fake: FakeEngine, starter: ProgramStarter, way: str) -> None:
    """There is a file with all others in it; and starts and removals of others reach it."""
    bad = fake.add_container("bad")
    fake.add_container("a")
    fake.add_container("c")
    fake.fault("inspect", times=None, container=bad, **WAYS[way])
    running = starter.start(*NO_RESYNC)
    running.await_content("a", "c")
    fake.add_container("b")
    fake.remove("c")
    running.await_content("a", "b")
    assert_named(running, bad)
    assert running.program.get("/readyz")[0] == 200
    fake.heal()
    assert_leaves_quarantine(running, "a", "b", "bad")


@pytest.mark.parametrize("way", ["hangs", "500", "HTML"])
def test_one_that_goes_bad_keeps_its_last_known_state(fake: FakeEngine, starter: ProgramStarter, way: str) -> None:
    """What it did since is not known, and nothing is made up."""
    bad = fake.add_container("bad")
    fake.add_container("a")
    running = starter.start(*NO_RESYNC)
    running.await_content("a", "bad")
    fake.fault("inspect", times=None, container=bad, **WAYS[way])
    fake.rename("bad", "mended")
    fake.add_container("b")
    running.await_content("a", "b", "bad")
    assert_named(running, bad)
    fake.heal()
    assert_leaves_quarantine(running, "a", "b", "mended")


def test_twenty_that_hang_hold_up_nobody(fake: FakeEngine, starter: ProgramStarter) -> None:
    """More than are ever asked at once; all others are shown, and what they do afterwards, too."""
    names = [f"good-{number:02}" for number in range(20)]
    for number, name in enumerate(names):
        fake.fault("inspect", times=None, how="hang", container=fake.add_container(f"bad-{number}"))
        fake.add_container(name)
    running = starter.start(*NO_RESYNC)
    running.await_content(*names)
    fake.add_container("zz")
    running.await_content(*names, "zz")
    assert len(list(Path(f"/proc/{running.program.pid}/task").iterdir())) < 20
    fake.remove("zz")
    running.await_content(*names)
    assert running.program.stop() == 0


def test_an_engine_that_shows_nothing_is_not_believed(fake: FakeEngine, starter: ProgramStarter) -> None:
    """Where every inspect hangs nothing is published, at the start and later."""
    fake.add_container("a")
    fake.add_container("b")
    fake.fault("inspect", times=None, how="hang")
    starter.target.write_text("of yesterday\n")
    running = starter.start(*NO_RESYNC)
    running.program.wait_for(
        lambda: (
            running.program.get("/healthz")[0]
            and any(
                value >= 2
                for key, value in running.program.metrics().items()
                if key.startswith("pygen_docker_requests_total") and 'operation="inspect"' in key and "error" in key
            )
        ),
        what="failed inspects",
        timeout_s=120,
    )
    assert running.read() == "of yesterday\n"
    assert running.program.get("/healthz")[0] == 200
    assert running.program.get("/readyz")[0] == 503
    fake.heal()
    running.await_content("a", "b")
