"""(c) The floor, as a process: `python -m tests.bench.floor SOCKET TARGET CALLS`.

An event received, one inspect on a kept connection, a render of the same data from plain dictionaries, a plain write.
No care is taken of anything: lost events, errors, a reader of the file, somebody to tell.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2

from tests.bench.call_count import CallCount
from tests.bench.event_times import EVENTS
from tests.bench.lean_http import LeanConnection
from tests.bench.plain_state import plain_container, running
from tests.bench.template import TEMPLATE

if TYPE_CHECKING:
    from jinja2 import Template


class Floor:
    """All containers by id, and the template."""

    def __init__(self, connection: LeanConnection, calls: CallCount, template: Template, target: str) -> None:
        self._connection = connection
        self._calls = calls
        self._template = template
        self._target = target
        self._containers: dict[str, dict[str, Any]] = {}

    def read_all(self) -> None:
        """Inspect every container, and write."""
        self._calls.add()
        for entry in json.loads(self._connection.get("/containers/json?all=1")):
            self.read(entry["Id"])
        self.write()

    def read(self, container_id: str) -> None:
        """Inspect one container."""
        self._calls.add()
        body = self._connection.get(f"/containers/{container_id}/json")
        if body:
            self._containers[container_id] = plain_container(json.loads(body))

    def write(self) -> None:
        """Render and write."""
        text = self._template.render(containers=running(self._containers.values()))
        with open(self._target, "w", encoding="utf-8") as file:
            file.write(text)


def main() -> None:
    """Follow the engine until killed."""
    socket_path, target, calls = sys.argv[1:]
    template = jinja2.Environment(trim_blocks=True, lstrip_blocks=True, autoescape=False).from_string(TEMPLATE)
    floor = Floor(LeanConnection(socket_path), CallCount(Path(calls)), template, target)
    events = LeanConnection(socket_path).lines(EVENTS)
    floor.read_all()
    for line in events:
        floor.read(json.loads(line)["Actor"]["ID"])
        floor.write()


if __name__ == "__main__":
    main()
