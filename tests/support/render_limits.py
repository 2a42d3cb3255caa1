"""What a render in a test may take where the test is about something else."""

from __future__ import annotations

from typing import Any

RENDER_LIMITS: dict[str, Any] = {"time_limit_s": 10.0, "size_limit_bytes": 16 * 1024 * 1024}
"""The limits that a `Renderer` is to be given, as users have them who configure none."""
