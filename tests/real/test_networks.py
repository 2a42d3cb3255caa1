"""Networks as a real engine tells of them, and what follows for who reaches whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.real_engine import RealEngine
    from tests.support.running_program import ProgramStarter

FACTS = """\
{% for c in containers if c.name == 'proxy' %}{% for n in c.networks %}
{{ n.name }} {{ n.driver }} {{ n.scope }} via={{ n.gateway }} via6={{ n.ipv6_gateway }} host={{ n.host_address }}
{% endfor %}{% endfor %}
"""
REACH = """\
{% set proxy = containers.matching('proxy').first %}
{% for c in containers if c.name != 'proxy' %}
{{ c.name }} {{ c | address_from(proxy) or '-' }}
{% endfor %}
"""


def _lan(engine: RealEngine) -> None:
    """A network whose gateway is a router and not the host; it comes first by name."""
    engine.create_network("a-lan", subnet="10.77.0.0/24", router="10.77.0.254")


def test_the_facts_are_those_that_the_engine_has(
    engine: RealEngine, make_starter: Callable[[str], ProgramStarter]
) -> None:
    """Driver, scope and both gateways, and where the host answers."""
    _lan(engine)
    engine.create_network("b-plain", subnet="10.77.1.0/24")
    engine.create_network("c-inner", internal=True, subnet="10.77.2.0/24")
    engine.create_network("d-six", enable_ipv6=True, subnet="10.77.3.0/24 fd00:77::/64")
    engine.run("proxy", networks=["a-lan", "b-plain", "c-inner", "d-six"])
    running = make_starter(FACTS)
    status, _ = running.one_shot()
    assert status == 0
    lines = [line.split() for line in running.read().splitlines()]
    assert lines == [
        ["a-lan", "bridge", "local", "via=10.77.0.254", "via6=", "host="],
        ["b-plain", "bridge", "local", "via=10.77.1.1", "via6=", "host=10.77.1.1"],
        ["c-inner", "bridge", "local", f"via={_gateway(engine, 'c-inner')}", "via6=", "host="],
        ["d-six", "bridge", "local", "via=10.77.3.1", "via6=fd00:77::1", "host=10.77.3.1"],
    ]


def _gateway(engine: RealEngine, network: str) -> str:
    """What the engine gives; it differs between engines for a network without a way out."""
    return str(engine.inspect("proxy")["NetworkSettings"]["Networks"][network]["Gateway"])


def test_the_host_is_reached_over_the_bridge_and_a_shared_stack_where_its_owner_is(
    engine: RealEngine, make_starter: Callable[[str], ProgramStarter]
) -> None:
    """Not at the LAN's router; and a stack that is named by its owner's name is found."""
    _lan(engine)
    engine.create_network("b-plain", subnet="10.77.1.0/24")
    engine.run("proxy", networks=["a-lan", "b-plain"])
    engine.run("hosted", network_mode="host")
    engine.run("owner", networks=["b-plain"])
    engine.run("by-name", network_mode="container:owner")
    engine.run("by-id", network_mode=f"container:{engine.inspect('owner')['Id']}")
    running = make_starter(REACH)
    status, _ = running.one_shot()
    assert status == 0
    owner = engine.address_of("owner", "b-plain")
    assert running.read().splitlines() == [f"by-id {owner}", f"by-name {owner}", "hosted 10.77.1.1", f"owner {owner}"]
