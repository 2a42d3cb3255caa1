"""`[ADDRESS:]PORT`."""

from __future__ import annotations

import pytest

from metrics.address import MetricsAddress, parse_metrics_address


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("9413", "", 9413),
        (" 9413 ", "", 9413),
        ("65535", "", 65535),
        ("09413", "", 9413),
        ("127.0.0.1:9413", "127.0.0.1", 9413),
        ("0.0.0.0:1", "0.0.0.0", 1),
        ("[::1]:9413", "::1", 9413),
        ("[::]:9413", "::", 9413),
        ("[fe80::1%eth0]:9413", "fe80::1%eth0", 9413),
        ("localhost:9413", "localhost", 9413),
        ("my-host.example.org:9413", "my-host.example.org", 9413),
    ],
)
def test_addresses(text: str, host: str, port: int) -> None:
    """A port alone is on all addresses; IPv4, IPv6 in brackets and host names stand before it."""
    assert parse_metrics_address(text) == MetricsAddress(host, port)


@pytest.mark.parametrize("text", ["0", "127.0.0.1:0", "[::1]:0", "000"])
def test_port_zero_is_off(text: str) -> None:
    """Port 0 turns metrics off, whatever the address."""
    assert parse_metrics_address(text) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "has no port"),
        (":", "no address before its colon"),
        (":9413", "no address before its colon"),
        ("localhost", "has no port"),
        ("localhost:", "has no port"),
        ("127.0.0.1", "has no port"),
        ("-1", "has no port"),
        ("9413.0", "has no port"),
        ("٩٤١٣", "has no port"),
        ("65536", "too high"),
        ("9" * 5000, "too high"),
        ("::1:9413", "several colons"),
        ("[::1]", "address with a port"),
        ("[::1]9413", "address with a port"),
        ("[::1:9413", "address with a port"),
        ("[127.0.0.1]:9413", "no IPv6 address"),
        ("[]:9413", "no IPv6 address"),
        ("[fe%x80::1]:9413", "no IPv6 address"),
        ("300.0.0.1:9413", "no IPv4 address"),
        ("127.1:9413", "no IPv4 address"),
        ("a host:9413", "neither an address nor a host name"),
        ("-host:9413", "neither an address nor a host name"),
        ("host..org:9413", "neither an address nor a host name"),
        (f"{'a.' * 127}org:9413", "neither an address nor a host name"),
    ],
)
def test_malformed_addresses_say_what_is_wrong(text: str, said: str) -> None:
    """Each malformed address is an error that names its fault."""
    with pytest.raises(ValueError, match=said):
        parse_metrics_address(text)


@pytest.mark.parametrize("text", ["9413", "127.0.0.1:9413", "[::1]:9413", "localhost:9413"])
def test_address_is_shown_as_it_is_written(text: str) -> None:
    """What is shown can be read again."""
    assert str(parse_metrics_address(text)) == text
