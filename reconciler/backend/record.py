"""`record`: writes an engine's state down, without its secrets, so that templates can be tested without an engine."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from reconciler.backend.masking import mask_text, mask_value
from reconciler.backend.port import EngineError
from reconciler.backend.recorded_format import FORMAT, VERSION

if TYPE_CHECKING:
    from reconciler.backend.port import EngineReader

# What may hold secrets in every shape, and what no template needs: commands, health tests, log options.
_LEFT_OUT = (
    ("Path",),
    ("Args",),
    ("ExecIDs",),
    ("State", "Error"),
    ("State", "Health", "Log"),
    ("Config", "Cmd"),
    ("Config", "Entrypoint"),
    ("Config", "Healthcheck"),
    ("Config", "OnBuild"),
    ("Config", "Shell"),
    ("HostConfig", "LogConfig", "Config"),
)
# Mappings whose keys people chose, so that the key may tell that its value is a secret.
_NAMED = frozenset({"Labels", "Options", "DriverOpts", "Annotations", "StorageOpt", "Sysctls", "Parameters"})


def record(reader: EngineReader) -> bytes:
    """Write down all containers and networks.

    Args:
        reader: the engine.

    Returns:
        JSON for `file://`, sorted, the same for the same state.

    Raises:
        EngineError: the engine could not be read; nothing is half written.
    """
    containers = [_masked_container(body) for body in _bodies(reader)]
    networks = [_masked(network) for network in reader.networks()]
    state = {
        "format": FORMAT,
        "version": VERSION,
        "containers": sorted(containers, key=lambda each: (str(each.get("Name")), str(each.get("Id")))),
        "networks": sorted(networks, key=lambda each: (str(each.get("Name")), str(each.get("Id")))),
    }
    return json.dumps(state, indent=2).encode() + b"\n"


def _bodies(reader: EngineReader) -> list[dict[str, Any]]:
    ids = [str(entry["Id"]) for entry in reader.list().entries]
    # A container that vanished since the list was made is gone, and no part of the state.
    return [_decoded(inspection.body) for inspection in reader.inspect_many(ids) if inspection.body is not None]


def _decoded(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise EngineError(
            "the engine's answer to an inspect is not valid JSON", operation="inspect", reason="malformed"
        ) from error
    if not isinstance(value, dict):
        raise EngineError("the engine's answer to an inspect is not an object", operation="inspect", reason="malformed")
    return value


def _masked_container(body: dict[str, Any]) -> dict[str, Any]:
    for path in _LEFT_OUT:
        _leave_out(body, path)
    masked: dict[str, Any] = _masked(body)
    return masked


def _leave_out(value: Any, path: tuple[str, ...]) -> None:
    for key in path[:-1]:
        value = value.get(key) if isinstance(value, dict) else None
    if isinstance(value, dict):
        value.pop(path[-1], None)


def _masked(value: Any, *, is_named: bool = False) -> Any:
    """A copy with every text masked by its shape, and by its name where people chose the names."""
    if isinstance(value, str):
        return mask_text(value)
    if isinstance(value, list):
        return [_masked(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {key: _masked_entry(key, item, is_named=is_named) for key, item in value.items()}


def _masked_entry(key: str, value: Any, *, is_named: bool) -> Any:
    if key == "Env" and isinstance(value, list):
        return [_masked_variable(entry) for entry in value]
    if is_named and isinstance(value, str):
        return mask_value(key, value)
    return _masked(value, is_named=is_named or key in _NAMED)


def _masked_variable(entry: Any) -> Any:
    if not isinstance(entry, str):
        return _masked(entry)
    name, equals, value = entry.partition("=")
    return f"{name}={mask_value(name, value)}" if equals else mask_text(entry)
