"""Whose a name is that several containers claim."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from templating.sandbox.filters.ownership import Claim, application_of, is_local_name, settle
from tests.unit.templating.support import container, failure_of

if TYPE_CHECKING:
    from models.container import Container


def _replica(name: str, project: str, service: str = "web") -> Container:
    labels = {"com.docker.compose.project": project, "com.docker.compose.service": service}
    return container(name, labels=labels)


SHOP_1, SHOP_2, BLOG = _replica("shop-1", "shop"), _replica("shop-2", "shop"), _replica("blog-1", "blog")
ALONE, OTHER = container("alone"), container("other")


def _settle(
    *claims: tuple[str, Container, int], reserved: tuple[str, ...] = ()
) -> tuple[dict[str, list[str]], list[str]]:
    found = settle([Claim(name, who, rank, "label x") for name, who, rank in claims], reserved)
    owners = {each.id: each.name for each in (SHOP_1, SHOP_2, BLOG, ALONE, OTHER)}
    names = {owners[key]: names for key, names in found.names.items()}
    return names, [f"{each.container.name}: {each.source} {each.reason}" for each in found.refusals]


def test_replicas_share_a_name() -> None:
    """Of one Compose service."""
    assert _settle(("web", SHOP_1, 2), ("web", SHOP_2, 2)) == ({"shop-1": ["web"], "shop-2": ["web"]}, [])


def test_two_applications_with_the_same_right_get_nothing() -> None:
    """Rather than requests that are meant for the other."""
    names, refusals = _settle(("web", SHOP_1, 2), ("Web", BLOG, 2), ("web.shop", SHOP_1, 1))
    assert names == {"shop-1": ["web.shop"]}
    assert refusals == [
        "shop-1: label x is claimed by another application as well",
        "blog-1: label x is claimed by another application as well",
    ]


def test_a_container_s_own_name_is_its_own() -> None:
    """Whatever others claim, in whatever spelling."""
    names, refusals = _settle(("alone", ALONE, 0), ("ALONE.", OTHER, 1), ("alone", BLOG, 2))
    assert names == {"alone": ["alone"]}
    assert refusals == [
        "other: label x is another container's name",
        "blog-1: label x is another container's name",
    ]


def test_names_that_differ_by_case_go_to_the_one_in_lower_case() -> None:
    """To an engine `Web` and `web` are two names, to a resolver they are one."""
    assert _settle(("WEB", ALONE, 0), ("web", OTHER, 0))[0] == {"other": ["web"]}
    assert _settle(("WEB", ALONE, 0), ("Web", OTHER, 0))[0] == {}


def test_a_name_is_written_once_for_each_container() -> None:
    """As it was spelled first."""
    assert _settle(("Web", ALONE, 0), ("web", ALONE, 1), ("www", ALONE, 1))[0] == {"alone": ["Web", "www"]}


def test_reserved_names_go_to_nobody() -> None:
    """In any spelling."""
    names, refusals = _settle(("Gateway", ALONE, 0), ("x", ALONE, 0), reserved=("gateway.",))
    assert names == {"alone": ["x"]}
    assert refusals == ["alone: label x is a name of the host's own"]


@pytest.mark.parametrize(
    "name",
    [
        "broadcasthost", "localhost", "LocalHost", "localhost.", "localhost.localdomain", "LOCALHOST4",
        "localhost6.localdomain6", "ip6-localhost", "ip6-loopback", "ipv6-localhost", "ip6-allnodes", "a.localhost",
        "a.b.LOCALHOST.",
    ],
)  # fmt: skip
def test_nobody_is_the_machine_itself(name: str) -> None:
    """RFC 6761, and what hosts files of distributions have."""
    names, refusals = _settle((name, ALONE, 0))
    assert names == {}
    assert refusals == ["alone: label x means the machine itself"]


@pytest.mark.parametrize("name", ["localhost.example.com", "mylocalhost", "local", "host"])
def test_others_are_ordinary_names(name: str) -> None:
    """Only the machine's own are kept back."""
    assert not is_local_name(name)


def test_what_is_one_application() -> None:
    """A Compose service of one project, a Swarm service, else only the container itself."""
    assert application_of(SHOP_1) == application_of(SHOP_2) != application_of(BLOG)
    tasks = [container(f"t{number}", labels={"com.docker.swarm.service.name": "api"}) for number in (1, 2)]
    assert application_of(tasks[0]) == application_of(tasks[1])
    halves = [container(f"h{number}", labels={"com.docker.compose.service": "web"}) for number in (1, 2)]
    assert application_of(halves[0]) != application_of(halves[1])


_CLAIMS = st.lists(
    st.tuples(
        st.sampled_from(["a", "A", "b", "B.", "localhost", "c"]),
        st.sampled_from([SHOP_1, SHOP_2, BLOG, ALONE, OTHER]),
        st.integers(0, 2),
    ),
    max_size=12,
)


@given(_CLAIMS)
def test_no_name_leads_to_two_applications(claims: list[tuple[str, Container, int]]) -> None:
    """And what is not granted is told; the order of the claims decides nothing."""
    found = settle([Claim(name, who, rank, name) for name, who, rank in claims])
    by_id = {each.id: each for each in (SHOP_1, SHOP_2, BLOG, ALONE, OTHER)}
    owners: dict[str, set[tuple[str, ...]]] = {}
    for key, names in found.names.items():
        assert len({name.lower() for name in names}) == len(names)
        for name in names:
            owners.setdefault(name.lower().rstrip("."), set()).add(application_of(by_id[key]))
    assert all(len(applications) == 1 for applications in owners.values())
    told = {(each.container.id, each.source) for each in found.refusals}
    for name, who, _ in claims:
        granted = [each.lower().rstrip(".") for each in found.names.get(who.id, [])]
        assert (name.lower().rstrip(".") in granted) != ((who.id, name) in told)
    turned = settle([Claim(name, who, rank, name) for name, who, rank in reversed(claims)])
    assert {key: {name.lower() for name in names} for key, names in turned.names.items()} == {
        key: {name.lower() for name in names} for key, names in found.names.items()
    }


@pytest.mark.parametrize(
    "template",
    [
        "{{ 'a' | settle_names }}", "{{ [1] | settle_names }}", "{{ [{'name': 'a'}] | settle_names }}",
        "{{ [] | settle_names('a') }}", "{{ {} | settle_names }}",
        "{{ [{'name': 'a', 'container': 1, 'rank': 0, 'source': 'x'}] | settle_names }}",
    ],
)  # fmt: skip
def test_wrong_use_is_told(template: str) -> None:
    """A template error, not a wrong file."""
    reason = failure_of(template).message
    assert "claim" in reason or "reserved" in reason
