"""Exposed and published ports."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.ports import PublishedPort, parse_port
from tests.unit.models.bodies import GONE, read


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("80/tcp", (range(80, 81), "tcp")),
        ("53/UDP", (range(53, 54), "udp")),
        ("9899/sctp", (range(9899, 9900), "sctp")),
        ("8080", (range(8080, 8081), "tcp")),
        ("8000-8002/tcp", (range(8000, 8003), "tcp")),
        ("65535/tcp", (range(65535, 65536), "tcp")),
    ],
)
def test_reads_a_port(text: str, expected: tuple[range, str]) -> None:
    """With protocol and without, and ranges."""
    assert parse_port(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "/tcp", "http/tcp", "0/tcp", "65536/tcp", "-1/tcp", "80-/tcp", "-80/tcp", "90-80/tcp", "80/icmp", "8 0/tcp",
     "²/tcp", "9" * 5000],
)  # fmt: skip
def test_what_is_no_port_is_none(text: str) -> None:
    """Neither a guess nor an exception."""
    assert parse_port(text) is None


@given(st.text(max_size=12))
def test_any_text_is_survived(text: str) -> None:
    """What is a port lies between 1 and 65535."""
    parsed = parse_port(text)
    assert parsed is None or (1 <= parsed[0][0] <= parsed[0][-1] <= 65_535)


def exposing(*texts: str) -> dict[str, Any]:
    """Changes to a body that exposes these ports and publishes none."""
    return {"Config/ExposedPorts": {text: {} for text in texts}, "NetworkSettings/Ports": {}}


def test_exposed_ports_are_sorted_numbers_by_protocol() -> None:
    """80 before 443 before 8080, each once."""
    ports = read(exposing("8080/tcp", "443/tcp", "80/tcp", "53/udp", "9899/sctp", "80-81/tcp")).ports
    assert ports == {"sctp": [9899], "tcp": [80, 81, 443, 8080], "udp": [53]}
    assert ports.tcp.first_value == ports["TCP"].first == ports.Tcp[0] == 80


def test_a_port_range_is_every_port_of_it() -> None:
    """Both ends included."""
    assert read(exposing("8000-8003/udp")).ports.udp == [8000, 8001, 8002, 8003]


def test_without_ports_each_protocol_is_an_empty_list() -> None:
    """So that `first_value` of it is nothing."""
    changes: dict[str, Any] = {"Config/ExposedPorts": GONE, "NetworkSettings/Ports": None}
    assert read(changes).ports == {"sctp": [], "tcp": [], "udp": []}
    assert read(changes).published == []


def test_what_is_published_is_exposed() -> None:
    """Podman and plain API clients publish ports that `ExposedPorts` does not have."""
    changes: dict[str, Any] = {"Config/ExposedPorts": None, "NetworkSettings/Ports": {"8080/tcp": [], "53/udp": None}}
    assert read(changes).ports == {"sctp": [], "tcp": [8080], "udp": [53]}


def test_an_unreadable_port_is_left_out_with_a_warning() -> None:
    """The others are there."""
    warnings: list[str] = []
    assert read(exposing("80/tcp", "http/tcp"), warnings).ports.tcp == [80]
    assert warnings == [
        "container shop-web-1: Config.ExposedPorts can't be read and is taken as empty: expected a port such as 80/tcp"
    ]


def test_published_ports_name_the_hosts_address_and_port() -> None:
    """One entry for each place, sorted; ports that nobody publishes have none."""
    published = read(
        {
            "NetworkSettings/Ports": {
                "443/tcp": None,
                "80/tcp": [{"HostIp": "::", "HostPort": "8080"}, {"HostIp": "0.0.0.0", "HostPort": "8080"}],
                "53/udp": [{"HostIp": "127.0.0.1", "HostPort": "5353"}],
                "99/sctp": [{"HostIp": None, "HostPort": "99"}],
            }
        }
    ).published
    assert published == [
        PublishedPort(53, "udp", "127.0.0.1", 5353),
        PublishedPort(80, "tcp", "0.0.0.0", 8080),
        PublishedPort(80, "tcp", "::", 8080),
        PublishedPort(99, "sctp", "", 99),
    ]
    assert published.first.host_port == 5353  # type: ignore[union-attr] # there are four
    assert published.udp == [published[0]]
    assert published.sctp == [published[3]]
    assert published.matching(80) == published.matching("80/TCP") == published.tcp == published[1:3]
    assert published.matching("80/udp") == []
    assert published[0]["Host_IP"] == "127.0.0.1"


def test_odd_bindings_are_left_out() -> None:
    """A binding without a readable port says nothing; one of another type is a warning."""
    warnings: list[str] = []
    bindings = [{"HostPort": ""}, {"HostPort": "http"}, None, "x", {"HostPort": 80}, {"HostPort": "81"}]
    published = read(
        {"NetworkSettings/Ports": {"80/tcp": bindings, "nonsense": [{"HostPort": "1"}]}}, warnings
    ).published
    assert published == [PublishedPort(80, "tcp", "", 81)]
    assert [warning.split()[2] for warning in warnings] == [
        "NetworkSettings.Ports",
        "NetworkSettings.Ports.80/tcp[]",
        "NetworkSettings.Ports.80/tcp.HostPort",
    ]
