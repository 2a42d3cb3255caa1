"""Host names and lists as containers write them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from templating.sandbox.filters.names import (
    ENTRIES_MAX,
    entries_of,
    host_names_of,
    is_host_name,
    is_ip_address,
    plain_name,
)
from tests.unit.templating.support import container, failure_of, render

if TYPE_CHECKING:
    import ipaddress

RFC_1123 = re.compile(
    r"(?!.{254})([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*"
)
TEXTS = st.text(st.sampled_from(list("aZ09.-_ ,*:\n\0é٣ı")) | st.characters(), max_size=80)


@pytest.mark.parametrize(
    "name", ["shop.test", "Shop.TEST", "a", "3com.com", "xn--bcher-kva.example", f"{'a' * 63}.test", "a.b-c.d9"]
)
def test_host_names(name: str) -> None:
    """As RFC 1123 has them, in any case."""
    assert is_host_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "", ".", "a.", ".a", "a..b", "-a", "a-", "a b", "a\n", "*.test", "~x", "a:80", "a/b", "é.test", "a,b",
        "1.2.3.4", "7", "a.0x7f", "ſhop.test", "a.٣", f"{'a' * 64}.test", ".".join(["abcdefgh"] * 30), "a_b", "[::1]",
    ],
)  # fmt: skip
def test_what_is_no_host_name(name: str) -> None:
    """Ports, patterns, addresses, what DNS cannot carry, and letters that become ASCII when they are lowered."""
    assert not is_host_name(name)


@pytest.mark.parametrize(("name", "accepted"), [("shop_web_1", True), ("a._b", True), ("_a", False), ("a_", True)])
def test_underscores_count_where_they_are_allowed(name: str, accepted: bool) -> None:  # noqa: FBT001
    """Within engines' names, which never begin with one."""
    assert is_host_name(name, underscore=True) is accepted
    assert not is_host_name(name)


@given(TEXTS)
def test_host_names_are_those_of_the_rfc_without_a_number_at_the_end(text: str) -> None:
    """Written down a second way."""
    is_number = bool(re.fullmatch(r"[0-9]+|0[xX][0-9a-fA-F]*", text.rpartition(".")[2]))
    assert is_host_name(text) == bool(RFC_1123.fullmatch(text) and not is_number)


@given(st.ip_addresses().filter(lambda each: not each.is_unspecified and not each.is_multicast))
def test_addresses_are_addresses(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    """In every spelling of the standard library's."""
    assert is_ip_address(str(address))
    assert is_ip_address(address.exploded)


@pytest.mark.parametrize(
    "text",
    ["", "0.0.0.0", "::", "224.0.0.1", "ff02::1", "fe80::1%eth0", "10.0.0.1/24", "010.0.0.1", "10.1", "a", "1;x"],
)
def test_what_nothing_can_be_reached_at_is_no_address(text: str) -> None:
    """Unspecified, multicast, with a zone or a mask, or none at all."""
    assert not is_ip_address(text)


def test_entries_are_trimmed_and_counted_once() -> None:
    """Blanks are dropped, and repeats do not use up the limit."""
    assert entries_of(" a, b,,a ,\tb", 2).kept == ("a", "b")
    assert entries_of("a,a,b,c,d", 2) == entries_of("a,b,c,d", 2)
    assert entries_of("a,b,c,d,d", 2).beyond == 2


def test_a_flood_ends_at_the_limit() -> None:
    """A hundred, unless a template or its operator says otherwise."""
    flood = ",".join(f"h{number}.test" for number in range(20_000))
    box = container(labels={"x": flood})
    shown = "{{ found.kept | length }} {{ found.refused }} {{ found.beyond }}"
    assert render(f"{{% set found = containers.first.labels.x | host_names %}}{shown}", box) == "100 0 19900"
    assert render(f"{{% set found = containers.first.labels.x | entries('7') %}}{shown}", box) == "7 0 19993"
    assert ENTRIES_MAX == 100


def test_host_names_are_folded_and_counted() -> None:
    """One name in several spellings is one name; what is none is counted once."""
    found = host_names_of("A.test, a.TEST., *.test,*.test , b_c, 1.2.3.4", 10, underscore=False, addresses=False)
    assert found.kept == ("a.test",)
    assert found.refused == 3
    assert host_names_of("1.2.3.4,::1", 10, underscore=False, addresses=True).kept == ("1.2.3.4",)


@pytest.mark.parametrize("limit", ["0", "-1", "x", "100001", "9" * 5000, "١"])
def test_a_limit_that_is_none_is_told(limit: str) -> None:
    """By the filter's name, and what it takes."""
    reason = failure_of(f"{{{{ 'a' | entries('{limit}') }}}}").message
    assert "entries: the limit is a whole number from 1 to 100,000" in reason


@given(TEXTS)
def test_a_plain_name_stands_anywhere(name: str) -> None:
    """Whatever the engine calls the container."""
    assert re.fullmatch(r"[A-Za-z0-9_.-]{1,64}", plain_name(container(name or "x", id="ab" * 32)))


@pytest.mark.parametrize("template", ["{{ [1] | entries }}", "{{ 'a' | plain_name }}", "{{ [] is host_name }}"])
def test_wrong_use_is_told(template: str) -> None:
    """A template error, not a wrong file."""
    assert "takes a" in failure_of(template).message
