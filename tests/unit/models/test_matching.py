"""What a configured name means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.matching import Index, is_id_prefix, matches, projects_of, target_text
from models.snapshot import ContainerList
from tests.unit.models.bodies import WEB_ID, read, small

if TYPE_CHECKING:
    from models.container import Container

COMPOSE_PROJECT = "com.docker.compose.project"
COMPOSE_SERVICE = "com.docker.compose.service"
SWARM_SERVICE = "com.docker.swarm.service.name"
STACK = "com.docker.stack.namespace"


def labelled(container_id: str, **labels: str) -> Container:
    """A container without a name; `__` in a label stands for a dot."""
    return small(container_id, Labels={key.replace("__", "."): value for key, value in labels.items()})


def ids(containers: list[Container] | ContainerList) -> list[str]:
    """The ids in order."""
    return [container.id for container in containers]


@pytest.mark.parametrize(
    "target",
    [WEB_ID, WEB_ID[:10], WEB_ID[:12], WEB_ID[:63], "shop-web-1", "web", "shop/web", "front"],
)
def test_every_name_of_a_container_matches(target: str) -> None:
    """Id, short id, longer prefixes, name, Compose service with and without project, label."""
    container = read()
    assert matches(container, target)
    assert Index([container]).matching(target) == [container]
    assert ContainerList([container]).matching(target).name == container.name


@pytest.mark.parametrize(
    "target",
    ["", WEB_ID[:9], WEB_ID + "0", WEB_ID[1:20], WEB_ID[:12].upper(), "/shop-web-1", "shop", "shop/", "/web",
     "SHOP-WEB-1", "shop-web", "other/web", "Front", "nginx:1.25", "None"],
)  # fmt: skip
def test_what_is_no_name_does_not_match(target: str) -> None:
    """Not the empty text, not shorter prefixes, not parts of names, and case counts."""
    container = read()
    assert not matches(container, target)
    assert Index([container]).matching(target) == []
    assert ContainerList([container]).not_matching(target) == [container]


def test_the_variable_marks_a_container() -> None:
    """PYGEN_TARGET, in this spelling."""
    assert matches(small("1", Env=["PYGEN_TARGET=pt"]), "pt")
    assert not matches(small("1", Env=["pygen_target=pt"]), "pt")
    assert not matches(small("1", Env=["PYGEN_TARGET"]), "")


def test_a_swarm_service_matches_with_and_without_its_stack() -> None:
    """The stack's name is cut only where the container says that it is the stack's."""
    in_stack = labelled("1", **{SWARM_SERVICE: "st01_srv01", STACK: "st01"})
    alone = labelled("2", **{SWARM_SERVICE: "st01_srv01"})
    both = [in_stack, alone, labelled("3")]
    assert ids(Index(both).matching("st01_srv01")) == ["1", "2"]
    assert ids(Index(both).matching("srv01")) == ["1"]
    assert Index(both).matching("st01_") == []
    assert Index([labelled("1", **{SWARM_SERVICE: "other_srv01", STACK: "st01"})]).matching("srv01") == []


def test_a_compose_service_without_project_has_no_project_name() -> None:
    """`/web` is not a name."""
    container = labelled("1", **{COMPOSE_SERVICE: "web"})
    assert matches(container, "web")
    assert not matches(container, "/web")


# Facts of docker-pygen.
LISTS: dict[str, list[Container]] = {
    "ids": [small("001"), small("002"), small("003")],
    "names": [small("1", "R01"), small("2", "R02"), small("3", "R03")],
    "labels": [labelled(str(n), pygen__target=f"pt0{n}") for n in (1, 2, 3)],
    "variables": [small(str(n), Env=[f"PYGEN_TARGET=PT0{n}"]) for n in (1, 2, 3)],
    "compose": [labelled("1", **{COMPOSE_SERVICE: "cs01"}), labelled("2", **{COMPOSE_SERVICE: "cs01"}), labelled("3")],
    "swarm": [labelled("1", **{SWARM_SERVICE: "ss01"}), labelled("2", **{SWARM_SERVICE: "ss01"}), labelled("3")],
}


@pytest.mark.parametrize(
    ("which", "target", "expected", "rest"),
    [
        ("ids", "002", ["002"], ["001", "003"]),
        ("ids", "001", ["001"], ["002", "003"]),
        ("names", "R02", ["2"], ["1", "3"]),
        ("labels", "pt02", ["2"], ["1", "3"]),
        ("variables", "PT02", ["2"], ["1", "3"]),
        ("compose", "cs01", ["1", "2"], ["3"]),
        ("swarm", "ss01", ["1", "2"], ["3"]),
    ],
)
def test_matches_as_in_docker_pygen(which: str, target: str, expected: list[str], rest: list[str]) -> None:
    """Each rule, with what it leaves out."""
    containers = ContainerList(LISTS[which])
    assert ids(containers.matching(target)) == expected
    assert ids(containers.not_matching(target)) == rest


def test_short_prefixes_do_not_match_any_more() -> None:
    """docker-pygen took any prefix, and the empty one for everything."""
    containers = ContainerList([small("11234567890"), small("11345678901")])
    assert containers.matching("112") == []
    assert containers.matching("") == []
    assert ids(containers.matching("1123456789")) == ["11234567890"]


def test_the_closest_matches_come_first() -> None:
    """Id, name, label and variable in list order, then id prefixes, then Compose, then Swarm services, each once."""
    target = "abcdef012345"
    containers = [
        labelled("1", **{SWARM_SERVICE: target}),
        labelled("2", **{COMPOSE_SERVICE: target}),
        small(target + "6"),
        small("3", Env=[f"PYGEN_TARGET={target}"]),
        labelled("4", pygen__target=target, **{COMPOSE_SERVICE: target}),
        small("5", target),
        small(target),
        labelled("6", **{COMPOSE_SERVICE: target, SWARM_SERVICE: target}),
    ]
    assert ids(Index(containers).matching(target)) == ["3", "4", "5", target, target + "6", "2", "6", "1"]


def test_several_prefixes_keep_the_lists_order() -> None:
    """However their ids are sorted."""
    containers = [small("aaaaaaaaaa2"), small("b"), small("aaaaaaaaaa1"), small("aaaaaaaaab")]
    assert ids(Index(containers).matching("aaaaaaaaaa")) == ["aaaaaaaaaa2", "aaaaaaaaaa1"]


def test_an_index_is_asked_many_times() -> None:
    """It reads the containers once, from any iterable."""
    index = Index(container for container in (small("1", "a"), small("2", "b")))
    assert [ids(index.matching(target)) for target in ("a", "b", "a", "c")] == [["1"], ["2"], ["1"], []]


def test_projects_are_named_for_a_bare_service() -> None:
    """More than one of them deserves a warning; a project is not asked for where the target names it."""
    containers = [
        labelled(str(at), **{COMPOSE_PROJECT: project, COMPOSE_SERVICE: "web"})
        for at, project in enumerate(("shop", "blog", "shop"))
    ]
    assert projects_of(containers, "web") == ["blog", "shop"]
    assert projects_of(containers, "shop/web") == []
    assert projects_of(containers, "") == []


def test_targets_of_templates_become_text() -> None:
    """A container means itself, None nothing, and the rest what it prints."""
    container = read()
    assert target_text(container) == container.id
    assert (target_text(None), target_text("web"), target_text(5)) == ("", "web", "5")
    containers = ContainerList([small("2", "db"), container])
    assert containers.matching(container) == [container]
    assert containers.matching(None) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0123456789", True), ("a" * 64, True), ("012345678", False), ("a" * 65, False), ("012345678g", False),
     ("ABCDEF0123", False), ("0123456789\n", False)],
)  # fmt: skip
def test_an_id_prefix_has_ten_hexadecimal_digits(text: str, expected: bool) -> None:  # noqa: FBT001 - a table's column
    """Lower case, as engines write them."""
    assert is_id_prefix(text) is expected


NAMES = st.sampled_from(["", "a", "b", "0123456789", "0123456789ab", "p/a", "p"])


@st.composite
def containers_with_few_names(draw: st.DrawFn) -> list[Container]:
    """Containers whose names collide."""
    found = []
    for at in range(draw(st.integers(0, 5))):
        keys = ("pygen.target", COMPOSE_SERVICE, COMPOSE_PROJECT, SWARM_SERVICE, STACK)
        config: dict[str, Any] = {"Labels": {key: draw(NAMES) for key in keys}}
        config["Env"] = [f"PYGEN_TARGET={draw(NAMES)}"]
        found.append(small(draw(NAMES) + str(at), draw(NAMES), **config))
    return found


@given(containers_with_few_names(), NAMES)
def test_the_ways_to_ask_agree(containers: list[Container], target: str) -> None:
    """One container, an index and a list of a template give the same matches, each once."""
    found = Index(containers).matching(target)
    assert sorted(map(id, found)) == sorted(id(each) for each in containers if matches(each, target))
    assert list(ContainerList(containers).matching(target)) == found
