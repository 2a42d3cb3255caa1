"""Labels: the values that are known at the start, and what our instruments need beside prometheus_client for them.

What is not among the known values is `other`: no engine can make up a label.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from prometheus_client.metrics import MetricWrapperBase

    M = TypeVar("M", bound=MetricWrapperBase)

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

PARTS = ("loop", "informer", "events", "inspect", "signals", "delivery", "metrics", "render", "configuration", OTHER)
"""Parts of the program that survive unexpected errors: threads, and what they do."""

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


def labelled(metric: M, *values: str) -> M:
    r"""One label set of a metric.

    Bytes of a path or name that are no UTF-8 are shown as `\udcff`: one odd name must not cost all metrics.
    """
    found: M = _label_set(metric, values)
    return found


@lru_cache(maxsize=4096)
def _label_set(metric: Any, values: tuple[str, ...]) -> Any:
    """Remembered: some thirty are looked up for each change; `without` forgets them."""
    return metric.labels(*(value.encode(errors="backslashreplace").decode() for value in values))


def without(metric: MetricWrapperBase, known: Iterable[Sequence[str]]) -> None:
    """The metric without these label sets, which are none of anything that still exists."""
    for values in known:
        metric.remove(*(value.encode(errors="backslashreplace").decode() for value in values))
    _label_set.cache_clear()


def from_zero(metric: M, known: Iterable[Iterable[str]]) -> M:
    """The metric with the label sets that are known, each at zero."""
    for values in known:
        labelled(metric, *values)
    return metric
