"""What happened between two readings of a container, in words for the log and the status page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.event import Change

if TYPE_CHECKING:
    from models.container import Container


def changes_between(before: Container | None, after: Container | None) -> list[Change]:
    """Name what is different.

    Args:
        before: the last reading, None where the container was not known.
        after: the new reading, None where it is gone.

    Returns:
        What happened, the most telling first; empty where the two look the same.
    """
    if after is None:
        return [] if before is None else [Change(before.name, "was removed")]
    if before is None:
        return [Change(after.name, "started" if after.is_current else "was created")]
    if before.same_view(after):
        return []
    found = [Change(after.name, what) for what in _differences(before, after)]
    return found or [Change(after.name, "was updated")]


def _differences(before: Container, after: Container) -> list[str]:
    what = _of_running(before, after)
    if before.name != after.name:
        what.append(f"was renamed from {before.name}")
    if before.is_current and after.is_current and before.health != after.health:
        what.append(f"became {after.health}")
    if not what and _networks(before) != _networks(after):
        what.append("changed networks")
    return what


def _of_running(before: Container, after: Container) -> list[str]:
    if before.is_current and not after.is_current:
        return ["is restarting" if after.restarting else "stopped"]
    if after.is_current and not before.is_current:
        return ["started"]
    if after.is_current and before.started_at != after.started_at:
        return ["restarted"]
    if before.paused != after.paused:
        return ["was paused" if after.paused else "was unpaused"]
    return []


def _networks(container: Container) -> list[tuple[str, str]]:
    return [(network.id, network.ip_address) for network in container.networks]
