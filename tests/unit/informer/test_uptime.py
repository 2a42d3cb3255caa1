"""The list's words for an uptime."""

from __future__ import annotations

import pytest

from reconciler.informer.uptime import uptime_s_max


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
