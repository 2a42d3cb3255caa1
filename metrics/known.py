"""The label values that are known at the start. What is not among them is `other`: no engine can make up a label."""

from __future__ import annotations

RESULTS = ("success", "error")
LINE_CHANGES = ("added", "removed")
OTHER = "other"

OPERATIONS = (
    "ping",
    "version",
    "info",
    "list",
    "inspect",
    "networks",
    "events",
    "kill",
    "restart",
    "start",
    "exec",
    OTHER,
)
"""What is asked of an engine (`models` do not name them: they are the words of the backend's ports)."""

PARTS = ("loop", "informer", "events", "inspect", "signals", "delivery", "metrics", "render", OTHER)
"""Parts of the program that survive what nobody foresaw: threads, and what they do."""

STREAM_END_REASONS = ("unreachable", "timeout", "refused", "status", "malformed", "ended", "silent", OTHER)
"""Why an event stream ended or did not begin: the reasons of the backend's EngineError."""

CONTAINER_STATES = ("created", "running", "paused", "restarting", "removing", "exited", "dead", OTHER)
"""`State.Status` of the engine's API."""

EVENT_ACTIONS: dict[str, tuple[str, ...]] = {
    "container": (
        "attach",
        "cleanup",
        "commit",
        "copy",
        "create",
        "destroy",
        "detach",
        "die",
        "died",
        "export",
        "health_status",
        "init",
        "kill",
        "oom",
        "pause",
        "prune",
        "remove",
        "rename",
        "resize",
        "restart",
        "start",
        "stop",
        "top",
        "unpause",
        "update",
        OTHER,
    ),
    "network": ("connect", "create", "destroy", "disconnect", "prune", "remove", "update", OTHER),
    OTHER: (OTHER,),
}
"""Type and actions of the engine's `/events`, from the Engine API's reference and Podman's; execs are not heard."""


def among(value: str, known: tuple[str, ...]) -> str:
    """The value itself where it is known, else `other`."""
    return value if value in known else OTHER


def event_labels(kind: str, action: str) -> tuple[str, str]:
    """Type and action of an event as labels: `health_status: healthy` counts as `health_status`."""
    kind = kind if kind in EVENT_ACTIONS else OTHER
    return kind, among(action.partition(":")[0], EVENT_ACTIONS[kind])
