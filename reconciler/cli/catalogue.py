"""Every option as data: the parser, the environment, the help and the defaults are made from this table."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal

from metrics.address import DEFAULT_PORT
from models.frozen import frozen
from notify.actions import ACTIONS
from reconciler.cli import values

if TYPE_CHECKING:
    from notify.actions.action import Action

_UNQUOTED_PART = re.compile(r"""(?:^|(?<=,))(?:\\.|'[^']*'|"(?:\\.|[^"\\])*"|[^,])*""", re.DOTALL)

Words = Sequence[str]
"""What is given for one occurrence of an option."""


def one_word(written: str) -> list[Words]:
    """A variable's text is one word."""
    return [[written]]


def numbers(written: str) -> list[Words]:
    """A variable's text is one occurrence of several words, cut at commas or blanks."""
    return [re.split(r"\s*,\s*|\s+", written.strip())]


def names(written: str) -> list[Words]:
    """A variable's text is several occurrences of one word, cut at commas."""
    return [[item] for item in written.split(",")]


def lines(written: str) -> list[Words]:
    """A variable's text is several occurrences of one word, one a line; a word may hold commas."""
    return [[line.strip()] for line in written.splitlines() if line.strip()]


def groups_of(word_count: int) -> Callable[[str], list[Words]]:
    """A variable's text is several occurrences of so many words, cut at commas; the first word may hold blanks."""
    return lambda written: [item.rsplit(None, word_count - 1) or [""] for item in written.split(",")]


def commands_of(word_count: int) -> Callable[[str], list[Words]]:
    """A variable's text is several occurrences of so many words, the last one a command line.

    It is cut at commas outside of quotes, as a shell knows them; the words before the command hold no blanks.
    """
    return lambda written: [part[0].split(None, word_count - 1) or [""] for part in _UNQUOTED_PART.finditer(written)]


@frozen
class Option:
    """One option.

    Attributes:
        flag: as on the command line, such as `--resync`.
        convert: from one word to its value; ValueError where it means nothing.
        help: what it does and what to expect, for `--help`; the default is added to it.
        metavar: the names of its words in the help; empty for a switch.
        nargs: how many words follow: a number, or `+` for one or more.
        combine: from the values of several words to the option's own; ValueError where they do not go together.
        default: as it would be written in the environment; empty where the settings say what is done without it.
        occurrences: how the text of the environment's variable is cut into occurrences.
        repeatable: every occurrence counts, otherwise the last one does.
        setting: the field of `ProgramSettings`, `EngineSettings` or `JobSettings` that it fills, where it is not called
            like the flag.
        variable: its name in the environment, where it is not `PYGEN_` and the flag.
    """

    flag: str
    convert: Callable[[str], object]
    help: str
    metavar: tuple[str, ...] = ()
    nargs: int | Literal["+"] = 1
    combine: Callable[[Sequence[Any]], object] | None = None
    default: str = ""
    occurrences: Callable[[str], list[Words]] = one_word
    repeatable: bool = False
    setting: str = ""
    variable: str = ""

    @property
    def field(self) -> str:
        """The field of the settings that it fills."""
        return self.setting or self.flag.removeprefix("--").replace("-", "_")

    @property
    def variable_name(self) -> str:
        """Its name in the environment."""
        return self.variable or "PYGEN_" + self.flag.removeprefix("--").replace("-", "_").upper()

    @property
    def full_help(self) -> str:
        """What it does, and its default."""
        return f"{self.help} Default {self.default}." if self.default else self.help

    @property
    def default_value(self) -> Any:
        """The value of the default; there has to be one."""
        return self.value(self.occurrences(self.default)[0])

    def value(self, words: Words) -> Any:
        """The value of one occurrence; ValueError says what is wrong and what to give."""
        converted = [self.convert(word) for word in words]
        return converted[0] if self.combine is None else self.combine(converted)


def action_option(action: type[Action]) -> Option:
    """The option that configures an action."""
    words = action.option
    count = len(words.metavar)
    return Option(
        words.flag,
        str,
        words.help,
        words.metavar,
        nargs=count,
        combine=action.from_words,
        occurrences=(commands_of if words.is_command else groups_of)(count),
        repeatable=True,
        setting="notifications",
    )


TEMPLATE = Option(
    "--template",
    values.template,
    "The Jinja2 template: a file, an http(s) address, or the text itself where it starts with '#'. Edits take effect "
    "without a restart. Required, unless --config is given.",
    ("TEMPLATE",),
)
INTERVAL = Option(
    "--interval",
    values.seconds,
    "Seconds from a change to its notification (MIN; another change before that restarts the wait), and from the first "
    "change at the latest (MAX). One value serves for both.",
    ("MIN", "MAX"),
    nargs="+",
    combine=values.interval,
    default="0.5 2",
    occurrences=numbers,
)
SIGNAL_VIA = Option(
    "--signal-via",
    values.choice("auto", "exec", "kill"),
    "How signals are sent: 'kill' is 'docker kill', 'exec' runs kill inside the container, 'auto' takes exec where "
    "'docker kill' would make the engine forget the container's restart policy.",
    ("auto|exec|kill",),
    default="auto",
)
DOCKER_ADDRESS = Option(
    "--docker-address",
    values.text,
    "The engine: unix:///PATH, tcp://HOST:PORT, an absolute path, or file://STATE.json as written by 'pygen record'. "
    "Default DOCKER_HOST (with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH), otherwise unix:///var/run/docker.sock.",
    ("URL",),
)
NOTIFY_DOCKER_ADDRESS = Option(
    "--notify-docker-address",
    values.text,
    "Where signals and restarts are sent, if not to --docker-address: reading then needs no POST at all, which a "
    "socket proxy can enforce.",
    ("URL",),
)
METRICS = Option(
    "--metrics",
    values.metrics_address,
    "Where /metrics, /healthz, /readyz and the status page are served, on all addresses unless one is given. 0 turns "
    "them off.",
    ("[ADDRESS:]PORT",),
    default=str(DEFAULT_PORT),
)
CONFIG = Option(
    "--config",
    values.folder,
    "A file in TOML that describes jobs (see docs/configuration.md), or a folder, of which each *.toml is taken in the "
    "order of their names. --template and its options are then one more job, and may be left out; options of the whole "
    "program win over the file. Repeatable. In the environment PYGEN_CONFIG=PATH,PATH.",
    ("PATH",),
    occurrences=names,
    repeatable=True,
    setting="config",
)
DEBUG = Option("--debug", values.switch, "More messages, and tracebacks with errors.", nargs=0)
FORMAT = Option(
    "--format",
    values.choice("text", "socket-proxy"),
    "How the list is printed: text, or socket-proxy: the arguments of wollomatic/socket-proxy.",
    ("text|socket-proxy",),
    default="text",
)

GROUPS: dict[str, tuple[Option, ...]] = {
    "Template and target": (
        TEMPLATE,
        # PYGEN_TARGET is taken: as a variable of a container it says which notifications the container answers to.
        Option(
            "--target",
            values.text,
            "The file to keep in sync; '-' is standard output. In the environment PYGEN_TARGET_FILE.",
            ("TARGET",),
            default="-",
            variable="PYGEN_TARGET_FILE",
        ),
        Option(
            "--owner",
            values.user,
            "Who owns the target's file: a user's name or number, as known where pygen runs. Otherwise a file keeps "
            "its owner, and a new one is pygen's. For a user other than its own pygen needs the capability CHOWN.",
            ("USER",),
        ),
        Option(
            "--group",
            values.group,
            "Its group, likewise: a name or a number.",
            ("GROUP",),
        ),
        Option(
            "--mode",
            values.file_mode,
            "Its permissions, in octal: 0640. Otherwise a file keeps them, and a new one has 0644.",
            ("MODE",),
        ),
        Option("--strict", values.switch, "Unknown names and fields in a template are errors, not warnings.", nargs=0),
        Option(
            "--one-shot",
            values.switch,
            "Render, write and notify once, within 30 s, then exit. Status 0, or 11 engine unreachable, 12 template "
            "failed, 13 write failed, 14 a notification failed, 1 unexpected. No port is opened.",
            nargs=0,
        ),
    ),
    "Many jobs": (CONFIG,),
    "Which containers": (
        Option(
            "--include",
            values.text,
            "Only containers of which this Jinja2 expression over 'container' is true; of several, one has to be. "
            "Repeatable. In the environment one expression a line.",
            ("EXPRESSION",),
            occurrences=lines,
            repeatable=True,
        ),
        Option(
            "--exclude",
            values.text,
            "No containers of which this Jinja2 expression over 'container' is true; it wins over --include. "
            "Repeatable. In the environment one expression a line.",
            ("EXPRESSION",),
            occurrences=lines,
            repeatable=True,
        ),
        Option("--only-exposed", values.switch, "Only containers that expose a port.", nargs=0),
        Option("--only-published", values.switch, "Only containers that publish a port on the host.", nargs=0),
        Option("--include-stopped", values.switch, "'containers' has those that do not run, too.", nargs=0),
    ),
    "Notifications": (*map(action_option, ACTIONS.values()), INTERVAL, SIGNAL_VIA),
    "A command of its own, behind --": (
        Option(
            "--child-grace",
            values.seconds,
            "Seconds that the command behind -- has to end, from the SIGTERM or SIGINT that pygen got and passed on; "
            "then it is killed.",
            ("SECONDS",),
            default="8",
            setting="child_grace_s",
        ),
    ),
    "Engine": (
        DOCKER_ADDRESS,
        NOTIFY_DOCKER_ADDRESS,
        Option(
            "--engine-filter",
            values.engine_filter,
            "Reads only containers in the engine's own list filters, as of 'docker ps --filter': label=tier=front. "
            "Repeatable. In the environment one a line.",
            ("KEY=VALUE",),
            occurrences=lines,
            repeatable=True,
            setting="filters",
        ),
        Option(
            "--resync",
            values.seconds_over_zero,
            "Seconds between complete comparisons with the engine and the target, which find whatever events missed.",
            ("SECONDS",),
            default="30",
            setting="resync_s",
        ),
    ),
    "Metrics, status page and log": (
        METRICS,
        Option(
            "--status",
            values.switch,
            "The status page at / and /status.json: on or off.",
            ("on|off",),
            default="on",
            setting="status_page",
        ),
        Option(
            "--status-host",
            values.host_name,
            "A name under which the status page may be requested (in a browser, by a reverse proxy), beside localhost "
            "and addresses. It answers to no other, so that no page from elsewhere can read it. Repeatable. In the "
            "environment PYGEN_STATUS_HOST=NAME,NAME.",
            ("NAME",),
            occurrences=names,
            repeatable=True,
            setting="status_hosts",
        ),
        Option(
            "--log-format",
            values.choice("text", "json"),
            "How messages are written to standard error: text, or json, one object a line.",
            ("text|json",),
            default="text",
        ),
        DEBUG,
    ),
    "State and limits": (
        Option(
            "--state-dir",
            values.folder,
            "The folder for what has to outlive the program: which notifications are pending, and the last good copy "
            "of an http template. Default: hidden files beside the target.",
            ("DIR",),
        ),
        Option(
            "--render-time-limit",
            values.seconds_over_zero,
            "Seconds that one render may take; beyond, it is a template error.",
            ("SECONDS",),
            default="10",
            setting="render_time_limit_s",
        ),
        Option(
            "--render-size-limit",
            values.size_bytes,
            "The largest content that a render may give, in bytes, or such as 512K; beyond, it is a template error.",
            ("BYTES",),
            default="16M",
            setting="render_size_limit_bytes",
        ),
        Option(
            "--render-memory-limit",
            values.size_bytes,
            "What one render may add to the memory of the process that renders; beyond, it is a template error. "
            "Default 16 times --render-size-limit, and 256M at least.",
            ("BYTES",),
            setting="render_memory_limit_bytes",
        ),
        Option(
            "--render-user",
            values.choice("nobody", "root"),
            "Where the program is root: who renders its templates. nobody is a user without rights; root is for "
            "templates whose read_config, exists or list_dir have to see what only root may.",
            ("nobody|root",),
            default="nobody",
        ),
    ),
}
"""The options of the main command by the headings of its help."""

OPTIONS = tuple(option for group in GROUPS.values() for option in group)

_ONE_FOR_EACH = "run one pygen for each engine, in a Swarm as a service with '--mode global'"
LEGACY_OPTIONS: dict[str, tuple[int | Literal["+"], str]] = {
    "--events": ("+", "every event that can change what a template sees is followed; --resync finds missed ones"),
    "--repeat": (1, "--resync SECONDS repeats the comparison with the engine and the target"),
    "--no-ssl-check": (
        0,
        "certificates of https templates are always verified; name a private authority's file in SSL_CERT_FILE",
    ),
    "--swarm-manager": (0, _ONE_FOR_EACH),
    "--workers": ("+", _ONE_FOR_EACH),
    "--retries": (1, "a failed notification is tried again until it is delivered"),
}
"""docker-pygen's options that have no meaning any more, how many words each took, and what takes its place.

They are accepted, with a warning, and their words are never looked at.
"""


def did_you_mean(name: str, known: Iterable[str], *, prefix: str) -> str:
    """A half sentence such as ` (did you mean --resync?)`, or '' where nothing is near.

    Args:
        name: what is written.
        known: the names that there are.
        prefix: what all of them begin with: it makes nothing alike.
    """
    import difflib  # late: only a mistake needs it

    ends = [one.removeprefix(prefix) for one in known]
    near = difflib.get_close_matches(name.removeprefix(prefix), ends, n=1, cutoff=0.6)
    return f" (did you mean {prefix}{near[0]}?)" if near else ""
