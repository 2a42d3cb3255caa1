"""Containers that vanish, change and crash without end: the file follows, and few are told of much."""

from __future__ import annotations

import threading
import time
from functools import partial
from typing import TYPE_CHECKING

from tests.faults.extent import EXTENT
from tests.faults.watched_engine import NAMES, PATIENCE_S, SHOWN, WatchedEngine, await_content, await_metric, lines
from tests.support.running_program import NO_RESYNC, ReaderContainer
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.real_engine import RealEngine
    from tests.support.running_program import ProgramStarter, RunningProgram

#: Each run of `crashing` is another content.
RUNS = (
    "{% for c in all_containers if c.labels.shown %}{{ c.name }}"
    "{{ ' ' ~ c.raw.attrs.State.StartedAt if c.name == 'crashing' }}\n{% endfor %}"
)


def test_vanished_between_list_and_inspect(fake: WatchedEngine, make_starter: Callable[[str], ProgramStarter]) -> None:
    """It is gone, which is an answer: no error, no retry, and the others are shown."""
    fake.run("one", "two", "three")
    fake.on("list", lambda: fake.remove("two"))
    running = make_starter(NAMES).start(*NO_RESYNC)
    await_content(running, "one", "three")
    metrics = running.program.metrics()
    assert not [key for key, value in metrics.items() if key.startswith("pygen_docker_retries_total") and value]
    assert running.program.metric("pygen_docker_requests_total", operation="inspect", result="error") == 0
    assert running.warnings() == []


def test_vanished_after_its_event(fake: WatchedEngine, make_starter: Callable[[str], ProgramStarter]) -> None:
    """Started and removed before it could be read: as if it had never been."""
    fake.run("one")
    running = make_starter(NAMES).start(*NO_RESYNC)
    await_content(running, "one")
    fake.await_subscribers()
    for number in range(20):
        fake.run(f"short-{number}")
        fake.remove(f"short-{number}")
    fake.run("two")
    await_content(running, "one", "two")
    running.await_settled()
    assert running.warnings() == []


def test_changed_in_every_way(engine: RealEngine, make_real_starter: Callable[[str], ProgramStarter]) -> None:
    """Renamed, updated, paused, connected and disconnected, one after the other, without a resync."""
    template = (
        "{% for c in containers %}{{ c.name }} {{ c.status }} {{ c.raw.attrs.HostConfig.RestartPolicy.Name }}"
        " {{ c.networks | map(attribute='name') | join('+') }}\n{% endfor %}"
    )
    engine.create_network("front")
    engine.create_network("back")
    engine.run("web", networks=["front"])
    running = make_real_starter(template).start(*NO_RESYNC)
    await_content(running, "web running no front")
    engine.rename("web", "shop")
    await_content(running, "shop running no front")
    engine.client.update_container("shop", restart_policy={"Name": "always"})
    await_content(running, "shop running always front")
    engine.pause_container("shop")
    await_content(running, "shop paused always front")
    engine.unpause_container("shop")
    engine.connect("shop", "back")
    await_content(running, "shop running always back+front")
    engine.disconnect("shop", "front")
    await_content(running, "shop running always back")


class CrashLoop:
    """A container of a fake engine that crashes about ten times a second, until it is ended."""

    def __init__(self, fake: WatchedEngine, name: str) -> None:
        self._fake = fake
        self._name = name
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.crashes = 0

    def __enter__(self) -> CrashLoop:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def await_more_crashes(self) -> None:
        """Wait until there were a few more."""
        before = self.crashes
        wait_for(lambda: self.crashes > before + 3, what="more crashes")

    def _run(self) -> None:
        while not self._ended.wait(0.1):
            self._fake.crash(self._name)
            self.crashes += 1


def test_a_crash_loop_tells_few_and_holds_up_nobody(
    fake: WatchedEngine, make_starter: Callable[[str], ProgramStarter]
) -> None:
    """Each crash may change the file, others' changes get into it meanwhile, and signals keep to the interval."""
    fake.add_container("reader")
    fake.add_container("crashing", labels=SHOWN, restart_policy="always")
    running = make_starter(RUNS).start(*NO_RESYNC, "--signal", "reader", "HUP", "--interval", "1", "2")
    running.program.wait_for(lambda: running.read() != "", what="the first file")
    fake.await_seen("reader", running.read())
    running.await_settled()
    told_before, begun_s = len(fake.seen["reader"]), time.monotonic()
    with CrashLoop(fake, "crashing") as loop:
        number = 0
        while time.monotonic() < begun_s + EXTENT.crash_loop_s:
            number += 1
            fake.run(f"other-{number}")
            await_line(running, f"other-{number}")
            loop.await_more_crashes()
    await_last_run(fake, running.read)
    fake.await_seen("reader", running.read())
    running.await_settled()
    told = len(fake.seen["reader"]) - told_before
    # A batch lasts a second at least, whatever the machine does: so many fit in, and no more.
    assert 1 <= told <= (time.monotonic() - begun_s) + 1
    assert fake.seen["reader"][-1] == running.read()


def await_line(running: RunningProgram, name: str) -> None:
    """Wait until another container's change is in the file."""
    running.program.wait_for(lambda: f"{name}\n" in running.read(), what=name)


def has_crashed_since(engine: RealEngine, crashes: int) -> bool:
    """Whether the container was started again by its policy since."""
    return int(engine.inspect("crashing")["RestartCount"]) > crashes


def await_last_run(fake: WatchedEngine, read: Callable[[], str]) -> None:
    """Wait until the file shows the run that lasts."""
    last = fake.container("crashing").started_at
    wait_for(lambda: f"crashing {last}\n" in read(), what=lambda: f"the run of {last}: {read()}")


def test_a_real_container_that_crashes_on_its_own(
    engine: RealEngine, make_real_starter: Callable[[str], ProgramStarter]
) -> None:
    """Its policy starts it again and again; others come and go in the file, and the reader ends up with the last."""
    starter = make_real_starter(NAMES)
    reader = ReaderContainer(engine, starter.shared)
    running = starter.start(*NO_RESYNC, "--signal", "reader", "HUP", "--interval", "1", "2")
    await_metric(running, "pygen_event_stream_up", 1)
    engine.run("stays", labels=SHOWN)
    engine.run("crashing", labels=SHOWN, restart_policy="always", command=["sh", "-c", "sleep 0.1; exit 1"])
    for number in range(EXTENT.real_crashes):
        crashes = engine.inspect("crashing")["RestartCount"]
        engine.run(f"other-{number}", labels=SHOWN)
        await_line(running, f"other-{number}")
        wait_for(partial(has_crashed_since, engine, crashes), timeout_s=PATIENCE_S, what="the next crash")
    engine.remove("crashing")
    names = [*(f"other-{number}" for number in range(EXTENT.real_crashes)), "stays"]
    await_content(running, *names)
    reader.await_told(" ".join(names))
    running.await_settled()
    await_metric(running, "pygen_events_total", EXTENT.real_crashes, type="container", action="die")
    assert running.read() == lines(*names)
