"""Inspect bodies for the model's tests: a whole one, and changes to it by path."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from models.container import Container

if TYPE_CHECKING:
    from models.networks import NetworkFacts

WEB_ID = "a1b2c3d4e5f60718293a4b5c6d7e8f90" * 2
NETWORK_ID = "f" * 64
GONE = object()


def attrs(changes: dict[str, Any] | None = None) -> dict[str, Any]:
    """A running Compose container's inspect answer, decoded; changes are by dotted path, GONE removes a field."""
    found: dict[str, Any] = {
        "Id": WEB_ID,
        "Created": "2024-05-01T10:00:00.123456789Z",
        "Name": "/shop-web-1",
        "Image": "sha256:" + "9" * 64,
        "State": {
            "Status": "running",
            "Running": True,
            "Paused": False,
            "Restarting": False,
            "StartedAt": "2024-05-01T10:00:01.987654321Z",
            "Health": {"Status": "healthy", "Log": []},
        },
        "HostConfig": {"NetworkMode": "shop_default", "RestartPolicy": {"Name": "always", "MaximumRetryCount": 0}},
        "Mounts": [
            {"Type": "volume", "Name": "cache", "Source": "/v/cache", "Destination": "/cache", "Mode": "z", "RW": True},
            {"Type": "bind", "Source": "/srv", "Destination": "/app", "Mode": "ro", "RW": False},
        ],
        "Config": {
            "Hostname": "a1b2c3d4e5f6",
            "Image": "nginx:1.25",
            "Env": ["VIRTUAL_HOST=shop.example.com", "PATH=/bin", "FORMULA=e=mc^2"],
            "ExposedPorts": {"443/tcp": {}, "80/tcp": {}, "53/udp": {}},
            "Labels": {
                "pygen.target": "front",
                "com.docker.compose.project": "shop",
                "com.docker.compose.service": "web",
                "com.docker.compose.container-number": "1",
            },
        },
        "NetworkSettings": {
            "Ports": {"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8080"}], "443/tcp": None},
            "Networks": {
                "shop_default": {
                    "NetworkID": NETWORK_ID,
                    "IPAddress": "172.18.0.2",
                    "GlobalIPv6Address": "fd00::2",
                    "Gateway": "172.18.0.1",
                    "IPv6Gateway": "fd00::1",
                    "MacAddress": "02:42:ac:12:00:02",
                    "Aliases": ["web", "a1b2c3d4e5f6"],
                }
            },
        },
    }
    for path, value in (changes or {}).items():
        _change(found, path.split("/"), value)
    return found


def _change(parent: dict[str, Any], path: list[str], value: Any) -> None:
    for step in path[:-1]:
        parent = parent.setdefault(step, {})
    if value is GONE:
        parent.pop(path[-1], None)
    else:
        parent[path[-1]] = value


def read(
    changes: dict[str, Any] | None = None,
    warnings: list[str] | None = None,
    networks: dict[str, NetworkFacts] | None = None,
) -> Container:
    """The container of a body with these changes; a warning fails the test unless it is collected."""
    return read_attrs(attrs(changes), warnings, networks)


def read_attrs(
    decoded: dict[str, Any], warnings: list[str] | None = None, networks: dict[str, NetworkFacts] | None = None
) -> Container:
    """The container of a decoded body."""
    body = json.dumps(decoded, separators=(",", ":")).encode()
    warn = _unexpected if warnings is None else warnings.append
    return Container.from_inspect(body, engine="unix:///engine", networks=networks or {}, warn=warn)


def small(container_id: str, name: str = "", **config: Any) -> Container:
    """A running container with an id, a name and some `Config` fields, such as `Labels` and `Env`."""
    return read_attrs({"Id": container_id, "Name": f"/{name}", "State": {"Running": True}, "Config": config})


def _unexpected(warning: str) -> None:
    raise AssertionError(warning)
