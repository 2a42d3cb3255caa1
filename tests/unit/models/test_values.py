"""The small values that rooms share."""

from __future__ import annotations

import pytest

from models.event import Change, EngineEvent
from models.run import Run
from notify.actions.restart import Restart
from notify.actions.signal import Signal


def test_notifications_read_as_in_a_sentence() -> None:
    """As logs show them."""
    assert str(Signal("nginx", "SIGHUP")) == "signal HUP to nginx"
    assert str(Restart("nginx")) == "restart of nginx"


def test_equal_values_are_one() -> None:
    """A run is its container's id and start; exact duplicates of notifications can be dropped."""
    assert Run("1", "a") == Run("1", "a")
    assert len({Run("1", "a"), Run("1", "b"), Run("2", "a"), Run("1", "a")}) == 3
    assert len({Restart("a"), Restart("a"), Signal("a", "SIGHUP")}) == 2


@pytest.mark.parametrize(
    ("action", "short"),
    [
        ("start", "start"),
        ("health_status: healthy", "health_status"),
        ("exec_start: sh -c a:b", "exec_start"),
        ("", ""),
    ],
)
def test_an_events_action_is_short_up_to_its_colon(action: str, short: str) -> None:
    """What follows is free text, and no label."""
    assert EngineEvent("container", action, "1", {}, 0).short_action == short


def test_changes_read_as_in_a_sentence() -> None:
    """As logs show them."""
    assert str(Change("web-2", "started")) == "web-2 started"
