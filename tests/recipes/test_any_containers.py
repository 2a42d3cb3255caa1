"""Any containers at all: lists that repeat, overlap and collide, and values that are hostile to every syntax.

Whatever several containers say together, the program that reads the file takes it, the harmless container is in it, and
no note shows a value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.recipes import programs
from tests.recipes.recipe_harness import RecipeHarness

if TYPE_CHECKING:
    from collections.abc import Callable


class Recipe(NamedTuple):
    """What a recipe reads, and how its file is checked.

    Attributes:
        file: below deploy/recipes.
        label_names: the labels that it reads.
        harmless: the labels of a container that nobody else's values may cost anything.
        served: what of that container is in the file.
        check: the program that reads the file takes it.
    """

    file: str
    label_names: tuple[str, ...]
    harmless: dict[str, str]
    served: str
    check: Callable[[str], None]


COMPOSE = ("com.docker.compose.project", "com.docker.compose.service")
RECIPES = {
    "haproxy": Recipe(
        "haproxy/haproxy.cfg.j2",
        ("haproxy.hosts", "haproxy.port"),
        {"haproxy.hosts": "harmless.test"},
        "if { var(txn.host) -m str harmless.test }",
        programs.check_haproxy,
    ),
    "prometheus": Recipe(
        "prometheus/targets.json.j2",
        ("prometheus.port", "prometheus.path", "prometheus.scheme", "prometheus.job", *COMPOSE),
        {"prometheus.port": "9100"},
        '"container": "harmless",',
        programs.check_targets,
    ),
    "dnsmasq": Recipe("dnsmasq/containers.hosts.j2", COMPOSE, {}, " harmless.docker", programs.check_names),
    "hosts": Recipe("hosts/hosts.j2", ("hosts.names", *COMPOSE), {}, " harmless", programs.check_names),
    "logrotate": Recipe(
        "logrotate/containers.conf.j2",
        ("logrotate.files", "logrotate.keep", "logrotate.every", "logrotate.su"),
        {"logrotate.files": "/alone/*.log"},
        '"/nowhere/harmless/*.log"',
        programs.check_logrotate,
    ),
}
MARK = "s3cr3t"

_ENTRIES = [
    "a.test", "A.TEST", "a.test.", "b.test", "harmless", "Harmless", "localhost", "*.test", "a_b", "web", "shop",
    "10.0.0.1",
    "80", "80,81", "9100", "0", "https", "/metrics", "/l/*.log", "/l/a.log", "/l/A.log", "/l/?.log", "/l/s/a.log",
    "/l/*/a.log",
    "/l/.?/a", "/l/../a", "/l/one", "/alone/a.log", "daemon", "root:root", "daily", f"{MARK}", f"{MARK} x",
    "{", "}", '"', "'", "\\", "\n", "#", ";", "\0", "é", "\ud800", "\udcff", "\u2028", f"x\n{MARK}", "x" * 300,
]  # fmt: skip
_LISTS = st.lists(st.sampled_from(_ENTRIES) | st.text(max_size=6), max_size=6).map(",".join)
_ADDRESSES = st.sampled_from(
    ["", "10.0.0.1", "10.0.0.2", "fd00::1", "0.0.0.0", "10.0.0.1 x", f"1\n{MARK}", "fe80::1%e"]
)
_NAMES = st.sampled_from(
    ["", "web", "Web", "harmless.", "localhost", "a b", f"x\n{MARK}", "é", "x" * 300, "-", "a.test"]
)
_MODES = st.sampled_from(["bridge", "host", "none", "container:harmless", "container:nobody"])


def _others(recipe: Recipe) -> st.SearchStrategy[list[dict[str, Any]]]:
    one = st.fixed_dictionaries({
        "labels": st.dictionaries(st.sampled_from(recipe.label_names), _LISTS),
        "name": _NAMES,
        "hostname": _NAMES,
        "address": _ADDRESSES,
        "ipv6_address": _ADDRESSES,
        "mode": _MODES,
        "paused": st.booleans(),
        "place": st.sampled_from(["/l", "/l/one", "/", "/alone", "l", "/l/"]),
        "source": st.sampled_from(["/nowhere/a", "/nowhere/a/", "/nowhere/b", "/", "", "/n{", "/n*", "/n\"", "/n\n}"]),
    })  # fmt: skip
    return st.lists(one, min_size=1, max_size=4)


def _body(other: dict[str, Any]) -> dict[str, Any]:
    endpoint = {"IPAddress": other["address"], "GlobalIPv6Address": other["ipv6_address"]}
    return {
        "Name": f"/{other['name']}",
        "State": {"Paused": other["paused"]},
        "HostConfig": {"NetworkMode": other["mode"]},
        "NetworkSettings": {"Networks": {"bridge": endpoint}},
        "Mounts": [{"Type": "bind", "Source": other["source"], "Destination": other["place"], "RW": True}],
    }


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
@settings(max_examples=40)
@given(data=st.data())
def test_the_file_is_valid_and_the_harmless_container_in_it(recipe: Recipe, data: st.DataObject) -> None:
    """Whatever the others say, and whatever the engine says of them."""
    harness = RecipeHarness(recipe.file)
    mounts = [{"Type": "bind", "Source": "/nowhere/harmless", "Destination": "/alone", "RW": True}]
    harness.world.add_container("harmless", labels=recipe.harmless, overrides={"Mounts": mounts})
    for number, other in enumerate(data.draw(_others(recipe))):
        harness.world.add_container(
            f"other-{number}", labels=other["labels"], hostname=other["hostname"], overrides=_body(other)
        )
    text = harness.render()
    recipe.check(text)
    assert recipe.served in text, text
    assert not any(MARK in note.partition(":")[2] for note in harness.notes), harness.notes
