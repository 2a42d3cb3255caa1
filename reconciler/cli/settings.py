"""What one run of the program is to do: the outcome of options, environment and defaults."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from reconciler.backend.address import STANDARD_ADDRESS
from templating.limits import SIZE_LIMIT_BYTES, TIME_LIMIT_S

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
class ProgramSettings:
    """What all engines and jobs of one run share.

    Attributes:
        resync_s: seconds between two complete comparisons with engines and targets, over 0.
        one_shot: render, write and tell once, then end.
        metrics: where metrics, health and the status page are served; None where they are off.
        state_dir: the folder for states, locks and template copies; None is beside each target.
        log_format: `text` or `json` on standard error.
        debug: debug messages, and tracebacks.
        status_page: whether `/` and `/status.json` are served.
        status_hosts: the names of this machine to which they answer, beside `localhost` and its addresses.
        render_user: who a render process of a program that is root becomes.
    """

    resync_s: float = 30.0
    one_shot: bool = False
    metrics: MetricsAddress | None = None
    state_dir: Path | None = None
    log_format: LogFormat = "text"
    debug: bool = False
    status_page: bool = True
    status_hosts: tuple[str, ...] = ()
    render_user: RenderUser = "nobody"


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSettings:
    """One engine. The addresses are texts that `reconciler.backend.address` accepts: they hold no credentials.

    Attributes:
        docker_address: the engine that is read.
        notify_docker_address: where its signals and restarts go; the same as `docker_address` unless configured.
    """

    docker_address: str = STANDARD_ADDRESS
    notify_docker_address: str = STANDARD_ADDRESS


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSettings:
    """One target, what it is made from, and who is told of it.

    Attributes:
        template: a path, an inline template (begins with `#`), or an http(s) address; never empty.
        target: the path of the file to keep, or `-` for standard output; never empty.
        notifications: who is told, in the order given, exact duplicates dropped.
        interval: the bounds of a batch of notifications.
        signal_via: how a signal reaches its container.
        strict: unknown names in the template are errors.
        render_time_limit_s: seconds that one render may take, over 0.
        render_size_limit_bytes: bytes that one render may give, over 0.
        render_memory_limit_bytes: bytes that one render may add to its process's memory, over 0; None for what fits the
            size.
    """

    template: str
    target: str = STANDARD_OUTPUT
    notifications: tuple[Action, ...] = ()
    interval: IntervalSeconds = INTERVAL_DEFAULT
    signal_via: SignalVia = "auto"
    strict: bool = False
    render_time_limit_s: float = TIME_LIMIT_S
    render_size_limit_bytes: int = SIZE_LIMIT_BYTES
    render_memory_limit_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one run, checked: whatever is here can be used as it is.

    Attributes:
        program: what is the same for all.
        engines: one at least.
        jobs: one at least; no two have the same target.
    """

    program: ProgramSettings
    engines: tuple[EngineSettings, ...]
    jobs: tuple[JobSettings, ...]

    @classmethod
    def of_one_job(cls, **values: Any) -> Settings:
        """One engine and one job, as a command line describes them.

        Args:
            values: by name, fields of all three scopes, no two of which share a name.

        Raises:
            TypeError: a name that is no field, or no template.
        """
        own = {
            scope: {field.name for field in fields(scope)} & values.keys()
            for scope in (ProgramSettings, EngineSettings)
        }
        program, engine = ({name: values.pop(name) for name in names} for names in own.values())
        return cls(ProgramSettings(**program), (EngineSettings(**engine),), (JobSettings(**values),))
