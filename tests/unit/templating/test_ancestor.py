"""What docker-pygen's users rest on: its own tests' facts, carried over."""

from __future__ import annotations

import json

import pytest

from tests.unit.templating.support import container, outcome_of, render, rendering

GROUPS = """
            {% for key, containers in containers|groupby('labels.application') %}
            group: {{ key }}
              {% for container in containers %}
              instance: {{ container.labels.instance }}
              {% endfor %}
            {% endfor %}"""
C1, C2, C3 = (
    container(name, labels={"instance": instance, "application": application})
    for name, instance, application in (("c1", "001", "web"), ("c2", "002", "web"), ("c3", "003", "db"))
)


def test_containers_and_their_environment() -> None:
    """Names, short ids of 10 digits and all variables."""
    template = """
            {% for container in containers %}
            running: {{ container.name }} ID={{ container.short_id }}
              {% for key, value in container.env.items() %}
              env: {{ key }}=>{{ value }}
              {% endfor %}
            {% endfor %}"""
    one = container("pygen-unittest-1", id="0123456789abcdef", env=["GENERATOR=pygen", "PATH=/bin"])
    expected = (
        "            running: pygen-unittest-1 ID=0123456789\n"
        "              env: GENERATOR=>pygen\n              env: PATH=>/bin\n"
    )
    assert render(template, one) == expected


def test_grouping_by_a_label_that_some_lack() -> None:
    """The group without the label comes first, under the empty text."""
    db_and_web = (
        "            group: db\n              instance: 003\n"
        "            group: web\n              instance: 001\n              instance: 002\n"
    )
    assert render(GROUPS, C1, C2, C3) == db_and_web
    missing = "            group: \n              instance: \n"
    assert render(GROUPS, C1, C2, C3, container("c4")) == missing + db_and_web


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{ containers.matching('T1').first.labels['pygen.target'] }}", "T1"),
        ("{{ containers.matching('T2').first.env.PYGEN_TARGET }}", "T2"),
        ("{{ containers.matching('T1').first.status }}", "running"),
        ("{{ containers.matching('T1').first.health }}", "healthy"),
        ("{{ containers.matching('T2').first.health }}", "unknown"),
        ("{{ containers.matching('failing').first.health }}", "unhealthy"),
        ("{{ containers.matching('c2').first.image }}", "alpine"),
        ("{{ containers.matching('T2').first.ports.tcp.first_value }}", "9123"),
        ("{{ containers.matching('T2').first.ports.udp.first_value }}", "9800"),
        ("{{ containers.matching('T2').name }}", "c2"),
        ("{{ containers.not_matching('T2') | map(attribute='name') | join(' ') }}", "c1 failing"),
        ("{% for c in all_containers %}{{ all_containers|length }}{% endfor %}", "333"),
        ("{{ (all_containers | first).name }}", "c1"),
        ("{{ containers.first.networks.matching(containers.last).first.name }}", "pygen-net"),
        ("{{ containers.first.networks.matching('pygen-net').first.id }}", "id-pygen-net"),
        ("{{ containers.first.networks.matching('id-pygen-net').first.name }}", "pygen-net"),
        ("{{ container.ports }}", ""),
    ],
)
def test_targets_health_ports_and_networks(template: str, expected: str) -> None:
    """Targets are found by label, variable and name; both old and new ways of `matching` work."""
    networks = {"pygen-net": "172.19.0.2"}
    c1 = container("c1", labels={"pygen.target": "T1"}, health="healthy", networks=networks)
    c2 = container("c2", env=["PYGEN_TARGET=T2"], ports=["9123/tcp", "9800/udp"])
    failing = container("failing", health="unhealthy", networks=networks)
    outcome = outcome_of(template, c1, c2, failing)
    assert getattr(outcome, "text", outcome) == expected.encode()


def test_hosts_paths_and_servers_as_json() -> None:
    """Nested groups by labels with dashes, `continue`, `any` on mapped attributes, `format` and `default(…, true)`."""
    template = """
[{% for host, same in containers|groupby('labels.virtual-host') %}
{% if not host %}{% continue %}{% endif %}
{% for path, some in same|groupby('labels.context-path') if some|map(attribute='ports.tcp.first_value')|any %}
{% set path = path|default('/', true) %}
{"name": "{{ '%s__%s'|format(host, path)|replace('/', '_') }}", "servers": [
{% for c in some if c.networks.first_value.ip_address and c.ports.tcp.first_value %}
"{{ c.networks.first_value.ip_address }}:{{ c.ports.tcp.first_value }}"{% if not loop.last %},{% endif %}
{% endfor %}]},
{% endfor %}{% endfor %}null]"""

    def one(number: int, port: str | None, **labels: str) -> object:
        networks = {"bridge": f"172.17.0.{number}"}
        named = {name.replace("_", "-"): value for name, value in labels.items()}
        return container(f"c{number}", labels=named, ports=[port] if port else [], networks=networks)

    containers = [
        one(2, "8080/tcp", virtual_host="test.site.com"),
        one(3, "8080/tcp", virtual_host="test.site.com"),
        one(5, "5000/tcp", virtual_host="api.site.com", context_path="/rest"),
        one(6, "5000/tcp", virtual_host="api.site.com", context_path="/stream"),
        one(7, None, virtual_host="api.site.com", context_path="/no-port-exposed"),
        one(8, "9001/tcp", context_path="/no-virtual-host"),
    ]
    assert json.loads(render(template, *containers)) == [  # type: ignore[arg-type] # they are containers
        {"name": "api.site.com___rest", "servers": ["172.17.0.5:5000"]},
        {"name": "api.site.com___stream", "servers": ["172.17.0.6:5000"]},
        {"name": "test.site.com___", "servers": ["172.17.0.2:8080", "172.17.0.3:8080"]},
        None,
    ]


def test_inline_templates_take_any_values() -> None:
    """A template is text with values in it, whatever they are called."""
    made = rendering("{{ who }} {{ what }} use inline templates")
    for who, what in (("You", "can"), ("I", "could")):
        outcome = made.render({"who": who, "what": what})
        assert getattr(outcome, "text", outcome) == f"{who} {what} use inline templates".encode()
