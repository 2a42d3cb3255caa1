"""Who answers, at which address and which port."""

from __future__ import annotations

import dataclasses

import pytest

from templating.sandbox.filters.serving import endpoint_of, is_serving, port_of
from tests.unit.templating.support import container, failure_of, render

WEB = container("web", networks={"front": "10.0.0.2"}, ports=["8080/tcp", "53/udp"])
PROXY = container("proxy", networks={"front": "10.0.0.9"})
FAR = container("far", networks={"back": "10.1.0.2"})


@pytest.mark.parametrize(
    ("health", "serves"), [("", True), ("starting", True), ("healthy", True), ("unhealthy", False)]
)
def test_unhealthy_ones_get_no_requests(health: str, serves: bool) -> None:  # noqa: FBT001
    """Those that were never checked do."""
    assert is_serving(container(health=health)) is serves


def test_those_that_cannot_answer_get_no_requests() -> None:
    """A paused one takes connections and leaves them waiting."""
    assert is_serving(WEB)
    assert not is_serving(dataclasses.replace(WEB, paused=True))
    assert not is_serving(dataclasses.replace(WEB, restarting=True))
    assert not is_serving(dataclasses.replace(WEB, running=False))


@pytest.mark.parametrize(
    ("written", "port"),
    [
        ("", 8080), (" ", 8080), ("9100", 9100), (" 80 ", 80), ("0080", 80), ("65535", 65535), ("65536", 0), ("0", 0),
        ("-1", 0), ("80,81", 0), ("80-90", 0), ("http", 0), ("8e1", 0), ("٨٠", 0), ("9" * 5000, 0), ("80\n;", 0),
    ],
)  # fmt: skip
def test_the_port_that_is_meant(written: str, port: int) -> None:
    """What the container says, else its one exposed TCP port; and nothing is guessed where it says what is none."""
    assert port_of(WEB, written, 80) == port


def test_the_default_port_where_there_is_no_one_port() -> None:
    """None exposed, or several."""
    assert port_of(container(), "", 81) == 81
    assert port_of(container(ports=["1/tcp", "2/tcp"]), "", 81) == 81


@pytest.mark.parametrize("address", ["", "10.0.0.1;} evil", "0.0.0.0", "10.0.0", "fe80::1%eth0", "web"])
def test_an_address_that_is_none_is_not_used(address: str) -> None:
    """Whoever says it: an engine can be odd, too."""
    found = endpoint_of(address, 80)
    assert not found
    assert (found.address, found.written) == ("", "")
    assert found.address_problem == "has no address that can be reached"


def test_an_endpoint_is_written_as_clients_write_it() -> None:
    """IPv6 in brackets."""
    assert endpoint_of("10.0.0.1", 80).written == "10.0.0.1:80"
    assert endpoint_of("fd00::1", 80).written == "[fd00::1]:80"
    assert endpoint_of("10.0.0.1", 0).port_problem == "is not a port from 1 to 65535"
    assert endpoint_of("10.0.0.1", 80).port_problem == ""


def test_endpoints_in_a_template() -> None:
    """Over the networks that both are on, and false where there is none."""
    template = (
        "{% set proxy = containers.matching('proxy').first %}"
        "{% for each in containers %}{% set found = each | endpoint(proxy, each.labels.port, default=81) %}"
        "{{ found.written or '-' }}{{ '!' if found }} {% endfor %}"
    )
    assert render(template, WEB, PROXY, FAR) == "- 10.0.0.9:81! 10.0.0.2:8080! "


@pytest.mark.parametrize("template", ["{{ 'web' | endpoint }}", "{{ 1 is serving }}", "{{ none | endpoint }}"])
def test_only_containers_have_endpoints(template: str) -> None:
    """A template error, not a wrong file."""
    assert "takes a container" in failure_of(template).message
