"""What a container has mounted."""

from __future__ import annotations

from models.mounts import Mount
from tests.unit.models.bodies import read


def test_mounts_are_sorted_by_destination() -> None:
    """With all their fields."""
    assert read().mounts == [
        Mount(destination="/app", source="/srv", type="bind", name="", mode="ro", writable=False),
        Mount(destination="/cache", source="/v/cache", type="volume", name="cache", mode="z", writable=True),
    ]
    assert read().mounts.first["Destination"] == "/app"  # type: ignore[index] # there are two


def test_a_container_may_have_none() -> None:
    """Null and empty are legal."""
    assert read({"Mounts": None}).mounts == read({"Mounts": []}).mounts == []


def test_odd_mounts_are_warned_of() -> None:
    """A field of another type is empty, an element that is no object is left out."""
    warnings: list[str] = []
    mounts = read({"Mounts": [5, {"Destination": "/a", "RW": "yes"}, None]}, warnings).mounts
    assert [(mount.destination, mount.writable) for mount in mounts] == [("/a", False)]
    assert [warning.split()[2] for warning in warnings] == ["Mounts[]", "Mounts.RW"]
