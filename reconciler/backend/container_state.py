"""Reads from an inspect body what a delivery must know; whatever is missing or of another type is empty."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from notify.port import ContainerState

if TYPE_CHECKING:
    from collections.abc import Mapping


def read_container_state(body: Mapping[str, Any], *, engine_ns_max: int | None) -> ContainerState:
    """Read the state.

    Args:
        body: what `GET /containers/{id}/json` answers.
        engine_ns_max: the latest that the engine's clock can have been, nanoseconds since the epoch, None if unknown.
    """
    state, config, host = _mapping(body, "State"), _mapping(body, "Config"), _mapping(body, "HostConfig")
    stop_timeout = config.get("StopTimeout")
    return ContainerState(
        running=state.get("Running") is True,
        restarting=state.get("Restarting") is True,
        paused=state.get("Paused") is True,
        started_at=_text(state, "StartedAt"),
        stop_signal=_text(config, "StopSignal"),
        restart_policy=_text(_mapping(host, "RestartPolicy"), "Name"),
        pid_mode=_text(host, "PidMode"),
        stop_timeout_s=stop_timeout if isinstance(stop_timeout, int) else None,
        addresses=_addresses(_mapping(_mapping(body, "NetworkSettings"), "Networks")),
        health=_text(_mapping(state, "Health"), "Status"),
        engine_ns_max=engine_ns_max,
    )


def _addresses(networks: Mapping[str, Any]) -> tuple[str, ...]:
    endpoints = [_mapping(networks, name) for name in sorted(networks)]
    found = (_text(endpoint, key) for endpoint in endpoints for key in ("IPAddress", "GlobalIPv6Address"))
    return tuple(address for address in found if address)


def _mapping(value: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = value.get(key)
    return found if isinstance(found, dict) else {}


def _text(value: Mapping[str, Any], key: str) -> str:
    found = value.get(key)
    return found if isinstance(found, str) else ""
