"""The main job: whatever happens to real containers is in the file, without waiting for a comparison of everything."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

import pytest

from tests.support.real_engine import FILE_HEALTHCHECK
from tests.support.running_program import NO_RESYNC, ProgramStarter, ReaderContainer
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.real_engine import RealEngine

UPSTREAM = """\
{% set server_name = 'test.example.com' %}
upstream {{ server_name }} {
    {% for container in containers
          if  container.networks.first_value.ip_address
          and container.ports.tcp.first_value %}
        # {{ container.name }}
        server {{ container.networks.first_value.ip_address }}:{{ container.ports.tcp.first_value }};
    {% endfor %}
}
"""
NAMES = "{% for c in containers %}{{ c.name }}\n{% endfor %}"
STATES = "{% for c in all_containers %}{{ c.name }} {{ c.status }} {{ c.health }}\n{% endfor %}"
NETWORKS = (
    "{% for c in containers %}{{ c.name }}:"
    "{% for n in c.networks %} {{ n.name }}={{ n.ip_address }}{{ ' internal' if n.internal }}{% endfor %}"
    "{{ '\\n' }}{% endfor %}"
)


def upstream(*servers: str) -> str:
    """What the first example gives for servers such as `web 10.77.0.2:80`."""
    lines = [
        f"        # {name}\n        server {address};\n"
        for name, _, address in (each.partition(" ") for each in servers)
    ]
    return "upstream test.example.com {\n" + "".join(lines) + "}\n"


def is_another_run(engine: RealEngine, started_at: str) -> bool:
    """Whether `web` has been started since."""
    return engine.started_at("web") != started_at


def test_the_example_renders_and_leaves_out_who_cannot_be_reached(
    engine: RealEngine, make_starter: Callable[[str], ProgramStarter]
) -> None:
    """Containers with an address and a port are servers; those without network, or without port, are not there."""
    engine.create_network("front", subnet="10.77.0.0/24")
    engine.run("web", networks=["front"], ports={"8080/tcp": None, "80/tcp": None})
    engine.run("no-port", networks=["front"])
    engine.run("udp-only", networks=["front"], ports={"53/udp": None})
    engine.run("no-network", network_mode="none", ports={"80/tcp": None})
    engine.create("not-started", networks=["front"], ports={"80/tcp": None})
    running = make_starter(UPSTREAM).start(*NO_RESYNC)
    web = f"web {engine.address_of('web', 'front')}:80"
    running.await_text(upstream(web))
    engine.run("api", networks=["front"], ports={"9000/tcp": None})
    running.await_text(upstream(f"api {engine.address_of('api', 'front')}:9000", web))
    engine.stop_container("web")
    running.await_text(upstream(f"api {engine.address_of('api', 'front')}:9000"))


def test_starts_stops_crashes_and_renames_are_in_the_file_at_once(
    engine: RealEngine, make_starter: Callable[[str], ProgramStarter]
) -> None:
    """Each is there because of its event: the next comparison of everything is an hour away."""
    running = make_starter(NAMES).start(*NO_RESYNC)
    running.await_text("")
    engine.run("web")
    running.await_content("web")
    engine.run("db")
    running.await_content("db", "web")
    engine.die("web")
    running.await_content("db")
    engine.start_container("web")
    running.await_content("db", "web")
    engine.rename("db", "zebra")
    running.await_content("web", "zebra")
    engine.stop_container("web")
    running.await_content("zebra")
    engine.remove("zebra")
    running.await_text("")


def test_states_and_health_are_in_the_file_at_once(
    engine: RealEngine, make_starter: Callable[[str], ProgramStarter]
) -> None:
    """Created, running, paused and exited, and what the health check finds."""
    running = make_starter(STATES).start(*NO_RESYNC)
    engine.create("web", healthcheck=FILE_HEALTHCHECK)
    running.await_content("web created unknown")
    engine.start_container("web")
    engine.set_health("web", healthy=True)
    running.await_content("web running healthy")
    engine.set_health("web", healthy=False)
    running.await_content("web running unhealthy")
    engine.run("plain")
    running.await_content("plain running unknown", "web running unhealthy")
    engine.pause_container("plain")
    running.await_content("plain paused unknown", "web running unhealthy")
    engine.unpause_container("plain")
    engine.die("plain")
    running.await_content("plain exited unknown", "web running unhealthy")


def test_connected_and_disconnected_networks_are_in_the_file_at_once(
    engine: RealEngine, make_starter: Callable[[str], ProgramStarter]
) -> None:
    """With their addresses, and with what is known of a network that was made after the start."""
    engine.create_network("front", subnet="10.77.1.0/24")
    engine.run("web", networks=["front"])
    running = make_starter(NETWORKS).start(*NO_RESYNC)
    front = f"front={engine.address_of('web', 'front')}"
    running.await_content(f"web: {front}")
    engine.create_network("back", internal=True, subnet="10.77.2.0/24")
    engine.connect("web", "back")
    running.await_content(f"web: back={engine.address_of('web', 'back')} internal {front}")
    engine.disconnect("web", "front")
    running.await_content(f"web: back={engine.address_of('web', 'back')} internal")


def test_each_run_of_a_crashing_container_is_in_the_file(
    engine: RealEngine, make_starter: Callable[[str], ProgramStarter]
) -> None:
    """Its policy starts it again twice, each time with another StartedAt; after the last crash it leaves the file."""
    running = make_starter("{% for c in containers %}{{ c.raw.attrs.State.StartedAt }}\n{% endfor %}").start(*NO_RESYNC)
    engine.run("web", restart_policy="on-failure:2")
    for _ in range(2):
        run = engine.started_at("web")
        running.await_content(run)
        engine.die("web")
        wait_for(partial(is_another_run, engine, run), what="the policy to act")
    running.await_content(engine.started_at("web"))
    engine.die("web")
    running.await_text("")


def test_a_burst_of_starts_gives_few_signals_and_the_last_one_sees_all(
    engine: RealEngine, make_starter: Callable[[str], ProgramStarter]
) -> None:
    """Twenty starts are gathered; at the last signal the file is as it stays."""
    starter = make_starter("{% for c in containers if c.labels.burst %}{{ c.name }}\n{% endfor %}")
    reader = ReaderContainer(engine, starter.shared)
    running = starter.start(*NO_RESYNC, "--signal", "reader", "HUP", "--interval", "2", "30")
    running.await_settled()
    before = reader.signals_until_now()
    names = [f"box-{number:02}" for number in range(20)]
    for name in names:
        engine.create(name, labels={"burst": "yes"})
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(engine.start_container, names))
    running.await_content(*names)
    reader.await_told(" ".join(names))
    running.await_settled()
    assert 1 <= reader.signals_until_now() - before <= 5
    # Each container came by itself into the file: the signals are fewer than the writes, not the file late.
    assert (
        running.program.metric(
            "pygen_target_writes_total", target=str(starter.target), mode="replace", result="success"
        )
        > 1
    )


def test_an_edited_template_takes_effect(engine: RealEngine, make_starter: Callable[[str], ProgramStarter]) -> None:
    """Saved in place, replaced by another file, broken and mended; so is a file that it includes."""
    engine.run("web")
    starter = make_starter("{% include 'part.j2' %}")
    part = starter.template.with_name("part.j2")
    part.write_text("one {{ containers | map(attribute='name') | join }}\n")
    running = starter.start(*NO_RESYNC)
    running.await_content("one web")
    part.write_text("two {{ containers | map(attribute='name') | join }}\n")
    running.await_content("two web")
    starter.template.write_text("{% if %}")
    running.program.wait_for_log("template.j2")
    assert running.read() == "two web\n"
    other = starter.template.with_name("other.j2")
    other.write_text("three {{ containers.first.name }}\n")
    other.replace(starter.template)
    running.await_content("three web")


@pytest.mark.parametrize("spoil", ["edit", "truncate", "delete", "replace"])
def test_a_spoilt_target_is_put_right_at_the_resync(
    engine: RealEngine, make_starter: Callable[[str], ProgramStarter], spoil: str
) -> None:
    """With its mode; and who may have read the spoilt file is told."""
    starter = make_starter(NAMES)
    reader = ReaderContainer(engine, starter.shared)
    running = starter.start("--resync", "1", "--signal", "reader", "HUP", "--interval", "0")
    running.await_content("reader")
    running.await_settled()
    starter.target.chmod(0o640)
    before = reader.signals_until_now()
    cause = "missing" if spoil == "delete" else "drift"
    counted = running.program.metric("pygen_diffs_total", target=str(starter.target), cause=cause)
    _spoil(starter, spoil)
    running.await_content("reader")
    reader.await_reads(before + 1)
    assert reader.last_seen() == "reader"
    assert starter.target.stat().st_mode & 0o777 == (0o644 if spoil == "delete" else 0o640)
    assert running.program.metric("pygen_diffs_total", target=str(starter.target), cause=cause) == counted + 1


def _spoil(starter: ProgramStarter, how: str) -> None:
    if how == "edit":
        starter.target.write_text("something else\n")
    elif how == "truncate":
        os.truncate(starter.target, 0)
    elif how == "delete":
        starter.target.unlink()
    else:
        other = starter.target.with_name("other")
        other.write_text("an editor's\n")
        other.chmod(0o640)
        other.replace(starter.target)


def test_an_engine_that_was_away_is_believed_when_it_is_back(
    engine: RealEngine, make_starter: Callable[[str], ProgramStarter]
) -> None:
    """While it is away the file stays; afterwards what it reports as dead leaves it, without a resync."""
    engine.run("web")
    engine.run("db")
    running = make_starter(NAMES).start(*NO_RESYNC)
    running.await_content("db", "web")
    engine.kill()
    failed = {"operation": "list", "result": "error"}
    running.program.wait_for(
        lambda: running.program.metric("pygen_docker_requests_total", **failed) > 0, what="a failed list"
    )
    assert running.read() == "db\nweb\n"
    assert running.program.metric("pygen_event_stream_up") == 0
    engine.start()
    # Whether containers outlive their engine is the engine's business.
    running.await_content(*(name for name in ("db", "web") if engine.is_running(name)))
    engine.start_container("web")
    engine.run("new")
    engine.remove("db")
    running.await_content("new", "web")
