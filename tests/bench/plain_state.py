"""Inspect answers as plain dictionaries: what the naive way and the floor render from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def plain_container(attrs: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of the benchmark's template, by the names that it uses."""
    config = attrs["Config"]
    networks = attrs["NetworkSettings"]["Networks"]
    return {
        "name": attrs["Name"].lstrip("/"),
        "running": attrs["State"]["Running"],
        "labels": config["Labels"],
        "env": dict(entry.partition("=")[::2] for entry in config["Env"] or ()),
        "networks": [{"name": name, "ip_address": networks[name]["IPAddress"]} for name in sorted(networks)],
        "ports": {"tcp": sorted(int(port.partition("/")[0]) for port in config.get("ExposedPorts") or ())},
    }


def running(containers: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those that run, by name."""
    return sorted((each for each in containers if each["running"]), key=lambda each: str(each["name"]))
