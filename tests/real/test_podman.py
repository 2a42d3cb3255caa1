"""What differs on Podman's Docker-compatible service, and what comes of it; the rest of the suite runs on it as well.

Its events are written before its state is: the inspect after `die` may still say that the container runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.engine_kinds import PODMAN, EngineKind
from tests.support.running_program import NO_RESYNC, ProgramStarter, RunningProgram

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.podman_engine import PodmanEngine
    from tests.support.real_engine import RealEngine

NAMES = "{% for c in containers %}{{ c.name }}\n{% endfor %}"
NETWORKS = (
    "{% for c in containers %}{% for n in c.networks %}{{ c.name }} {{ n.name }} {{ n.internal }}{{ '\\n' }}"
    "{% endfor %}{% endfor %}"
)
STATES = "{% for c in all_containers %}{{ c.name }} {{ c.status }}\n{% endfor %}"


@pytest.fixture
def engine_kind() -> EngineKind:
    """Podman, in this file."""
    return PODMAN


def assert_heard(running: RunningProgram) -> None:
    """Each change came by its event: no list found one, and the stream was never blamed for being silent."""
    found = running.program.metrics()
    # One list when the stream was opened, and at most one before it was.
    assert running.program.metric("pygen_docker_requests_total", operation="list", result="success") <= 2
    assert {key: n for key, n in found.items() if key.startswith("pygen_event_stream_restarts_total") and n} == {}
    assert found["pygen_event_stream_up"] == 1


@pytest.mark.parametrize("how", ["kill_container", "stop_container", "die", "remove"])
def test_an_end_is_in_the_file_without_a_resync(
    engine: RealEngine, make_starter: Callable[[str], ProgramStarter], how: str
) -> None:
    """However it ends; ten at a time, since the inspect contradicts the event only now and then."""
    names = [f"web-{number}" for number in range(10)]
    for name in ["stays", *names]:
        engine.run(name)
    running = make_starter(NAMES).start(*NO_RESYNC)
    running.await_content("stays", *names)
    for name in names:
        getattr(engine, how)(name)
    running.await_content("stays")
    assert_heard(running)


def test_an_end_by_podman_itself_is_in_the_file_without_a_resync(
    engine: PodmanEngine, make_starter: Callable[[str], ProgramStarter]
) -> None:
    """Another process changes the state, as `podman kill` and `podman rm` do, and the service only reads of it."""
    for name in ("stays", "killed", "removed"):
        engine.run(name)
    running = make_starter(NAMES).start(*NO_RESYNC)
    running.await_content("killed", "removed", "stays")
    engine.podman("kill", "killed")
    running.await_content("removed", "stays")
    engine.podman("rm", "--force", "--time=0", "removed")
    running.await_content("stays")
    engine.podman("start", "killed")
    running.await_content("killed", "stays")
    assert_heard(running)


def test_a_status_is_in_docker_s_words(engine: RealEngine, make_starter: Callable[[str], ProgramStarter]) -> None:
    """Podman's `stopped` is a moment in `exited`, and its `configured` is `created`."""
    running = make_starter(STATES).start(*NO_RESYNC)
    engine.create("web")
    running.await_content("web created")
    engine.start_container("web")
    running.await_content("web running")
    engine.stop_container("web")
    running.await_content("web exited")
    engine.remove("web")
    running.await_text("")
    assert_heard(running)


def test_networks_are_listed_as_often_as_on_docker(
    engine: RealEngine, make_starter: Callable[[str], ProgramStarter]
) -> None:
    """Its containers name their networks by name, and the default one by a name that no list has."""
    engine.create_network("inner", internal=True)
    running = make_starter(NETWORKS).start(*NO_RESYNC)
    engine.run("first")
    running.await_content("first podman False")
    engine.run("second", networks=["inner"])
    running.await_content("first podman False", "second inner True")
    before = running.program.metric("pygen_docker_requests_total", operation="networks", result="success")
    engine.run("third")
    running.await_content("first podman False", "second inner True", "third podman False")
    assert running.program.metric("pygen_docker_requests_total", operation="networks", result="success") == before


def test_ports_and_shared_networks_as_podman_shows_them(
    engine: RealEngine, make_starter: Callable[[str], ProgramStarter]
) -> None:
    """Exposed ports are known only where a container has a network; one that shares a network has its owner's."""
    engine.create_network("front", subnet="10.77.7.0/24")
    engine.run("ordinary", networks=["front"], ports={"80/tcp": None, "53/udp": None})
    engine.run("on-host", network_mode="host", ports={"8080/tcp": None})
    engine.run("sharing", network_mode="container:ordinary")
    template = (
        "{% for c in containers %}{{ c.name }}|{{ c.networks.first_value.ip_address }}|{{ c.ports.tcp | join(',') }}"
        "|{{ c.ports.udp | join(',') }}{{ '\\n' }}{% endfor %}"
    )
    running = make_starter(template).start(*NO_RESYNC)
    address = engine.address_of("ordinary", "front")
    running.await_content("on-host|||", f"ordinary|{address}|80|53", f"sharing|{address}|80|53")
