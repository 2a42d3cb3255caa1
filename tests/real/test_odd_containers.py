"""Odd but legal containers on a real engine: each is shown as far as it can be, and none stops the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.running_program import NO_RESYNC, ProgramStarter

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.real_engine import RealEngine

SHOWN = (
    "{% for c in containers %}{{ c.name }}|{{ c.networks.first_value.ip_address }}|{{ c.ports.tcp | join(',') }}"
    "|{{ c.ports.udp | join(',') }}|{{ c.env.ODD }}|{{ c.labels.odd }}|{{ c.health }}{{ '\\n' }}{% endfor %}"
)


def test_odd_containers_are_shown_beside_ordinary_ones(
    engine: RealEngine, make_starter: Callable[[str], ProgramStarter]
) -> None:
    """Entries without `=`, no network, the host's, another container's, sctp, ranges, names of other scripts."""
    engine.create_network("front", subnet="10.77.3.0/24")
    engine.run("ordinary", networks=["front"], ports={"80/tcp": None}, env={"ODD": "no"}, labels={"odd": "no"})
    engine.run("env-bare", network_mode="none", env=["ODD", "EMPTY=", "WITH=a=b"])
    engine.run("on-host", network_mode="host", ports={"8080/tcp": None})
    engine.run("sharing", network_mode="container:ordinary")
    engine.run("sctp", network_mode="none", ports={"9999/sctp": None, "7/tcp": None, "53/udp": None})
    engine.run("range", network_mode="none", ports={f"{port}/tcp": None for port in range(7000, 7004)})
    engine.run("script", network_mode="none", labels={"odd": "žluťoučký 馬 \u2028 🐴", "ключ": "значение"})
    engine.run("lines", network_mode="none", env={"ODD": "a\nb"}, labels={"odd": ""})
    running = make_starter(SHOWN).start(*NO_RESYNC)
    address = engine.address_of("ordinary", "front")
    running.await_content(
        "env-bare||||||unknown",
        "lines||||a\nb||unknown",
        "on-host||8080||||unknown",
        f"ordinary|{address}|80||no|no|unknown",
        "range||7000,7001,7002,7003||||unknown",
        "script|||||žluťoučký 馬 \u2028 🐴|unknown",
        "sctp||7|53|||unknown",
        "sharing||||||unknown",
    )
    assert not [line for line in running.warnings() if "ordinary" in line]


def test_what_is_published_is_shown_with_its_host_s_side(
    engine: RealEngine, make_starter: Callable[[str], ProgramStarter]
) -> None:
    """Address and port for each container port, as the engine chose them."""
    engine.run("web", ports={"80/tcp": ("127.0.0.1", 0), "90/tcp": None})
    port = engine.inspect("web")["NetworkSettings"]["Ports"]["80/tcp"][0]["HostPort"]
    running = make_starter("{{ containers.first.published | to_json }}\n").start(*NO_RESYNC)
    running.program.wait_for(
        lambda: f"{port}" in running.read() and "127.0.0.1" in running.read(), what="the published port"
    )


def test_containers_by_the_ancestor_s_ways_of_writing(
    engine: RealEngine, make_starter: Callable[[str], ProgramStarter]
) -> None:
    """Any case, keys and attributes, `matching` as a list and as one container, networks in common, health."""
    engine.create_network("front", subnet="10.77.4.0/24")
    engine.create_network("back", subnet="10.77.5.0/24")
    engine.run("web", networks=["front", "back"], labels={"Foo.Bar": "x"}, env={"KEY": "value"}, ports={"80/tcp": None})
    engine.run("db", networks=["back"])
    template = (
        "{{ containers.matching('web').first.Name }} {{ containers.matching('web').name }} "
        "{{ containers.not_matching('web') | map(attribute='name') | join(',') }} "
        "{{ containers['matching']('web')['first'].labels['foo.bar'] }} {{ containers.matching('web').env.key }} "
        "{{ containers.matching('web').first.Ports['TCP'].first }} "
        "{{ containers.matching('web').first.networks.matching(containers.matching('db').first).first.name }} "
        "{{ containers.matching('none').first.name | default('nobody') }} {{ containers.healthy | length }} "
        "{{ containers.self is defined }}\n"
    )
    running = make_starter(template).start(*NO_RESYNC)
    running.await_content("web web db x value 80 back nobody 0 False")
