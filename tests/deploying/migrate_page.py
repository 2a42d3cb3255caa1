"""Reads docs/migrate.md: its tables, and the state that its examples are rendered on."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.container import Container
from models.networks import NetworkFacts
from models.snapshot import Snapshot

PAGE = Path(__file__).parents[2] / "docs" / "migrate.md"

FRONT = NetworkFacts("f" * 64, "front", internal=False)
BACK = NetworkFacts("b" * 64, "back", internal=True)
ROLE = "com.example.role"

_CELL_END = re.compile(r"(?<!\\)\|")
_CODE = re.compile(r"`([^`]*)`")


@dataclass(frozen=True)
class Row:
    """One row of a table.

    Attributes:
        section: the headings above it, outermost first.
        cells: the text of each cell, with `|` no longer escaped.
    """

    section: tuple[str, ...]
    cells: tuple[str, ...]

    def code(self, at: int) -> list[str]:
        """Everything in a cell that is set as code, blanks at the ends kept."""
        return _CODE.findall(self.cells[at])

    def __str__(self) -> str:
        return self.cells[0]


def rows(*section: str) -> list[Row]:
    """The rows of the tables below these headings."""
    return [row for row in _all_rows() if row.section[: len(section)] == section]


def blocks(*section: str) -> list[str]:
    """The indented blocks directly below these headings, without their indentation."""
    headings: list[str] = []
    found: list[list[str]] = []
    is_inside = False
    for line in PAGE.read_text().splitlines():
        if line.startswith("#"):
            marks, _, title = line.partition(" ")
            headings = [*headings[: len(marks) - 1], title]
        is_block = line.startswith("    ") and tuple(headings) == section
        if is_block and not is_inside:
            found.append([])
        if is_block:
            found[-1].append(line.removeprefix("    "))
        is_inside = is_block
    return ["\n".join(lines) + "\n" for lines in found]


def _all_rows() -> list[Row]:
    found: list[Row] = []
    headings: list[str] = []
    for line in PAGE.read_text().splitlines():
        if line.startswith("#"):
            marks, _, title = line.partition(" ")
            headings = [*headings[: len(marks) - 1], title]
        elif line.startswith("| ") and not line.startswith("|--"):
            cells = [cell.strip().replace("\\|", "|") for cell in _CELL_END.split(line)[1:-1]]
            found.append(Row(tuple(headings), tuple(cells)))
    return [row for row in found if "`" in "".join(row.cells)]


def words(text: str) -> frozenset[str]:
    """The words of a list that is written as a text."""
    return frozenset(text.split())


def snapshot() -> Snapshot:
    """The state that the page describes; we are `web-1`."""
    web_1 = _container(
        "web-1", "nginx:1.25", FRONT, "172.18.0.2", ["80/tcp"], role="web", health="healthy",
        env=["VIRTUAL_HOST=example.com, www.example.com", "PATH=/bin"],
        published={"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8080"}]},
        mounts=[{"Type": "bind", "Source": "/srv/www", "Destination": "/usr/share/nginx/html", "RW": False}],
    )  # fmt: skip
    web_2 = _container(
        "web-2", "nginx:1.25", FRONT, "172.18.0.3", ["80/tcp"], role="web", health="unhealthy",
        env=["VIRTUAL_HOST=example.com"],
    )  # fmt: skip
    db_1 = _container("db-1", "registry.example.com:5000/team/postgres:15", BACK, "172.19.0.2", ["5432/tcp"], role="db")
    job_1 = _container("job-1", "busybox", None, "", [])
    return Snapshot.of([web_1, web_2, db_1, job_1], own_container_id=web_1.id)


def _container(
    name: str,
    image: str,
    network: NetworkFacts | None,
    ip_address: str,
    ports: list[str],
    *,
    role: str | None = None,
    health: str | None = None,
    env: list[str] | None = None,
    published: dict[str, Any] | None = None,
    mounts: list[dict[str, Any]] | None = None,
) -> Container:
    """A container as an engine would describe it."""
    running = network is not None
    body = {
        "Id": name.encode().hex().ljust(64, "0"),
        "Name": f"/{name}",
        "Created": "2026-01-02T03:04:05.678901234Z",
        "State": {
            "Status": "running" if running else "exited",
            "Running": running,
            "StartedAt": "2026-01-02T03:04:06Z",
            **({"Health": {"Status": health}} if health else {}),
        },
        "Config": {
            "Image": image,
            "Hostname": f"{name}-host",
            "Labels": {ROLE: role} if role else {},
            "Env": env or [],
            "ExposedPorts": {port: {} for port in ports},
        },
        "HostConfig": {"NetworkMode": network.name if network else "none"},
        "NetworkSettings": {
            "Ports": published or {},
            "Networks": {network.name: _endpoint(network, ip_address)} if network else {},
        },
        "Mounts": mounts or [],
    }
    facts = {FRONT.id: FRONT, BACK.id: BACK}
    return Container.from_inspect(json.dumps(body).encode(), engine="example", networks=facts, warn=_refuse)


def _endpoint(network: NetworkFacts, ip_address: str) -> dict[str, Any]:
    numbers = [int(part) for part in ip_address.split(".")]
    return {
        "NetworkID": network.id,
        "EndpointID": "e1",
        "IPAddress": ip_address,
        "Gateway": ip_address.rpartition(".")[0] + ".1",
        "MacAddress": "02:42:" + ":".join(f"{number:02x}" for number in numbers),
    }


def _refuse(warning: str) -> None:
    raise AssertionError(warning)
