"""What a delivery must know of a container, read from an inspect body."""

from __future__ import annotations

import pytest

from reconciler.backend.container_state import read_container_state


@pytest.mark.parametrize(
    ("health", "expected"),
    [
        ({"Health": {"Status": "unhealthy", "FailingStreak": 3}}, "unhealthy"),
        ({"Health": {"Status": "none"}}, "none"),
        ({"Health": {"Status": 5}}, ""),
        ({"Health": None}, ""),
        ({}, ""),
    ],
)
def test_the_health_check(health: dict[str, object], expected: str) -> None:
    """As the engine writes it; empty where there is no check, or what is there is no text."""
    body = {"State": {"Running": True, "StartedAt": "2026-12-01T10:00:00Z", **health}}
    state = read_container_state(body, engine_ns_max=None)
    assert (state.running, state.health) == (True, expected)
