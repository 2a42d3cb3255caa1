"""(b) The naive way, as a process: `python -m tests.bench.naive SOCKET TARGET CALLS`.

docker-py's `containers.list()`, which inspects every container, and a render and a write, for every event.
"""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import Any

import docker
import docker.errors
import jinja2

from tests.bench.call_count import CallCount
from tests.bench.plain_state import plain_container, running
from tests.bench.template import TEMPLATE


class CountingClient(docker.APIClient):
    """docker-py's client, its requests counted."""

    calls: CallCount

    def send(self, request: Any, **options: Any) -> Any:
        """Count, and send."""
        self.calls.add()
        return super().send(request, **options)


def main() -> None:
    """Follow the engine until killed."""
    socket_path, target, calls = sys.argv[1:]
    template = jinja2.Environment(trim_blocks=True, lstrip_blocks=True, autoescape=False).from_string(TEMPLATE)
    CountingClient.calls = CallCount(Path(calls))
    client = docker.DockerClient(base_url=f"unix://{socket_path}", timeout=120)
    client.api = CountingClient(base_url=f"unix://{socket_path}", timeout=120)
    events = client.events(decode=True, filters={"type": "container"})

    def write() -> None:
        containers = [plain_container(container.attrs) for container in client.containers.list()]
        text = template.render(containers=running(containers))
        with open(target, "w", encoding="utf-8") as file:
            file.write(text)

    write()
    for _ in events:
        # A container that vanishes between the list and its inspect fails the whole list.
        with contextlib.suppress(docker.errors.NotFound):
            write()


if __name__ == "__main__":
    main()
