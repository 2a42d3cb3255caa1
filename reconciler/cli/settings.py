"""What one run of the program is to do, the outcome of options, environment and defaults; and how the log names it."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Literal

from models.frozen import frozen
from notify.actions.command_words import named
from templating.addresses import is_address, shown_address
from templating.elements import ForEach
from templating.selection import Selection

if TYPE_CHECKING:
    from pathlib import Path

    from metrics.address import MetricsAddress
    from notify.actions.action import Action, SignalVia
    from notify.interval import Interval

LogFormat = Literal["text", "json"]
RenderUser = Literal["nobody", "root"]
COMMAND_LINE = "the command line"


@frozen(kw_only=True)
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
        child: the program that is started once the first files are written, and its arguments; empty for none.
        child_grace_s: seconds from the signal that ends the child to SIGKILL, 0 or more.
    """

    resync_s: float
    one_shot: bool = False
    metrics: MetricsAddress | None
    state_dir: Path | None = None
    log_format: LogFormat
    debug: bool = False
    status_page: bool
    status_hosts: tuple[str, ...] = ()
    render_user: RenderUser
    child: tuple[str, ...] = ()
    child_grace_s: float = 8.0


@frozen(kw_only=True)
class EngineSettings:
    """One engine. The addresses are texts that `reconciler.backend.address` accepts: they hold no credentials.

    Attributes:
        docker_address: the engine that is read.
        notify_docker_address: where its signals and restarts go; the same as `docker_address` unless configured.
        filters: the engine's own list filters, each a key and a value: only containers in them are read.
    """

    docker_address: str
    notify_docker_address: str
    filters: tuple[tuple[str, str], ...] = ()


@frozen(kw_only=True)
class JobSettings:
    """One target, what it is made from, and what is notified of it.

    Attributes:
        template: a path, an inline template (begins with `#`), or an http(s) address; never empty.
        target: the path of the file to keep, or `-` for standard output; never empty.
        name: what the job is called; the target, unless configured.
        notifications: what is notified, in the order given, exact duplicates dropped.
        interval: the bounds of a batch of notifications.
        signal_via: how a signal reaches its container.
        strict: unknown names in the template are errors.
        include: expressions, one of which has to be true of a container, where there are any.
        exclude: expressions, none of which may be true of a container.
        only_exposed: only containers that expose a port.
        only_published: only containers that publish a port.
        include_stopped: containers that do not run as well.
        render_time_limit_s: seconds that one render may take, over 0.
        render_size_limit_bytes: bytes that one render may give, over 0.
        render_memory_limit_bytes: bytes that one render may add to its process's memory, over 0; None for what fits the
            size.
        for_each: an expression that gives elements, for each of which there is a file; '' for one file. The target is
            the pattern of their paths then, and absolute.
        owner: the uid that owns the target's file; None for whoever does.
        group: its gid, likewise.
        mode: its permission bits, likewise.
        after: the targets of the jobs that have to be in sync, and their readers told, before it is written.
        place: the configuration file that describes it, for messages; the same job in another file is no change.
    """

    template: str
    target: str
    name: str = ""
    notifications: tuple[Action, ...] = ()
    interval: Interval
    signal_via: SignalVia
    strict: bool = False
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    only_exposed: bool = False
    only_published: bool = False
    include_stopped: bool = False
    render_time_limit_s: float
    render_size_limit_bytes: int
    render_memory_limit_bytes: int | None = None
    owner: int | None = None
    group: int | None = None
    mode: int | None = None
    for_each: str = ""
    after: tuple[str, ...] = ()
    place: str = field(default=COMMAND_LINE, compare=False)

    def __post_init__(self) -> None:
        """A job without a name is called like its target."""
        if not self.name:
            object.__setattr__(self, "name", self.target)

    @property
    def is_from_file(self) -> bool:
        """Whether a configuration file describes it: what keeps it from beginning is its own failure then."""
        return self.place != COMMAND_LINE

    @property
    def each(self) -> ForEach | None:
        """For which elements there is a file each; None for one file."""
        return ForEach(self.for_each, self.target) if self.for_each else None

    @property
    def selection(self) -> Selection:
        """Which containers the job sees."""
        return Selection(
            self.include, self.exclude, self.only_exposed, self.only_published, include_stopped=self.include_stopped
        )


@frozen
class Settings:
    """The settings of one run, checked: whatever is here can be used as it is.

    Attributes:
        program: what is the same for all.
        engines: one at least.
        jobs: one at least; no two have the same target, or the same name.
    """

    program: ProgramSettings
    engines: tuple[EngineSettings, ...]
    jobs: tuple[JobSettings, ...]


def effective_settings(settings: Settings, job: JobSettings) -> str:
    """What the program will do for a job, in the words of its options.

    A template may hold secrets, in its text or in its address; an engine's address with credentials is refused before.
    """
    program, engines = settings.program, settings.engines
    parts = {
        "job": "" if job.name == job.target else job.name,
        "template": template_name(job.template),
        "target": job.target,
        "notify": ", ".join(map(str, job.notifications)) or "none",
        "for-each": job.for_each,
        "after": ", ".join(job.after),
        "interval": f"{job.interval.min_s:g} {job.interval.max_s:g}",
        "resync": f"{program.resync_s:g}",
        "engine": ", ".join(engine.docker_address for engine in engines),
        "notify-engine": ", ".join(filter(None, map(_notify_engine, engines))),
        "engine-filter": ", ".join(key for engine in engines for key, _ in engine.filters),
        "metrics": "off" if program.metrics is None or program.one_shot else str(program.metrics),
        "status": " ".join(program.status_hosts) if program.status_page else "off",
        "state-dir": "" if program.state_dir is None else str(program.state_dir),
        "signal-via": job.signal_via,
        "render-limits": f"{job.render_time_limit_s:g} s, {job.render_size_limit_bytes} bytes",
        "render-memory-limit": _size(job.render_memory_limit_bytes),
        "child": named(program.child) if program.child else "",
        "render-user": _if_differs(program.render_user, "nobody"),
        "owner": _ownership(job),
        "include": " or ".join(job.include),
        "exclude": " or ".join(job.exclude),
        "modes": " ".join(_modes(program, job)),
    }
    return "; ".join(f"{name}: {value}" for name, value in parts.items() if value)


def template_name(template: str) -> str:
    """How a template is called in messages: an inline one by its size, an address without user, password and query."""
    if template.startswith("#"):
        return f"inline, {len(template)} characters"
    if is_address(template):
        return shown_address(template).partition("?")[0]
    return template


def _size(size_bytes: int | None) -> str:
    return "" if size_bytes is None else f"{size_bytes} bytes"


def _ownership(job: JobSettings) -> str:
    mode = "" if job.mode is None else f"mode {job.mode:04o}"
    named = {"user": job.owner, "group": job.group}
    return ", ".join([*(f"{name} {number}" for name, number in named.items() if number is not None), mode]).strip(", ")


def _if_differs(text: str, usual: str) -> str:
    return "" if text == usual else text


def _notify_engine(engine: EngineSettings) -> str:
    return _if_differs(engine.notify_docker_address, engine.docker_address)


def _modes(program: ProgramSettings, job: JobSettings) -> list[str]:
    given = {"one-shot": program.one_shot, "strict": job.strict, "debug": program.debug}
    given |= {
        name.replace("_", "-"): getattr(job, name) for name in ("only_exposed", "only_published", "include_stopped")
    }
    return [name for name, is_on in given.items() if is_on]
