"""docker-gen's way, as a process: `python -m tests.bench.jobs.naive SOCKET FOLDER JOBS`.

For every event each config lists and inspects everything, renders what it wants of it, and writes what is different.
"""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

import docker
import docker.errors
import jinja2

from tests.bench.call_count import CallCount
from tests.bench.naive import CountingClient
from tests.bench.plain_state import plain_container, running
from tests.bench.template import TEMPLATE, TIER


def main() -> None:
    """Follow the engine until killed."""
    socket_path, folder, jobs = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    environment = jinja2.Environment(trim_blocks=True, lstrip_blocks=True, autoescape=False)
    templates = [environment.from_string(TEMPLATE) for _ in range(jobs)]
    CountingClient.calls = CallCount(folder / "calls")
    renders, writes = CallCount(folder / "renders"), CallCount(folder / "writes")
    client = docker.DockerClient(base_url=f"unix://{socket_path}", timeout=120)
    client.api = CountingClient(base_url=f"unix://{socket_path}", timeout=120)
    events = client.events(decode=True, filters={"type": "container"})

    def write(job: int) -> None:
        containers = running([plain_container(container.attrs) for container in client.containers.list()])
        seen = [container for container in containers if container["labels"].get(TIER) == f"tier-{job}"]
        text = templates[job].render(containers=seen)
        renders.add()
        target = folder / f"file-{job}"
        if not target.exists() or target.read_text() != text:
            target.write_text(text)
            writes.add()

    def write_all() -> None:
        for job in range(jobs):
            # A container that vanishes between the list and its inspect fails the whole list.
            with contextlib.suppress(docker.errors.NotFound):
                write(job)

    write_all()
    for _ in events:
        write_all()


if __name__ == "__main__":
    main()
