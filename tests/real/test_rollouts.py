"""Rolling notifications on a real engine, with its own health checks; and recipients that an expression chooses."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.running_program import RunningProgram
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.process import PygenProcess
    from tests.support.real_engine import RealEngine

NAMES = ("web-1", "web-2", "web-3")
CHECK = {
    "Test": ["CMD-SHELL", "test -e /healthy"],
    "Interval": 200_000_000,
    "Timeout": 5_000_000_000,
    "Retries": 2,
}
#: Healthy a moment after its start, unless the file that it has read then is broken.
SERVER = "rm -f /healthy; sleep 0.5; grep -q broken /conf/target || touch /healthy; while :; do sleep 1; done"
ROLLING = '{ restart = true, container = "web", max_parallel = 1 }'


class Servers:
    """Three containers that read the file when they start."""

    def __init__(self, engine: RealEngine, shared: Path) -> None:
        self._engine = engine
        self.ids = [
            engine.run(
                name,
                command=["sh", "-c", SERVER],
                labels={"pygen.target": "web"},
                binds=[f"{shared}:/conf"],
                healthcheck=CHECK,
            )
            for name in NAMES
        ]
        for name in NAMES:
            self.await_health(name, "healthy")

    def health(self, name: str) -> str:
        return str(self._engine.inspect(name)["State"]["Health"]["Status"])

    def await_health(self, name: str, wanted: str) -> None:
        wait_for(lambda: self.health(name) == wanted, what=f"{name} {wanted}")

    def started_at(self) -> dict[str, str]:
        return {name: self._engine.inspect(name)["State"]["StartedAt"] for name in NAMES}

    def events(self, since_s: float) -> list[str]:
        """What happened to them since then, in order: `start web-1`, `health_status: healthy web-1`."""
        found: list[dict[str, Any]] = list(
            self._engine.client.events(since=int(since_s), until=int(time.time()) + 1, decode=True)
        )
        found = [each for each in found if each["timeNano"] >= since_s * 1e9]
        events = [(each["Action"], each["Actor"]["Attributes"].get("name", "")) for each in found]
        return [f"{action} {name}" for action, name in events if action == "start" or action.startswith("health_")]


@dataclass
class Configured:
    """A template, its target in a folder that containers see, and a file that says who is told.

    Attributes:
        start_pygen: the fixture `pygen`.
        folder: the test's own.
        address: the engine's.
    """

    start_pygen: Callable[..., PygenProcess]
    folder: Path
    address: str

    def __post_init__(self) -> None:
        self.shared = self.folder / "shared"
        self.shared.mkdir()
        self.target, self.template = self.shared / "target", self.folder / "template.j2"
        self.target.write_text("one\n")
        self.template.write_text("one\n")

    def start(self, notification: str) -> RunningProgram:
        """The program with this notification; it need not become ready."""
        file = self.folder / "pygen.toml"
        file.write_text(
            f"""
            engine = {{ docker_address = "{self.address}", resync = 3600 }}
            [[job]]
            name = "servers"
            template = "{self.template.name}"
            target = "shared/target"
            interval = 0.1
            notify = [{notification}]
            """
        )
        return RunningProgram(self.start_pygen("--config", file), self.target)


@pytest.fixture
def configured(engine: RealEngine, pygen: Callable[..., PygenProcess], tmp_path: Path) -> Configured:
    """On a template that says one word."""
    return Configured(pygen, tmp_path, engine.address)


@pytest.fixture
def servers(engine: RealEngine, configured: Configured) -> Servers:
    """They run, are healthy, and have read the file."""
    return Servers(engine, configured.shared)


def started(configured: Configured, notification: str) -> RunningProgram:
    """The program, ready."""
    running = configured.start(notification)
    running.program.wait_ready()
    return running


def stopped(running: RunningProgram) -> float:
    """Whether the metric says that the rollout has stopped."""
    return running.program.metric("pygen_rollout_stopped", action="restart", container="web")


def test_one_at_a_time_and_the_next_when_the_last_is_healthy(servers: Servers, configured: Configured) -> None:
    """The engine's own events say so: each start is followed by the health of the same container."""
    running = started(configured, ROLLING)
    began_s = time.time()
    configured.template.write_text("two\n")
    running.await_content("two")
    running.await_settled()
    wait_for(lambda: len(servers.events(began_s)) >= 2 * len(NAMES), what=lambda: str(servers.events(began_s)))
    events = servers.events(began_s)
    order = [event.split()[-1] for event in events[::2]]
    assert sorted(order) == list(NAMES)
    assert events == [line for name in order for line in (f"start {name}", f"health_status: healthy {name}")]
    assert stopped(running) == 0
    assert running.warnings() == []


def test_it_stops_at_a_container_that_is_unhealthy_and_goes_on_when_that_is_mended(
    servers: Servers, configured: Configured
) -> None:
    """Two of three serve the old content all the while, also while another process of ours takes over."""
    running = started(configured, ROLLING)
    before = servers.started_at()
    configured.template.write_text("broken\n")
    running.program.wait_for(lambda: stopped(running) == 1, what="the rollout to stop")
    touched = [name for name, at in servers.started_at().items() if at != before[name]]
    assert len(touched) == 1
    assert [line for line in running.warnings() if f"stops at {touched[0]}, which is unhealthy" in line]
    running.program.kill()
    running = started(configured, ROLLING)
    running.program.wait_for(lambda: stopped(running) == 1, what="the next process to see that it has stopped")
    assert [name for name, at in servers.started_at().items() if at != before[name]] == touched
    began_s = time.time()
    configured.template.write_text("three\n")
    running.await_content("three")
    running.await_settled()
    for name in NAMES:
        servers.await_health(name, "healthy")
    starts = [event.split()[-1] for event in servers.events(began_s) if event.startswith("start ")]
    assert starts[0] == touched[0]
    assert sorted(starts) == list(NAMES)
    running.program.wait_for(lambda: stopped(running) == 0, what="nothing to hinder it any more")


def test_an_expression_chooses_who_is_told(engine: RealEngine, configured: Configured) -> None:
    """By label and by health, as they are when the file changes."""
    well = {"Test": ["CMD-SHELL", "true"], "Interval": 200_000_000}
    ill = {"Test": ["CMD-SHELL", "false"], "Interval": 200_000_000, "Retries": 1}
    engine.run_listener("lb-well", labels={"role": "lb"}, healthcheck=well)
    engine.run_listener("lb-ill", labels={"role": "lb"}, healthcheck=ill)
    engine.run_listener("other", labels={"role": "db"})
    for name, wanted in (("lb-well", "healthy"), ("lb-ill", "unhealthy")):
        wait_for(lambda: engine.inspect(name)["State"]["Health"]["Status"] == wanted, what=f"{name} {wanted}")  # noqa: B023 - called at once
    running = started(configured, """{ signal = "HUP", match = "labels.role == 'lb' and health != 'unhealthy'" }""")
    configured.template.write_text("two\n")
    running.await_content("two")
    wait_for(lambda: engine.signals_seen("lb-well") == ["SIGHUP"], what="the signal")
    running.await_settled()
    assert engine.signals_seen("lb-ill") == engine.signals_seen("other") == []


def test_an_expression_that_fails_is_an_error_of_its_job(engine: RealEngine, configured: Configured) -> None:
    """Named with the container: nothing is written that nobody would be told of."""
    engine.run_listener("lb", labels={"role": "lb"})
    configured.template.write_text("two\n")
    running = configured.start("""{ signal = "HUP", match = "lables.role == 'lb'" }""")
    running.program.wait_for_log("the expression \"lables.role == 'lb'\" for lb: 'lables' is undefined")
    assert running.read() == "one\n"
    assert running.program.metric("pygen_template_failing", target=str(configured.target)) == 1
    assert engine.signals_seen("lb") == []
