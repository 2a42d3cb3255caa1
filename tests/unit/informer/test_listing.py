"""What a list entry tells, compared with an inspect of the same container."""

from __future__ import annotations

import json
from typing import Any

import pytest

from models.container import Container
from reconciler.informer.listing import Outline, outline_of_container, outline_of_entry, uptime_of_entry
from tests.unit.informer.world import RecordingWorld


@pytest.mark.parametrize("health", [None, "starting", "healthy", "unhealthy"])
@pytest.mark.parametrize("state", ["running", "paused", "exited", "created", "restarting"])
def test_both_views_of_a_container_agree(state: str, health: str | None) -> None:
    """List and inspect give the same outline, whatever the state, so that a quiet resync inspects nothing."""
    world = RecordingWorld()
    world.add_network("back")
    world.add_container("web", running=state != "created", health=health, networks=["bridge", "back"])
    if state == "paused":
        world.pause("web")
    if state in ("exited", "restarting"):
        world.die("web", restarting=state == "restarting")
    entry = json.loads(world.list_body(all_containers=True))[0]
    container = Container.from_inspect(world.inspect_body("web"), engine="e", networks={}, warn=print)
    assert outline_of_entry(entry) == outline_of_container(container)


@pytest.mark.parametrize(
    "entry",
    [
        {},
        {"Names": None, "State": None, "Status": None, "NetworkSettings": None},
        {"Names": [None, 3, ""], "State": 1, "Status": [], "NetworkSettings": {"Networks": None}},
        {"Names": "web", "NetworkSettings": {"Networks": {"bridge": None}}},
        {"NetworkSettings": []},
    ],
)
def test_an_odd_entry_has_an_empty_outline(entry: dict[str, Any]) -> None:
    """Missing, null and mistyped fields are survived: the inspect will tell."""
    assert outline_of_entry(entry) == Outline("", "", "", frozenset())
    assert uptime_of_entry(entry) is None


def test_names_of_legacy_links_are_not_its_own() -> None:
    """A container that others link to is listed under their names, too."""
    assert outline_of_entry({"Names": ["/app/db", "/db"]}).name == "db"
