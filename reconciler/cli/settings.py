"""What one run of the program is to do: the outcome of options, environment and defaults."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from reconciler.backend.address import STANDARD_ADDRESS

if TYPE_CHECKING:
    from pathlib import Path

    from metrics.address import MetricsAddress
    from notify.actions.action import Action, SignalVia

LogFormat = Literal["text", "json"]
RenderUser = Literal["nobody", "root"]

STANDARD_OUTPUT = "-"


class IntervalSeconds(NamedTuple):
    """How long a batch of notifications waits for more changes.

    Attributes:
        min_s: from the last change to the notification, seconds, 0 or more.
        max_s: from the first change to the notification at the latest, seconds, never under `min_s`.
    """

    min_s: float
    max_s: float


INTERVAL_DEFAULT = IntervalSeconds(0.5, 2.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of one run, checked: whatever is here can be used as it is.

    Attributes:
        template: a path, an inline template (begins with `#`), or an http(s) address; never empty.
        target: the path of the file to keep, or `-` for standard output; never empty.
        notifications: who is told, in the order given, exact duplicates dropped.
        interval: the bounds of a batch of notifications.
        resync_s: seconds between two complete listings, over 0.
        one_shot: render, write and tell once, then end.
        docker_address: the engine that is read, as text that `reconciler.backend.address` accepts: it holds
            no credentials.
        notify_docker_address: where signals and restarts go, likewise; the same as `docker_address` unless configured.
        metrics: where metrics, health and the status page are served; None where they are off.
        state_dir: the folder for state, lock and template copies; None is beside the target.
        signal_via: how a signal reaches its container.
        strict: unknown names in a template are errors.
        log_format: `text` or `json` on standard error.
        debug: debug messages, and tracebacks.
        status_page: whether `/` and `/status.json` are served.
        status_hosts: the names of this machine to which they answer, beside `localhost` and its addresses.
        render_time_limit_s: seconds that one render may take, over 0.
        render_size_limit_bytes: bytes that one render may give, over 0.
        render_memory_limit_bytes: bytes that one render may add to its process's memory, over 0; None for what fits the
            size.
        render_user: who the render process of a program that is root becomes.
    """

    template: str
    target: str = STANDARD_OUTPUT
    notifications: tuple[Action, ...] = ()
    interval: IntervalSeconds = INTERVAL_DEFAULT
    resync_s: float = 30.0
    one_shot: bool = False
    docker_address: str = STANDARD_ADDRESS
    notify_docker_address: str = STANDARD_ADDRESS
    metrics: MetricsAddress | None = None
    state_dir: Path | None = None
    signal_via: SignalVia = "auto"
    strict: bool = False
    log_format: LogFormat = "text"
    debug: bool = False
    status_page: bool = True
    status_hosts: tuple[str, ...] = ()
    render_time_limit_s: float = 10.0
    render_size_limit_bytes: int = 16 * 1024 * 1024
    render_memory_limit_bytes: int | None = None
    render_user: RenderUser = "nobody"
