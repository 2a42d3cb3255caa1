"""The texts of `--help` and `--version`."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from reconciler.cli.catalogue import DEBUG, DOCKER_ADDRESS, FORMAT, METRICS, OPTIONS, Option
from reconciler.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Iterable

_WIDTH = 96

_MAIN_INTRODUCTION = """\
Usage: pygen --template TEMPLATE [--target TARGET] [--restart CONTAINER]... [--signal CONTAINER SIGNAL]... [OPTION]...
       pygen record [--docker-address URL] > STATE.json
       pygen healthcheck [--metrics [ADDRESS:]PORT]
       pygen permissions [--format text|socket-proxy] [OPTION]...

Keeps a file true to the running containers of a Docker engine: renders a Jinja2 template, replaces the target when it
differs, and signals or restarts the containers that read it. 'python -m reconciler' is the same program.

Examples:
  pygen --template nginx.conf.j2 --target /etc/nginx/conf.d/apps.conf --signal nginx HUP
  pygen --template '# {% for c in containers %}{{ c.name }} {% endfor %}' --one-shot

Options:
"""

_MAIN_CONCLUSION = """
Commands (each with a --help of its own):
  record        write the engine's state as JSON, secrets masked, for '--docker-address file://STATE.json'
  healthcheck   ask the running program how it is; status 0 is healthy: for a container's HEALTHCHECK
  permissions   print the requests that this configuration makes of the engine, for a socket proxy

Environment: each option is also read from PYGEN_ and its name, such as PYGEN_ONE_SHOT=1 or PYGEN_INTERVAL=0.5,2
(--target from PYGEN_TARGET_FILE). The option wins, lists are comma-separated, empty is unset, and switches take
1, true, yes, on, or 0, false, no, off.

Signals: SIGHUP loads the template anew; SIGTERM and SIGINT finish the write, send what is owed, and end with 0.
Status 2 is a usage error, 12 a template that can't be loaded at the start, 13 a target that another pygen keeps.
"""

_PERMISSIONS = """\
Usage: pygen permissions [--format text|socket-proxy] [OPTION]...

Prints every request that pygen makes of the engine with these options, and why: method, path, reason. Give it the same
options, or the same PYGEN_ environment, as the program itself; the template may be left out.

Options, beside those of 'pygen --help':
"""

_RECORD = """\
Usage: pygen record [--docker-address URL] > STATE.json

Writes the engine's containers and networks as JSON to standard output. What looks like a secret is masked; commands,
health tests and log options are left out; read it before you hand it on. Templates are then written and tested without
an engine: pygen --docker-address file://STATE.json --template TEMPLATE --one-shot

Options:
"""

_HEALTHCHECK = """\
Usage: pygen healthcheck [--metrics [ADDRESS:]PORT]

Asks the running program how it is. Status 0: it works, or its metrics are off; 1: it does not, or does not answer. The
address is that of the option, else PYGEN_METRICS, else what the running program left in its run-time file, else 9413.

Options:
"""


def main() -> str:
    """The help of the main command."""
    return _MAIN_INTRODUCTION + _list(OPTIONS) + _MAIN_CONCLUSION


def permissions() -> str:
    """The help of `permissions`."""
    return _PERMISSIONS + _list((FORMAT,))


def record() -> str:
    """The help of `record`."""
    return _RECORD + _list((DOCKER_ADDRESS, DEBUG))


def healthcheck() -> str:
    """The help of `healthcheck`."""
    return _HEALTHCHECK + _list((METRICS,))


def version() -> str:
    """The line that `--version` prints."""
    return f"pygen {VERSION}\n"


def _list(options: Iterable[Option]) -> str:
    standard = (("--version", "Print the version and end."), ("--help, -h", "Print this help and end."))
    described = [(usage(option), option.help) for option in options]
    return "".join(_entry(head, text) for head, text in [*described, *standard])


def usage(option: Option) -> str:
    """The option and the names of its words: `--interval MIN [MAX]`."""
    words = list(option.metavar)
    if option.nargs == "+":
        words[1:] = [f"[{word}]" for word in words[1:]]
    return " ".join([option.flag, *words])


def _entry(head: str, text: str) -> str:
    body = textwrap.fill(text, _WIDTH, initial_indent=" " * 6, subsequent_indent=" " * 6, break_on_hyphens=False)
    return f"  {head}\n{body}\n"
