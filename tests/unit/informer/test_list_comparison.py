"""What a list entry tells, compared with an inspect of the same container."""

from __future__ import annotations

import json
from typing import Any

import pytest

from models.container import Container
from reconciler.informer.list_comparison import summary_of_container, summary_of_entry, uptime_s_max
from reconciler.informer.store import ListSummary
from tests.unit.informer.informer_harness import RecordingWorld


@pytest.mark.parametrize("health", [None, "starting", "healthy", "unhealthy"])
@pytest.mark.parametrize("state", ["running", "paused", "exited", "created", "restarting"])
def test_both_views_of_a_container_agree(state: str, health: str | None) -> None:
    """List and inspect give the same summary, whatever the state, so that a quiet resync inspects nothing."""
    world = RecordingWorld()
    world.add_network("back")
    world.add_container("web", running=state != "created", health=health, networks=["bridge", "back"])
    if state == "paused":
        world.pause("web")
    if state in ("exited", "restarting"):
        world.die("web", restarting=state == "restarting")
    entry = json.loads(world.list_body(all_containers=True))[0]
    container = Container.from_inspect(world.inspect_body("web"), engine="e", networks={}, warn=print)
    assert summary_of_entry(entry) == summary_of_container(container)


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
def test_an_odd_entry_has_an_empty_summary(entry: dict[str, Any]) -> None:
    """Missing, null and mistyped fields are survived: the inspect will tell."""
    assert summary_of_entry(entry) == ListSummary("", "", "", frozenset())


def test_podman_s_status_is_no_difference() -> None:
    """List and inspect are compared in the same words."""
    assert summary_of_entry({"State": "stopped"}).status == summary_of_entry({"State": "exited"}).status == "exited"


def test_names_of_legacy_links_are_not_its_own() -> None:
    """A container that others link to is listed under their names, too."""
    assert summary_of_entry({"Names": ["/app/db", "/db"]}).name == "db"


@pytest.mark.parametrize(
    ("status", "seconds"),
    [
        ("Up Less than a second", 1),
        ("Up 1 second", 2),
        ("Up 45 seconds", 46),
        ("Up About a minute", 120),
        ("Up 3 minutes (healthy)", 240),
        ("Up 3 minutes (health: starting)", 240),
        ("Up 59 minutes (Paused)", 3600),
        ("Up About an hour", 7200),
        ("Up 47 hours", 48 * 3600),
        ("Up 13 days", 14 * 86400),
        ("Up 2 weeks", 3 * 7 * 86400),
        ("Up 5 months", 6 * 30 * 86400),
        ("Up 3 years", 4 * 365 * 86400),
        ("Exited (0) 2 hours ago", None),
        ("Created", None),
        ("Restarting (1) 3 seconds ago", None),
        ("Up since Tuesday", None),
        ("Up 3 fortnights", None),
        ("Up 12345678901234567890 seconds", None),
        ("", None),
    ],
)
def test_a_text_stands_for_at_most_so_many_seconds(status: str, seconds: float | None) -> None:
    """Each wording of go-units is read as its upper bound; anything else tells nothing."""
    assert uptime_s_max(status) == seconds
