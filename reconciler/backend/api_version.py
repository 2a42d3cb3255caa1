"""Agrees with an engine on a version of its API: one request for each engine."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

OLDEST = (1, 41)
"""The oldest version that is read; engine 20.10 has it."""

NEWEST = (1, 51)
"""The newest version that is asked for, so that an engine from the future still answers in known shapes."""

_NAMED = re.compile(
    rb"client version \d+\.\d+ is too (?:new|old)\. (?:Maximum|Minimum) supported API version is ([\d.]+)"
)

ApiVersion = tuple[int, int]


def parse(text: object) -> ApiVersion | None:
    """Read `1.41`; None where it is something else."""
    match = re.fullmatch(r"(\d{1,4})\.(\d{1,4})", text, re.ASCII) if isinstance(text, str) else None
    return (int(match[1]), int(match[2])) if match else None


def choose(answer: Mapping[str, Any]) -> ApiVersion:
    """Choose the version to speak.

    Args:
        answer: what the engine says to `GET /version`; `ApiVersion` and `MinAPIVersion` are read.

    Raises:
        ValueError: the engine is too old, or does not tell.
    """
    newest, oldest = parse(answer.get("ApiVersion")), parse(answer.get("MinAPIVersion"))
    if newest is None:
        raise ValueError("the answer names no API version: it is not from a Docker engine")
    if newest < OLDEST:
        raise ValueError(
            f"its API version {newest[0]}.{newest[1]} is too old: {OLDEST[0]}.{OLDEST[1]} is needed, "
            "which Docker has since 20.10"
        )
    return max(min(newest, NEWEST), oldest or OLDEST)


def named_in_refusal(status: int, body: bytes) -> ApiVersion | None:
    """The version that an engine wants instead of the one it was asked in: it was replaced by another one.

    Returns:
        None where the answer is no such refusal, or the version is none that we speak.
    """
    named = _NAMED.search(body) if status == 400 else None  # noqa: PLR2004 - HTTP's Bad Request
    version = parse(named[1].decode()) if named else None
    return version if version and version >= OLDEST else None
