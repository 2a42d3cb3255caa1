"""Names for dnsmasq: asked with dig."""

from __future__ import annotations

import re
import signal
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.recipes.recipe_harness import RecipeHarness, running
from tests.support.ports import reserve_port
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from pathlib import Path

LINE = re.compile(r"#.*|[0-9a-f.:]+( [a-z0-9][a-z0-9_.-]*\.docker)+")


def _harness() -> RecipeHarness:
    return RecipeHarness("dnsmasq/containers.hosts.j2")


def _dig(port: int, name: str) -> list[str]:
    command = ["dig", "+short", "+tries=1", "+time=5", "@127.0.0.1", "-p", str(port), name]
    asked = subprocess.run(command, capture_output=True, text=True, check=False)
    return sorted(asked.stdout.split()) if asked.returncode == 0 else ["no answer"]


def test_dig_finds_the_containers_and_follows_a_reload(tmp_path: Path) -> None:
    """Under their names and services; a container that comes is found after HUP, one that goes is not."""
    harness, port = _harness(), reserve_port()
    compose = {"com.docker.compose.service": "web", "com.docker.compose.project": "shop"}
    harness.add("shop-web-1", "10.0.0.1", labels=compose)
    harness.add("shop-web-2", "10.0.0.2", labels=compose)
    hosts = tmp_path / "containers.hosts"
    hosts.write_text(harness.render())
    command = ["dnsmasq", "--keep-in-foreground", "--no-resolv", "--no-hosts", "--conf-file=/dev/null"]
    listening = [f"--port={port}", "--listen-address=127.0.0.1", "--bind-interfaces", "--user=root", "--pid-file="]
    with running([*command, *listening, f"--addn-hosts={hosts}"], tmp_path) as process:
        both = ["10.0.0.1", "10.0.0.2"]
        wait_for(lambda: _dig(port, "web.docker") == both, what=lambda: str(_dig(port, "web.docker")))
        assert _dig(port, "web.shop.docker") == both
        assert _dig(port, "shop-web-2.docker") == ["10.0.0.2"]
        assert _dig(port, "db.docker") == []
        harness.add("db", "10.0.0.3")
        harness.world.die("shop-web-1")
        hosts.write_text(harness.render())
        process.send_signal(signal.SIGHUP)
        wait_for(lambda: _dig(port, "db.docker") == ["10.0.0.3"], what=lambda: str(_dig(port, "db.docker")))
        assert _dig(port, "web.docker") == ["10.0.0.2"]


def test_one_name_of_two_applications_leads_to_neither(tmp_path: Path) -> None:
    """Rather than to both; with the project's name each is found, and a container's own name is its own."""
    harness, port = _harness(), reserve_port()
    for number, project in enumerate(("blog", "shop")):
        compose = {"com.docker.compose.service": "web", "com.docker.compose.project": project}
        harness.add(f"{project}-web-1", f"10.0.0.{number}", labels=compose)
    harness.add("db", "10.0.0.7")
    harness.add("evil", "10.0.0.8", labels={"com.docker.compose.service": "db", "com.docker.compose.project": "x"})
    hosts = tmp_path / "containers.hosts"
    hosts.write_text(harness.render())
    contested = "its Compose service is claimed by another application as well, left out"
    assert harness.notes == (
        f"blog-web-1: {contested}",
        "evil: its Compose service is another container's name, left out",
        f"shop-web-1: {contested}",
    )
    command = ["dnsmasq", "--keep-in-foreground", "--no-resolv", "--no-hosts", "--conf-file=/dev/null"]
    listening = [f"--port={port}", "--listen-address=127.0.0.1", "--bind-interfaces", "--user=root", "--pid-file="]
    with running([*command, *listening, f"--addn-hosts={hosts}"], tmp_path):
        wait_for(lambda: _dig(port, "db.docker") == ["10.0.0.7"], what=lambda: str(_dig(port, "db.docker")))
        assert _dig(port, "web.docker") == []
        assert _dig(port, "web.blog.docker") == ["10.0.0.0"]
        assert _dig(port, "web.shop.docker") == ["10.0.0.1"]
        assert _dig(port, "db.x.docker") == ["10.0.0.8"]


def test_a_stopped_container_keeps_its_name() -> None:
    """It may be back in a moment, and until then nobody else is found there."""
    harness = _harness()
    harness.add("db", "10.0.0.1", running=False)
    harness.add("evil", "10.0.0.2", labels={"com.docker.compose.service": "db"})
    assert " db.docker" not in harness.render()


def test_the_domain_can_be_chosen() -> None:
    """By the variable DOMAIN."""
    harness = _harness()
    harness.environ["DOMAIN"] = "lan"
    harness.add("web", "10.0.0.1")
    assert "10.0.0.1 web.lan" in harness.render().splitlines()


@pytest.mark.parametrize("domain", ["a b", "x\n10.0.0.1 y", "*", "."])
def test_what_is_no_domain_is_told(domain: str) -> None:
    """And the usual one stands in."""
    harness = _harness()
    harness.environ["DOMAIN"] = domain
    harness.add("web", "10.0.0.1")
    assert "10.0.0.1 web.docker" in harness.render().splitlines()
    assert harness.notes == ("DOMAIN is no domain; it is docker",)


@given(name=st.text(max_size=20), service=st.text(max_size=20))
def test_every_line_is_an_address_and_names_whatever_they_are(name: str, service: str) -> None:
    """What is no host name is left out, and costs nobody else anything."""
    harness = _harness()
    harness.add("good", "10.0.0.1")
    labels = {"com.docker.compose.service": service, "com.docker.compose.project": service}
    harness.world.add_container("x", labels=labels, overrides={"Name": f"/{name}"})
    lines = harness.render().splitlines()
    assert all(LINE.fullmatch(line) for line in lines), lines
    assert "10.0.0.1 good.docker" in lines
