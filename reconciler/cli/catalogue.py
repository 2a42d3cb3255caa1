"""Every option of the program as data: the parser, the environment and the help texts are all made from this table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from notify.actions import ACTIONS
from reconciler.cli import values

if TYPE_CHECKING:
    from collections.abc import Callable

    from notify.actions.action import Action
    from reconciler.cli.values import Words


@dataclass(frozen=True, slots=True)
class Option:
    """One option.

    Attributes:
        flag: as on the command line, such as `--resync`.
        field: the field of `ProgramSettings`, `EngineSettings` or `JobSettings` that it fills.
        convert: from the words of one occurrence to the value; ValueError where they mean nothing.
        help: what it does, its default, and what to expect; for `--help`.
        nargs: how many words follow: a number, or `+` for one or more.
        metavar: the names of the words in the help.
        occurrences: how the environment's text is cut into occurrences, each a list of words.
        repeatable: every occurrence counts, else the last one.
        variable: its name in the environment.
    """

    flag: str
    field: str
    convert: Callable[[Words], object]
    help: str
    nargs: int | Literal["+"] = 1
    metavar: tuple[str, ...] = ()
    occurrences: Callable[[str], list[Words]] = values.single
    repeatable: bool = False
    variable: str = ""

    @property
    def variable_name(self) -> str:
        """`PYGEN_RESYNC` for `--resync`, unless the table gives another."""
        return self.variable or "PYGEN_" + self.flag.removeprefix("--").replace("-", "_").upper()


def action_option(action: type[Action]) -> Option:
    """The option that configures an action."""
    words = action.option
    return Option(
        words.flag,
        "notifications",
        action.from_words,
        words.help,
        nargs=len(words.metavar),
        metavar=words.metavar,
        occurrences=(values.commands if words.is_command else values.actions)(len(words.metavar)),
        repeatable=True,
    )


TEMPLATE = Option(
    "--template",
    "template",
    values.template,
    "The Jinja2 template: a file, an http(s) address, or the text itself where it starts with '#'. Edits take effect "
    "without a restart. Required.",
    metavar=("TEMPLATE",),
)
# PYGEN_TARGET is taken: as a variable of a container it says which notifications the container answers to.
TARGET = Option(
    "--target",
    "target",
    values.text,
    "The file to keep true. '-', the default, is standard output. In the environment PYGEN_TARGET_FILE.",
    metavar=("TARGET",),
    variable="PYGEN_TARGET_FILE",
)
INTERVAL = Option(
    "--interval",
    "interval",
    values.interval,
    "Seconds from a change to its notification (MIN; another change before that starts them anew), and from the first "
    "change at the latest (MAX). One value serves for both. Default 0.5 2.",
    nargs="+",
    metavar=("MIN", "MAX"),
    occurrences=values.numbers,
)
RESYNC = Option(
    "--resync",
    "resync_s",
    values.seconds_over_zero,
    "Seconds between complete comparisons with the engine and the target, which find whatever events missed. "
    "Default 30.",
    metavar=("SECONDS",),
)
ONE_SHOT = Option(
    "--one-shot",
    "one_shot",
    values.flag,
    "Render, write and notify once, within 30 s, then end. Status 0, or 11 engine unreachable, 12 template failed, 13 "
    "write failed, 14 a notification failed, 1 unexpected. No port is opened.",
    nargs=0,
)
DOCKER_ADDRESS = Option(
    "--docker-address",
    "docker_address",
    values.text,
    "The engine: unix:///PATH, tcp://HOST:PORT, an absolute path, or file://STATE.json as written by 'pygen record'. "
    "Default DOCKER_HOST (with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH), else unix:///var/run/docker.sock.",
    metavar=("URL",),
)
NOTIFY_DOCKER_ADDRESS = Option(
    "--notify-docker-address",
    "notify_docker_address",
    values.text,
    "Where signals and restarts are sent, if not to --docker-address: reading then needs no POST at all, which a "
    "socket proxy can enforce.",
    metavar=("URL",),
)
METRICS = Option(
    "--metrics",
    "metrics",
    values.metrics,
    "Where /metrics, /healthz, /readyz and the status page are served. 0 turns them off. Default 9413 on all "
    "addresses.",
    metavar=("[ADDRESS:]PORT",),
)
STATUS = Option(
    "--status",
    "status_page",
    values.flag,
    "The status page at / and /status.json: on or off. Default on.",
    metavar=("on|off",),
)
STATUS_HOST = Option(
    "--status-host",
    "status_hosts",
    values.host_name,
    "A name by which the status page is asked for (in a browser, by a reverse proxy), beside localhost and addresses. "
    "It answers to no other, so that no page from elsewhere can read it. Repeatable. In the environment "
    "PYGEN_STATUS_HOST=NAME,NAME.",
    metavar=("NAME",),
    occurrences=values.names,
    repeatable=True,
)
STATE_DIR = Option(
    "--state-dir",
    "state_dir",
    values.folder,
    "The folder for what has to outlive the program: which notifications are owed, and the last good copy of an http "
    "template. Default: hidden files beside the target.",
    metavar=("DIR",),
)
SIGNAL_VIA = Option(
    "--signal-via",
    "signal_via",
    values.choice("auto", "exec", "kill"),
    "How signals are sent: 'kill' is 'docker kill', 'exec' runs kill inside the container, 'auto' (default) takes exec "
    "where 'docker kill' would make the engine forget the container's restart policy.",
    metavar=("auto|exec|kill",),
)
STRICT = Option(
    "--strict",
    "strict",
    values.flag,
    "Unknown names and fields in a template are errors, not warnings.",
    nargs=0,
)
LOG_FORMAT = Option(
    "--log-format",
    "log_format",
    values.choice("text", "json"),
    "How messages are written to standard error: text (default) or json, one object a line.",
    metavar=("text|json",),
)
DEBUG = Option("--debug", "debug", values.flag, "More messages, and tracebacks with errors.", nargs=0)
RENDER_TIME_LIMIT = Option(
    "--render-time-limit",
    "render_time_limit_s",
    values.seconds_over_zero,
    "Seconds that one render may take; beyond, it is a template error. Default 10.",
    metavar=("SECONDS",),
)
RENDER_SIZE_LIMIT = Option(
    "--render-size-limit",
    "render_size_limit_bytes",
    values.size_bytes,
    "The largest content that a render may give, in bytes, or such as 512K; beyond, it is a template error. "
    "Default 16M.",
    metavar=("BYTES",),
)
RENDER_MEMORY_LIMIT = Option(
    "--render-memory-limit",
    "render_memory_limit_bytes",
    values.size_bytes,
    "What one render may add to the memory of the process that renders; beyond, it is a template error. Default 16 "
    "times --render-size-limit, and 256M at least.",
    metavar=("BYTES",),
)
RENDER_USER = Option(
    "--render-user",
    "render_user",
    values.choice("nobody", "root"),
    "Where the program is root: who renders its templates. nobody (default) is a user without rights; root is for "
    "templates whose read_config, exists or list_dir have to see what only root may.",
    metavar=("nobody|root",),
)
FORMAT = Option(
    "--format",
    "output_format",
    values.choice("text", "socket-proxy"),
    "How 'pygen permissions' prints the list: text (default), or socket-proxy: the arguments of "
    "wollomatic/socket-proxy.",
    metavar=("text|socket-proxy",),
)

OPTIONS = (
    TEMPLATE,
    TARGET,
    *map(action_option, ACTIONS.values()),
    INTERVAL,
    RESYNC,
    ONE_SHOT,
    DOCKER_ADDRESS,
    NOTIFY_DOCKER_ADDRESS,
    METRICS,
    STATUS,
    STATUS_HOST,
    STATE_DIR,
    SIGNAL_VIA,
    STRICT,
    LOG_FORMAT,
    DEBUG,
    RENDER_TIME_LIMIT,
    RENDER_SIZE_LIMIT,
    RENDER_MEMORY_LIMIT,
    RENDER_USER,
)
"""All options of the main command, in the order of the help."""
