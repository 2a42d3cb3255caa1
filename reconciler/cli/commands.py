"""What a command line can ask for, and how: each command with all it needs, a text to print, or why it was refused."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NamedTuple

from models.frozen import frozen
from reconciler.cli import catalogue

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from reconciler.cli.catalogue import Option
    from reconciler.cli.settings import Settings

PermissionsFormat = Literal["text", "socket-proxy"]


class UsageError(Exception):
    """The command line or the environment can't be used; the message says what, where, and what to do."""


@frozen
class ConfigurationFiles:
    """Where settings were read from, and how they are read again.

    Attributes:
        paths: files and folders, as given.
        load: gives the settings that they hold now; UsageError where they can't be used.
    """

    paths: tuple[Path, ...]
    load: Callable[[], Settings]


@frozen
class Run:
    """The main command: keep the targets in sync.

    Attributes:
        settings: checked settings.
        warnings: messages for the log, each once, at the start.
        files: where settings can be read again; None where the command line and the environment say everything.
    """

    settings: Settings
    warnings: tuple[str, ...] = ()
    files: ConfigurationFiles | None = None


@frozen
class Permissions:
    """`permissions`: print what this configuration needs of the engine."""

    settings: Settings
    output_format: PermissionsFormat = "text"
    warnings: tuple[str, ...] = ()


@frozen
class Record:
    """`record`: write the engine's state to standard output."""

    docker_address: str
    debug: bool = False
    warnings: tuple[str, ...] = ()


@frozen
class Healthcheck:
    """`healthcheck`: ask the running program how it is.

    Attributes:
        metrics: the address as written in the option or in PYGEN_METRICS, already checked; None where neither says.
    """

    metrics: str | None = None


@frozen
class Printed:
    """A text for standard output, and status 0: `--help` and `--version`."""

    text: str


@frozen
class CheckConfig:
    """Say whether a configuration can be used, whose files, keys and values are right.

    Attributes:
        settings: what it says.
        warnings: for its user.
    """

    settings: Settings
    warnings: tuple[str, ...]


@frozen
class Refused:
    """A usage error: the message for standard error; the status is `ExitStatus.USAGE`."""

    message: str


Command = Run | Permissions | Record | Healthcheck | CheckConfig | Printed | Refused

RUN = "run"
"""The main command, which has no name on the command line."""


class Syntax(NamedTuple):
    """How a command is written, and its help.

    Attributes:
        groups: the options that it takes by their heading in its help; those without one are not shown there.
        usage: how it is called.
        description: what it does.
        epilog: what stands beneath the options.
        legacy: docker-pygen's options that it takes as well.
        takes_child: whether a command may follow behind `--`.
    """

    groups: Mapping[str, Sequence[Option]]
    usage: str
    description: str
    epilog: str = ""
    legacy: Mapping[str, tuple[int | str, str]] = MappingProxyType({})
    takes_child: bool = False


SYNTAX = {
    RUN: Syntax(
        catalogue.GROUPS,
        """\
pygen --template TEMPLATE [--target TARGET] [--restart CONTAINER]... [--signal CONTAINER SIGNAL]... [OPTION]...
              [-- COMMAND ARGUMENT...]
       pygen --config PATH... [OPTION]... [-- COMMAND ARGUMENT...]
       pygen check-config --config PATH... [OPTION]...
       pygen record [--docker-address URL] > STATE.json
       pygen healthcheck [--metrics [ADDRESS:]PORT]
       pygen permissions [--format text|socket-proxy] [OPTION]...""",
        """\
Keeps a file in sync with the running containers of a Docker engine: renders a Jinja2 template, replaces the target when
it differs, and notifies what reads it: containers, servers, commands. 'python -m reconciler' is the same program.

Examples:
  pygen --template nginx.conf.j2 --target /etc/nginx/conf.d/apps.conf --signal nginx HUP
  pygen --template '# {% for c in containers %}{{ c.name }} {% endfor %}' --one-shot
  pygen --template site.j2 --target /etc/nginx/conf.d/site.conf --signal-child HUP -- nginx -g 'daemon off;'

The command behind -- is started once the files are written, without a shell and without the variables PYGEN_..., as the
one process of a container. It gets the signals that pygen gets. When it ends, pygen ends with its status, and when
pygen ends, so does the command. It is not started again: that is the engine's business.""",
        """\
Commands (each with a --help of its own):
  check-config  read configuration files, say what is wrong with them, and start nothing
  record        write the engine's state as JSON, secrets masked, for '--docker-address file://STATE.json'
  healthcheck   ask the running program how it is; status 0 is healthy: for a container's HEALTHCHECK
  permissions   print the requests that this configuration makes of the engine, for a socket proxy

Environment: each option is also read from PYGEN_ and its name, such as PYGEN_ONE_SHOT=1 or PYGEN_INTERVAL=0.5,2
(--target from PYGEN_TARGET_FILE). The option wins, lists are comma-separated, empty is unset, and switches take
1, true, yes, on, or 0, false, no, off.

Signals: SIGHUP reloads the template; SIGTERM and SIGINT finish the write, send what is pending, and exit with 0. With a
command behind -- the status is the command's: 127 where it is not found, 126 where it can't be run. Otherwise
status 2 is a usage error, 12 a template that can't be loaded at the start, 13 a target that another pygen keeps.""",
        legacy=catalogue.LEGACY_OPTIONS,
        takes_child=True,
    ),
    "check-config": Syntax(
        {
            "Options": (catalogue.CONFIG,),
            "": tuple(option for option in catalogue.OPTIONS if option is not catalogue.CONFIG),
        },
        "pygen check-config --config PATH... [OPTION]...",
        """\
Reads configuration files as the program itself would, with the same options beside them, prints everything that is
wrong with them, and starts nothing. Status 0: they can be used; 2: they can't.""",
        legacy=catalogue.LEGACY_OPTIONS,
    ),
    "record": Syntax(
        {"Options": (catalogue.DOCKER_ADDRESS, catalogue.DEBUG)},
        "pygen record [--docker-address URL] > STATE.json",
        """\
Writes the engine's containers and networks as JSON to standard output. What looks like a secret is masked; commands,
health tests and log options are left out; read it before you share it. Templates are then written and tested without
an engine: pygen --docker-address file://STATE.json --template TEMPLATE --one-shot""",
    ),
    "healthcheck": Syntax(
        {"Options": (catalogue.METRICS,)},
        "pygen healthcheck [--metrics [ADDRESS:]PORT]",
        """\
Asks the running program how it is. Status 0: it works, or its metrics are off; 1: it does not, or does not answer. The
address is that of the option, otherwise PYGEN_METRICS, otherwise what the running program left in its run-time file,
otherwise 9413.""",
    ),
    "permissions": Syntax(
        {"Options": (catalogue.FORMAT,), "": catalogue.OPTIONS},
        "pygen permissions [--format text|socket-proxy] [OPTION]...",
        """\
Prints every request that pygen makes of the engine with these options, and why: method, path, reason. Give it the same
options, or the same PYGEN_ environment, as the program itself; the template may be left out. Its own option, beside
those of 'pygen --help':""",
        legacy=catalogue.LEGACY_OPTIONS,
        takes_child=True,
    ),
}
