"""Read-only lists."""

from __future__ import annotations

from operator import add
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.listing import ItemList
from models.networks import NetworkList
from models.snapshot import ContainerList
from tests.unit.models.bodies import read, small


@pytest.mark.parametrize(
    ("items", "first", "first_value", "last"),
    [
        ([], None, None, None),
        ([None, "", 0, "a", "b"], None, "a", "b"),
        ([3, 4], 3, 3, 4),
        ([[], {}, "x", None], [], "x", None),
    ],
)
def test_first_last_and_first_value(items: list[Any], first: object, first_value: object, last: object) -> None:
    """The first value is neither None nor empty; of nothing all of them are None."""
    found = ItemList(items)
    assert (found.first, found.first_value, found.last) == (first, first_value, last)


def test_behaves_as_the_python_list() -> None:
    """It prints, compares, adds up and is cut like one."""
    ports = ItemList([80, 443])
    assert str(ports) == "[80, 443]"
    assert ports == [80, 443]
    assert ports == ItemList([80, 443])
    assert ports != [80]
    assert ports != "80"
    assert add(ports, [8080]) == [80, 443, 8080]
    assert add([1], ports) == [1, 80, 443]
    assert (ports[0], ports[-1], len(ports), 443 in ports) == (80, 443, 2, True)
    assert ports[1:] == [443]
    assert {ports, ItemList([80, 443])} == {ports}


def test_adding_something_else_is_a_type_error() -> None:
    """As with lists."""
    ports: Any = ItemList([80])
    with pytest.raises(TypeError):
        ports + 1
    with pytest.raises(TypeError):
        "a" + ports


def test_what_is_made_of_a_list_is_a_list_of_the_same_kind() -> None:
    """Slices, sums and matches keep what the kind can do."""
    web = small("1" * 64, "web")
    containers = ContainerList([web], own_container_id=web.id)
    for found in (containers[:1], add(containers, []), containers.matching("web"), containers.not_matching("db")):
        assert type(found) is ContainerList
        assert found.self is web


def test_cannot_be_changed() -> None:
    """There is nothing to append to."""
    ports: Any = ItemList([80])
    with pytest.raises(TypeError):
        ports[0] = 1
    with pytest.raises(AttributeError):
        ports.append(1)
    with pytest.raises(TypeError):
        list.append(ports, 1)


def test_attributes_that_lists_do_not_have_are_the_first_elements() -> None:
    """So that `matching('web').name` works, as in docker-pygen's older versions."""
    containers: Any = ContainerList([read(), small("2" * 64, "db")])
    assert containers.name == "shop-web-1"
    assert containers.Labels["pygen.target"] == "front"
    assert containers.networks.ip_address == "172.18.0.2"


@pytest.mark.parametrize("name", ["name", "_fields", "__html__"])
def test_nothing_has_no_attributes(name: str) -> None:
    """The first of nothing has none, and Python's protocols are not looked up there."""
    assert not hasattr(ContainerList(), name)


def test_plain_values_match_by_what_they_are() -> None:
    """Ports match as numbers and as text."""
    ports = ItemList([80, 443])
    assert ports.matching(80) == ports.matching("80") == [80]
    assert ports.not_matching("80") == [443]
    assert ItemList(["web", "db"]).matching("web") == ["web"]
    assert ItemList([None, ""]).matching("") == [""]
    assert ItemList([None, "None"]).matching("None") == ["None"]


def test_healthy_is_exactly_healthy() -> None:
    """Other states, and containers without a check, are asked for by their state."""
    states = ["healthy", "healthy", "unhealthy", "starting", "none"]
    found = ContainerList(read({"State/Health": {"Status": state}}) for state in states)
    assert len(found.healthy) == len(found.with_health("healthy")) == 2
    assert len(found.with_health("unhealthy")) == len(found.with_health("starting")) == 1
    assert len(found.with_health("unknown")) == 1
    assert type(found.healthy) is ContainerList


def test_self_is_our_own_container() -> None:
    """None where our id is unknown, or not in the list."""
    ours, other = small("abcd1234", "ours"), small("defa5678", "other")
    assert ContainerList([other, ours], "abcd1234").self is ours
    assert ContainerList([other], "abcd1234").self is None
    assert ContainerList([other, ours]).self is None


def network_list(*ids_and_names: tuple[str, str]) -> NetworkList:
    """Networks with these ids and names."""
    networks = {name: {"NetworkID": network_id} for network_id, name in ids_and_names}
    return read({"NetworkSettings/Networks": networks}).networks


THREE = network_list(("n01", "one"), ("n02", "two"), ("n03", "three"))


def test_networks_match_by_id_and_name() -> None:
    """Sorted by name: one, three, two."""
    assert THREE.matching("n02").name == THREE.matching("two").name == "two"
    assert [each.name for each in THREE.not_matching("two")] == ["one", "three"]
    assert THREE.matching("") == THREE.matching(None) == THREE.matching("n0") == []
    assert type(THREE.matching("two")) is NetworkList


def test_networks_match_by_a_long_id_prefix() -> None:
    """Ten hexadecimal digits are enough."""
    networks = network_list(("0123456789ab", "one"))
    assert len(networks.matching("0123456789")) == 1
    assert len(networks.matching("012345678")) == 0


def test_networks_match_by_what_they_have_in_common() -> None:
    """With a container, a network, a list of networks, or a list of containers."""
    container = read({"NetworkSettings/Networks": {"one": {"NetworkID": "n01"}, "else": {"NetworkID": "n09"}}})
    for target in (container, container.networks, ContainerList([container]), [container], THREE.matching("one").first):
        assert [each.id for each in THREE.matching(target)] == ["n01"]
        assert [each.id for each in THREE.not_matching(target)] == ["n03", "n02"]
    assert THREE.matching(NetworkList()) == THREE.matching([]) == THREE.matching(ContainerList()) == []


def test_networks_without_an_id_match_by_name() -> None:
    """Before its first start a container knows its networks by name alone."""
    created, other = network_list(("", "one")), network_list(("", "two"))
    assert len(created.matching(network_list(("", "one")))) == 1
    assert len(created.matching(other)) == 0


def test_ingress_can_be_left_out_and_the_rest_matched() -> None:
    """As docker-pygen's users write it."""
    ours = network_list(("n01", "a"), ("n02", "b"), ("n03", "c"), ("ii", "ingress"))
    theirs = network_list(("n02", "b"), ("n03", "c"), ("n04", "d"), ("ii", "ingress"))
    common = ours.not_matching("ingress").matching(theirs)
    assert [each.id for each in common] == ["n02", "n03"]
    assert (common.first.id, common.last.id) == ("n02", "n03")  # type: ignore[union-attr] # there are two


@given(st.lists(st.sampled_from(["a", "b", "", None, 0])), st.sampled_from(["a", "b", "c", 0]))
def test_matching_and_not_matching_are_the_whole(items: list[Any], target: object) -> None:
    """Each element is in exactly one of them."""
    found = ItemList(items)
    assert len(found.matching(target)) + len(found.not_matching(target)) == len(items)
    assert all(each not in found.matching(target) for each in found.not_matching(target))
