"""The command line's arguments, cut into occurrences of options; what the words mean is decided elsewhere."""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING, Any, NoReturn

from reconciler.cli.commands import UsageError
from reconciler.cli.legacy import LEGACY_OPTIONS, LegacyOption
from reconciler.cli.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reconciler.cli.catalogue import Option

SUBCOMMANDS = ("record", "healthcheck", "permissions")

HELP_FLAGS = ("--help", "-h")
VERSION_FLAG = "--version"

Given = list[tuple[str, list[str]]]
"""Every occurrence in the order given: the option's flag and its words."""


def cut(arguments: Sequence[str], options: Iterable[Option], *, legacy: bool) -> Given:
    """Cut arguments into occurrences.

    Args:
        arguments: what follows the program's name, and the subcommand's where there is one.
        options: the options that are allowed.
        legacy: whether docker-pygen's options are accepted too.

    Raises:
        UsageError: an unknown option, too few or too many words.
    """
    known: list[Option | LegacyOption] = [*options, *(LEGACY_OPTIONS if legacy else ())]
    parser = _Parser(prog="pygen", add_help=False, allow_abbrev=False)
    parser.set_defaults(given=[])
    for option in known:
        parser.add_argument(option.flag, nargs=option.nargs, action=_Collect, default=argparse.SUPPRESS)
    parser.add_argument(*HELP_FLAGS, nargs=0, action=_Collect, default=argparse.SUPPRESS)
    parser.add_argument(VERSION_FLAG, nargs=0, action=_Collect, default=argparse.SUPPRESS)
    namespace, rest = parser.parse_known_args(list(arguments))
    given: Given = namespace.given
    if rest and not asks_for_text(given):
        raise UsageError(_unknown(rest[0], [option.flag for option in known]))
    return given


def asks_for_text(given: Given) -> bool:
    """Whether `--help` or `--version` is among the occurrences: then nothing else counts."""
    return any(flag in {HELP_FLAGS[0], VERSION_FLAG} for flag, _ in given)


def _unknown(argument: str, flags: list[str]) -> str:
    name = argument.partition("=")[0]
    if name in SUBCOMMANDS:
        return f"{name} has to come first: write 'pygen {name} ...'"
    if not name.startswith("-"):
        return f"{argument!r} belongs to no option: quote a value that holds blanks, and see 'pygen --help'"
    return f"{name} is not an option here{did_you_mean(name, flags, prefix='--')}: see 'pygen --help'"


class _Collect(argparse.Action):
    """Notes each occurrence, in the order given."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, option_string: Any = None
    ) -> None:
        del parser, option_string
        # A list of its own for each parse: the default is shared between parses of one parser.
        namespace.given = [*namespace.given, (self.option_strings[0], list(values))]


class _Parser(argparse.ArgumentParser):
    """Raises where argparse would print and exit."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(re.sub(r"^argument (\S+): ", r"\1: ", message) + ": see 'pygen --help'")
