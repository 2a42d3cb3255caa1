"""The tests' own engine does what its methods say: what else is tested on it rests on that."""

from __future__ import annotations

import re
import subprocess
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import docker.errors
import pytest

from models.signals import same_signal
from tests.support.engine_kinds import PODMAN, STABLE, UNSTABLE, EngineKind
from tests.support.engine_leftovers import alive, clean_up_dead_owners, everybody_else_waits, processes_of
from tests.support.podman_engine import new_engine
from tests.support.real_engine import FILE_HEALTHCHECK, RealEngine
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def second(engine_kind: EngineKind) -> Iterator[RealEngine]:
    """Another engine of the same kind beside the first."""
    engine = new_engine(engine_kind)
    try:
        engine.start()
        yield engine
    finally:
        engine.stop()


def test_it_is_the_engine_that_its_kind_says(engine: RealEngine) -> None:
    """Each is another one, so that the suite runs on three."""
    version = engine.client.version()
    names = [component["Name"] for component in version["Components"]]
    assert ("Podman Engine" in names) is (engine.kind is PODMAN)
    numbers = tuple(int(number) for number in re.findall(r"\d+", version["Version"])[:2])
    assert numbers >= {STABLE: (20, 10), UNSTABLE: (28, 5), PODMAN: (4, 3)}[engine.kind]


def test_a_listener_keeps_the_signals_it_gets_in_order(engine: RealEngine) -> None:
    """Signals of `docker kill` and of an exec are both seen."""
    engine.run_listener("web")
    engine.kill_container("web", "SIGHUP")
    wait_for(lambda: engine.signals_seen("web") == ["SIGHUP"])
    assert engine.exec("web", "kill", "-USR1", "1") == (0, "")
    wait_for(lambda: engine.signals_seen("web") == ["SIGHUP", "SIGUSR1"])


def test_a_crash_ends_the_run_and_the_policy_begins_another(engine: RealEngine) -> None:
    """`die` is a crash: with `always` the engine starts the container again."""
    engine.run_listener("web", restart_policy="always")
    first = engine.started_at("web")
    engine.die("web")
    engine.await_listening("web", starts=2)
    assert engine.started_at("web") != first


def test_what_is_asked_for_is_what_the_engine_has(engine: RealEngine) -> None:
    """Labels, variables, ports, networks, aliases and stop signal reach the engine."""
    engine.create_network("front", subnet="10.77.0.0/24")
    engine.create_network("back", internal=True)
    engine.run(
        "web",
        labels={"a": "1"},
        env={"B": "2"},
        networks={"front": ["www"], "back": []},
        ports={"80/tcp": None, "90/udp": ("127.0.0.1", 0)},
        stop_signal="SIGUSR2",
    )
    facts = engine.inspect("web")
    assert facts["Config"]["Labels"] == {"a": "1"}
    assert "B=2" in facts["Config"]["Env"]
    assert same_signal(facts["Config"]["StopSignal"], "SIGUSR2")
    assert set(facts["NetworkSettings"]["Networks"]) == {"front", "back"}
    assert "www" in facts["NetworkSettings"]["Networks"]["front"]["Aliases"]
    assert engine.address_of("web", "front").startswith("10.77.0.")
    assert facts["NetworkSettings"]["Ports"]["80/tcp"] is None
    assert facts["NetworkSettings"]["Ports"]["90/udp"][0]["HostIp"] == "127.0.0.1"


def test_health_follows_the_file(engine: RealEngine) -> None:
    """A container with the file's check turns healthy and unhealthy as it is told."""
    engine.run("web", healthcheck=FILE_HEALTHCHECK)
    engine.set_health("web", healthy=True)
    engine.set_health("web", healthy=False)
    assert engine.inspect("web")["State"]["Health"]["Status"] == "unhealthy"


def test_pruning_leaves_nothing(engine: RealEngine) -> None:
    """Running, paused, crashing and stopped containers and networks are gone after it, whatever the engine does."""
    engine.create_network("front")
    engine.run("web", networks=["front"])
    engine.run("frozen")
    engine.pause_container("frozen")
    engine.run("crashing", command=["false"], restart_policy="always")
    engine.create("created")
    engine.pause()
    engine.prune()
    assert engine.containers() == []
    assert {network["Name"] for network in engine.client.networks()} - {"host", "none"} == {"bridge"}


def test_a_killed_engine_leaves_its_containers_running(engine: RealEngine) -> None:
    """The daemon comes back to what went on without it; a restart in good order stops it where a daemon owns it."""
    engine.run("web")
    first = engine.started_at("web")
    pid = engine.inspect("web")["State"]["Pid"]
    engine.kill()
    assert alive(pid)
    engine.start()
    assert not engine.is_running("web") or engine.started_at("web") == first
    engine.restart()
    assert engine.is_running("web") is (engine.kind is PODMAN)


def test_a_container_is_reached_from_inside_the_engine_s_network(engine: RealEngine) -> None:
    """`enter` puts a command where containers' addresses are reached; outside they are not."""
    engine.run("web", command=["sh", "-c", "mkdir /www && echo hello >/www/index.html && httpd -f -h /www"])
    address = f"http://{engine.address_of('web')}/"
    command = [*engine.enter, "busybox", "wget", "-q", "-O", "-", address]
    wait_for(lambda: subprocess.run(command, capture_output=True, check=False).stdout == b"hello\n")
    with pytest.raises(OSError, match=r"."):
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(address, timeout=2)


def test_two_engines_do_not_know_each_other(engine: RealEngine, second: RealEngine) -> None:
    """Each has its own containers, networks and addresses; the same names are no conflict."""
    engine.run("web")
    second.run("web")
    engine.remove("web")
    assert second.is_running("web")
    with pytest.raises(docker.errors.NotFound):
        engine.inspect("web")


def test_a_stopped_engine_leaves_nothing_behind(engine: RealEngine, second: RealEngine) -> None:
    """Its processes, mounts, network namespace and folder are gone, running containers or not."""
    second.run("web", restart_policy="always")
    pid = int(second.inspect("web")["State"]["Pid"])
    second.kill()
    second.stop()
    assert not alive(pid)
    assert processes_of(second.folder) == []
    assert not second.folder.exists()
    assert str(second.folder) not in Path("/proc/self/mountinfo").read_text()
    assert not Path("/run/netns", second.namespace).exists()


def test_what_a_killed_owner_left_is_cleaned_up(engine: RealEngine, second: RealEngine) -> None:
    """An engine whose owner does not hold its lock any more is ended by the next one; others are left alone."""
    second.run("web")
    pids = [second.pid, int(second.inspect("web")["State"]["Pid"])]
    second._owner.close()
    with everybody_else_waits():
        clean_up_dead_owners()
    second._daemon.wait()  # type: ignore[union-attr]  # it was started
    assert not any(alive(pid) for pid in pids)
    assert processes_of(second.folder) == []
    assert not second.folder.exists()
    assert engine.containers() == []
