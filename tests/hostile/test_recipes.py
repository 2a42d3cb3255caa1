"""Containers that attack the file of a recipe. Each line of the table is one attack: add yours.

A line names the recipe, what the hostile container is (the options of `World.add_container`), what may not be in the
file then, and what is said of it. For every line the program that reads the file takes it, a harmless container beside
the hostile one is served as without it, and no note shows a value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from tests.recipes import programs
from tests.recipes.recipe_harness import RecipeHarness

if TYPE_CHECKING:
    from collections.abc import Callable

SECRET = "s3cr3t"
"""A mark in values that no note may show."""
FLOOD = ",".join(f"{SECRET}-{number}.test" for number in range(20_000))


class Target(NamedTuple):
    """A recipe that is attacked.

    Attributes:
        file: below deploy/recipes.
        harmless: the options of a container that wants something of it.
        served: a line of the file by which that container is served.
        check: the program that reads the file takes it.
    """

    file: str
    harmless: dict[str, Any]
    served: str
    check: Callable[[str], None]


class Attack(NamedTuple):
    """One hostile container.

    Attributes:
        target: the recipe.
        options: what the container is.
        unwanted: what may not be in the file.
        note: what is said of it, after the container's name; '' for an attack that needs no word.
    """

    target: Target
    options: dict[str, Any]
    unwanted: str
    note: str


def labels(**values: str) -> dict[str, Any]:
    """Labels; `haproxy_hosts` is `haproxy.hosts`."""
    return {"labels": {name.replace("_", "."): value for name, value in values.items()}}


def address(text: str) -> dict[str, Any]:
    """An engine that says this is the container's address."""
    return {"overrides": {"NetworkSettings": {"Networks": {"bridge": {"IPAddress": text}}}}}


def named(text: str) -> dict[str, Any]:
    """An engine that says this is the container's name."""
    return {"overrides": {"Name": f"/{text}"}}


def compose(project: str, service: str) -> dict[str, Any]:
    """A container that says it is Compose's."""
    return labels(com_docker_compose_project=project, com_docker_compose_service=service)


def logs(
    files: str, *, source: str = "/srv/evil", place: str = "/logs", writable: bool = True, **more: str
) -> dict[str, Any]:
    """A container with one mount, whose log files are to be rotated."""
    mounts = [{"Type": "bind", "Source": source, "Destination": place, "RW": writable}]
    return labels(logrotate_files=files, **{f"logrotate_{name}": value for name, value in more.items()}) | {
        "overrides": {"Mounts": mounts}
    }


HAPROXY = Target(
    "haproxy/haproxy.cfg.j2", labels(haproxy_hosts="good.test"), "use_backend host_good.test if", programs.check_haproxy
)
TARGETS = Target(
    "prometheus/targets.json.j2", labels(prometheus_port="9100"), '"container": "good",', programs.check_targets
)
DNS = Target("dnsmasq/containers.hosts.j2", compose("shop", "web"), " good.docker", programs.check_names)
HOSTS = Target("hosts/hosts.j2", labels(hosts_names="good.test"), " good good.test", programs.check_names)
LOGS = Target(
    "logrotate/containers.conf.j2",
    logs("/log/*.log", source="/nowhere/good", place="/log"),
    '"/nowhere/good/*.log" {',
    programs.check_logrotate,
)

NO_HOST = "label haproxy.hosts has an entry that is no host name, left out"
NO_HOSTS_NAME = "label hosts.names has an entry that is no host name, left out"
NO_PORT = "is not a port from 1 to 65535, left out"
NO_FILE = "label logrotate.files names no file that could be meant, left out"
DEEP = (
    "label logrotate.files names a file further down than directly in the mounted folder, which is rotated only as the"
    " owner of that folder, left out"
)
LOCAL = "label hosts.names means the machine itself, left out"
FOREIGN = "label hosts.names is another container's name, left out"

ATTACKS = {
    "haproxy: one host twice": Attack(HAPROXY, labels(haproxy_hosts="a.test,a.test"), "", ""),
    "haproxy: one host in two cases": Attack(HAPROXY, labels(haproxy_hosts="a.test,A.test,a.TEST."), "A.test", ""),
    "haproxy: a line of its own": Attack(HAPROXY, labels(haproxy_hosts="a.test\n  bind :1"), "bind :1", NO_HOST),
    "haproxy: an acl's end": Attack(HAPROXY, labels(haproxy_hosts="a.test } or { always_true"), "always", NO_HOST),
    "haproxy: words of the configuration": Attack(HAPROXY, labels(haproxy_hosts="or,if,unless,nowhere"), "", ""),
    "haproxy: a wildcard": Attack(HAPROXY, labels(haproxy_hosts="*.test"), "*", NO_HOST),
    "haproxy: an underscore": Attack(HAPROXY, labels(haproxy_hosts="a_b.test"), "a_b", NO_HOST),
    "haproxy: a port among the hosts": Attack(HAPROXY, labels(haproxy_hosts=f"{SECRET}:80"), SECRET, NO_HOST),
    "haproxy: a list of ports": Attack(
        HAPROXY, labels(haproxy_hosts="a.test", haproxy_port="80,81"), "a.test", f"label haproxy.port {NO_PORT}"
    ),
    "haproxy: a port with options": Attack(
        HAPROXY, labels(haproxy_hosts="a.test", haproxy_port=f"80 {SECRET}"), "a.test", f"label haproxy.port {NO_PORT}"
    ),
    "haproxy: a flood of hosts": Attack(
        HAPROXY,
        labels(haproxy_hosts=FLOOD),
        f"{SECRET}-100.test",
        "label haproxy.hosts has more entries than count, and the rest is left out",
    ),
    "haproxy: an address with options": Attack(
        HAPROXY,
        labels(haproxy_hosts="a.test") | address(f"10.0.0.1:1 {SECRET}"),
        SECRET,
        "has no address that can be reached by HAProxy, left out",
    ),
    "haproxy: a name with a line": Attack(HAPROXY, labels(haproxy_hosts="a.test") | named("x\nbind"), "\nbind", ""),
    "prometheus: a list of ports": Attack(
        TARGETS, labels(prometheus_port="9090,9091"), "9091", f"label prometheus.port {NO_PORT}"
    ),
    "prometheus: a port and a path": Attack(
        TARGETS, labels(prometheus_port=f"1/{SECRET}"), SECRET, f"label prometheus.port {NO_PORT}"
    ),
    "prometheus: another scheme": Attack(
        TARGETS,
        labels(prometheus_port="1", prometheus_scheme=f"file:{SECRET}"),
        SECRET,
        "label prometheus.scheme is neither http nor https, left out",
    ),
    "prometheus: no path": Attack(
        TARGETS,
        labels(prometheus_port="1", prometheus_path=SECRET),
        SECRET,
        "label prometheus.path is no path, left out",
    ),
    "prometheus: a flood in a job": Attack(
        TARGETS,
        labels(prometheus_port="1", prometheus_job=FLOOD),
        SECRET,
        "label prometheus.job is longer than 200 characters, and is not used",
    ),
    "prometheus: an address that is none": Attack(
        TARGETS,
        labels(prometheus_port="1") | address(SECRET),
        SECRET,
        "has no address that can be reached by Prometheus, left out",
    ),
    "dnsmasq: another container's name": Attack(
        DNS, compose("evil", "good"), "\nbad", "its Compose service is another container's name, left out"
    ),
    "dnsmasq: another application's service": Attack(
        DNS,
        compose("evil", "web"),
        " web.docker",
        "its Compose service is claimed by another application as well, left out",
    ),
    "dnsmasq: a line of its own": Attack(
        DNS, compose("evil", f"x\n10.0.0.1 {SECRET}"), SECRET, "its Compose service is no name that DNS takes, left out"
    ),
    "dnsmasq: a name that is none": Attack(DNS, named("x y"), "x", "its name is no name that DNS takes, left out"),
    "dnsmasq: an address that is none": Attack(DNS, address(f"10.0.0.1 {SECRET}\n"), SECRET, ""),
    "hosts: another container's name": Attack(HOSTS, labels(hosts_names="GOOD"), "GOOD", FOREIGN),
    "hosts: another container's name with a dot": Attack(HOSTS, labels(hosts_names="good."), "good. ", FOREIGN),
    "hosts: another container's name as its host name": Attack(
        HOSTS, {"hostname": "good"}, "bad good", "its host name is another container's name, left out"
    ),
    "hosts: localhost": Attack(HOSTS, labels(hosts_names="localhost"), "bad localhost", LOCAL),
    "hosts: localhost with a dot": Attack(HOSTS, labels(hosts_names="localhost."), "localhost.", LOCAL),
    "hosts: localhost in capitals": Attack(HOSTS, labels(hosts_names="LocalHost"), "LocalHost", LOCAL),
    "hosts: localhost.localdomain": Attack(HOSTS, labels(hosts_names="localhost.localdomain"), "localdomain", LOCAL),
    "hosts: below localhost": Attack(HOSTS, labels(hosts_names="a.localhost"), "a.localhost", LOCAL),
    "hosts: ip6-localhost": Attack(HOSTS, labels(hosts_names="ip6-localhost"), "bad ip6-localhost", LOCAL),
    "hosts: localhost as a host name": Attack(
        HOSTS, {"hostname": "localhost"}, "bad localhost", "its host name means the machine itself, left out"
    ),
    "hosts: localhost as its name": Attack(
        HOSTS, named("localhost"), " localhost \n", "its name means the machine itself, left out"
    ),
    "hosts: the host's gateway": Attack(
        HOSTS, labels(hosts_names="Printer"), "rinter\n172", "label hosts.names is a name of the host's own, left out"
    ),
    "hosts: an address as a name": Attack(HOSTS, labels(hosts_names="8.8.8.8"), "8.8.8.8", NO_HOSTS_NAME),
    "hosts: a line of its own": Attack(HOSTS, labels(hosts_names=f"a\n10.0.0.1 {SECRET}"), SECRET, NO_HOSTS_NAME),
    "hosts: a flood of names": Attack(
        HOSTS,
        labels(hosts_names=FLOOD),
        f"{SECRET}-100.test",
        "label hosts.names has more entries than count, and the rest is left out",
    ),
    "logrotate: up by a pattern": Attack(LOGS, logs(f"/logs/.?/.?/etc/{SECRET}.log", keep="0"), SECRET, NO_FILE),
    "logrotate: up by brackets": Attack(LOGS, logs(f"/logs/.[.]/etc/{SECRET}.log"), SECRET, NO_FILE),
    "logrotate: up by dots": Attack(LOGS, logs(f"/logs/../etc/{SECRET}.log"), SECRET, NO_FILE),
    "logrotate: a pattern over folders": Attack(LOGS, logs("/logs/[x/../y]"), "[", NO_FILE),
    "logrotate: a script": Attack(LOGS, logs("/logs/app.log{ prerotate #"), "prerotate", NO_FILE),
    "logrotate: the end of an entry": Attack(LOGS, logs("/logs/app.log}"), "app", NO_FILE),
    "logrotate: the end of a name": Attack(LOGS, logs('/logs/a" "/etc/passwd'), "passwd", NO_FILE),
    "logrotate: an escape": Attack(LOGS, logs("/logs/a\\"), "/a", NO_FILE),
    "logrotate: a line of its own": Attack(LOGS, logs("/logs/a\n}"), "/a", NO_FILE),
    "logrotate: half a bracket": Attack(LOGS, logs("/logs/[a"), "[", NO_FILE),
    "logrotate: below a link": Attack(LOGS, logs(f"/logs/link/{SECRET}.log"), SECRET, DEEP),
    "logrotate: below a link by a pattern": Attack(LOGS, logs(f"/logs/*/{SECRET}.log"), SECRET, DEEP),
    "logrotate: as somebody else below a link": Attack(
        LOGS, logs(f"/logs/link/{SECRET}.log", su="daemon"), SECRET, DEEP
    ),
    "logrotate: a read-only mount": Attack(
        LOGS,
        logs("/logs/passwd", source="/etc", writable=False),
        "passwd",
        "label logrotate.files names a file in a read-only mount, left out",
    ),
    "logrotate: under no mount": Attack(
        LOGS, logs(f"/{SECRET}/a.log"), SECRET, "label logrotate.files names a file under no mount, left out"
    ),
    "logrotate: a mount with a brace": Attack(
        LOGS,
        logs("/logs/a.log", source="/srv/{a"),
        "/srv",
        "label logrotate.files names a file in a mount whose place on the host cannot be written, left out",
    ),
    "logrotate: a user of nowhere": Attack(
        LOGS, logs("/logs/a.log", su=SECRET), SECRET, "label logrotate.su names no user and group of the host, left out"
    ),
    "logrotate: a line in su": Attack(
        LOGS,
        logs("/logs/a.log", su=f"root:root\n{SECRET}"),
        SECRET,
        "label logrotate.su names no user and group of the host, left out",
    ),
    "logrotate: a keep that is none": Attack(
        LOGS,
        logs("/logs/a.log", keep=f"1 {SECRET}"),
        SECRET,
        "label logrotate.keep is no number up to 9999, and 7 are kept",
    ),
    "logrotate: a period that is none": Attack(
        LOGS,
        logs("/logs/a.log", every=SECRET),
        SECRET,
        "label logrotate.every is neither daily, weekly nor monthly, and daily it is",
    ),
    "logrotate: its own file twice": Attack(LOGS, logs("/logs/a.log,/logs//a.log,/logs/*.log"), "a.log", ""),
    "logrotate: another's file": Attack(
        LOGS,
        logs("/logs/a.log,/logs/b*.log", source="/nowhere/good", keep="0"),
        "rotate 0",
        "label logrotate.files names what good names as well, and that counts",
    ),
    "logrotate: a flood of files": Attack(
        LOGS,
        logs(",".join(f"/logs/{number}.log" for number in range(20_000))),
        "/100.log",
        "label logrotate.files has more entries than count, and the rest is left out",
    ),
}


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_a_hostile_container_costs_the_others_nothing(attack: Attack) -> None:
    """The file is valid, the harmless container is served, and what was left out is said without its value."""
    harness = RecipeHarness(attack.target.file)
    harness.environ["HOSTS_FIRST"] = "10.9.9.9 printer"
    harness.world.add_container("good", **attack.target.harmless)
    harness.world.add_container("bad", **attack.options)
    text = harness.render()
    attack.target.check(text)
    assert attack.target.served in text
    assert not attack.unwanted or attack.unwanted not in text, text
    if attack.note:
        assert any(note.endswith(f": {attack.note}") for note in harness.notes), harness.notes
    else:
        assert not harness.notes
    assert not any(SECRET in note for note in harness.notes)
