"""A plain hosts file: looked up by the C library, as every program does."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from tests.recipes.recipe_harness import RecipeHarness

if TYPE_CHECKING:
    from pathlib import Path

LINE = re.compile(r"#.*|[0-9a-f.:]+( [A-Za-z0-9][A-Za-z0-9._-]*)+")


def _harness() -> RecipeHarness:
    return RecipeHarness("hosts/hosts.j2")


def _look_up(hosts: Path, name: str) -> list[str]:
    """Ask the C library, in a mount namespace whose /etc/hosts is this file."""
    script = 'mount --bind "$1" /etc/hosts && exec getent -s hosts:files ahostsv4 "$2"'
    command = ["unshare", "--mount", "sh", "-c", script, "sh", str(hosts), name]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    return sorted({line.split()[0] for line in found.stdout.splitlines()})


def test_the_c_library_finds_the_containers(tmp_path: Path) -> None:
    """Under name, host name, and what the label says; localhost stays what it is."""
    harness = _harness()
    harness.add("web", "10.0.0.1", hostname="www", labels={"hosts.names": "shop.test, api.shop.test"})
    harness.add("stopped", "10.0.0.2", running=False)
    harness.add("liar", "10.0.0.3", labels={"hosts.names": "localhost"})
    hosts = tmp_path / "hosts"
    hosts.write_text(harness.render())
    for name in ("web", "www", "shop.test", "api.shop.test"):
        assert _look_up(hosts, name) == ["10.0.0.1"]
    assert _look_up(hosts, "stopped") == []
    assert _look_up(hosts, "localhost") == ["127.0.0.1"]


LOCAL = ("localhost", "LOCALHOST", "localhost.", "localhost.localdomain", "ip6-localhost", "ip6-loopback")


def test_nobody_takes_a_name_that_is_not_theirs(tmp_path: Path) -> None:
    """The machine's own, those of its first lines, and other containers'; each leads where it led before."""
    harness = _harness()
    harness.environ["HOSTS_FIRST"] = "10.9.9.9 Gateway gw # the router; 127.0.1.1 debian"
    harness.add("web", "10.0.0.1")
    wanted = [*LOCAL, "gateway", "GW.", "debian", "web", "WEB", "mine.test"]
    harness.add("liar", "10.0.0.3", hostname="debian", labels={"hosts.names": ",".join(wanted)})
    hosts = tmp_path / "hosts"
    hosts.write_text(harness.render())
    for name, address in (("gateway", "10.9.9.9"), ("gw", "10.9.9.9"), ("debian", "127.0.1.1"), ("web", "10.0.0.1")):
        assert _look_up(hosts, name) == [address]
    assert _look_up(hosts, "localhost") == ["127.0.0.1"]
    assert _look_up(hosts, "mine.test") == ["10.0.0.3"]
    assert "10.0.0.3 liar mine.test" in hosts.read_text().splitlines()
    assert harness.notes == (
        "liar: label hosts.names means the machine itself, left out",
        "liar: label hosts.names is a name of the host's own, left out",
        "liar: label hosts.names is another container's name, left out",
        "liar: its host name is a name of the host's own, left out",
    )


def test_the_host_s_own_lines_come_first() -> None:
    """As HOSTS_FIRST says."""
    harness = _harness()
    harness.environ["HOSTS_FIRST"] = "10.9.9.9 gateway; 10.9.9.8 printer"
    assert harness.render().splitlines()[2:4] == ["10.9.9.9 gateway", "10.9.9.8 printer"]


@given(name=st.text(max_size=20), names=st.text(max_size=30), hostname=st.text(max_size=12))
def test_every_line_is_an_address_and_names_whatever_they_are(name: str, names: str, hostname: str) -> None:
    """What is no host name is left out."""
    harness = _harness()
    harness.add("good", "10.0.0.1", hostname="good")
    harness.world.add_container("x", hostname=hostname, labels={"hosts.names": names}, overrides={"Name": f"/{name}"})
    lines = harness.render().splitlines()
    assert all(LINE.fullmatch(line) for line in lines), lines
    assert "10.0.0.1 good" in lines
