"""The file that `record` writes, and how it is read: any content is either a state or a message that says why not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from models.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMAT = "pygen-state"
VERSION = 1


@frozen
class RecordedState:
    """A recorded state.

    Attributes:
        bodies: inspect bodies by container id.
        entries: what a list call would have answered.
        networks: what `GET /networks` answered.
    """

    bodies: Mapping[str, bytes]
    entries: tuple[Mapping[str, Any], ...]
    networks: tuple[Mapping[str, Any], ...]


def read_state(data: bytes) -> RecordedState:
    """Read a recorded state, or the output of `docker inspect CONTAINER...`.

    Raises:
        ValueError: it is neither; the message says why, and repeats nothing of it.
    """
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ValueError("it is not valid JSON") from error
    if isinstance(value, list):
        value = {"format": FORMAT, "version": VERSION, "containers": value, "networks": []}
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise ValueError("it was not written by 'pygen record'")
    if value.get("version") != VERSION:
        raise ValueError(f"it was written in another version of the format than {VERSION}")
    containers, networks = _objects(value, "containers"), _objects(value, "networks")
    return RecordedState(
        {each["Id"]: json.dumps(each).encode() for each in containers},
        tuple(_entry(each) for each in containers),
        tuple(networks),
    )


def _objects(state: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    found = state.get(name)
    if not isinstance(found, list):
        raise ValueError(f"its {name} are not a list")  # noqa: TRY004 - one kind of error for any content
    for number, each in enumerate(found, 1):
        if not isinstance(each, dict) or not isinstance(each.get("Id"), str) or not each["Id"]:
            raise ValueError(f"number {number} of its {name} has no Id")
    return found


def _entry(body: Mapping[str, Any]) -> dict[str, Any]:
    state, config = _mapping(body, "State"), _mapping(body, "Config")
    return {
        "Id": body["Id"],
        "Names": [body["Name"]] if isinstance(body.get("Name"), str) else [],
        "Image": config.get("Image"),
        "Labels": config.get("Labels"),
        "State": state.get("Status"),
        "Status": _status(state),
        "NetworkSettings": {"Networks": _mapping(body, "NetworkSettings").get("Networks")},
    }


def _status(state: Mapping[str, Any]) -> str:
    """The text of a list entry as far as it tells of health; a recorded container has no uptime."""
    health = _mapping(state, "Health").get("Status")
    marks = {"healthy": " (healthy)", "unhealthy": " (unhealthy)", "starting": " (health: starting)"}
    return f"{state.get('Status')}{marks.get(health, '') if isinstance(health, str) else ''}"


def _mapping(value: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = value.get(key)
    return found if isinstance(found, dict) else {}
