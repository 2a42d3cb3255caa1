"""The command line, by argparse: one subparser for each command, built from the table of options.

What argparse does differs between Python 3.11 and 3.14: colour, suggestions of its own, whether `-1e5` is a number, and
whether an option with `nargs=2` takes the option that follows for a word of its own. It is used such that all of them
give the same values and texts.
"""

from __future__ import annotations

import argparse
import re
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from reconciler.cli.catalogue import did_you_mean
from reconciler.cli.commands import RUN, SYNTAX, UsageError
from reconciler.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.cli.catalogue import Option
    from reconciler.cli.commands import Syntax

_SEE_HELP = ": see 'pygen --help'"
_VERSION_FLAG = "--version"
_WIDTH = 96
_HELP_INDENT = 6


CHILD_MARK = "--"
"""What follows it is no option of ours: the child's program and its arguments."""

Given = Sequence[tuple[str, Any]]
"""Each occurrence of an option in the order given: its flag, and its value (None for a legacy option).

The child's command is the value of `CHILD_MARK`.
"""


class CommandLine(NamedTuple):
    """What is asked for.

    Attributes:
        command: `RUN`, or the subcommand.
        given: its options.
    """

    command: str
    given: Given


class TextAsked(Exception):  # noqa: N818 - not an error
    """`--help` or `--version` is given, so nothing else counts; its text is the message."""


def read_arguments(arguments: Sequence[str]) -> CommandLine:
    """Read what follows the program's name.

    Raises:
        UsageError: an unknown option, too few or too many words, or words that mean nothing.
        TextAsked: help or the version is asked for, whatever else is wrong.
    """
    named = bool(arguments) and arguments[0] in SYNTAX and arguments[0] != RUN
    command, rest = (arguments[0], arguments[1:]) if named else (RUN, arguments)
    parser = _build_parser(command)
    child: Given = ()
    if CHILD_MARK in rest and SYNTAX[command].takes_child:
        at = rest.index(CHILD_MARK)
        rest, child = rest[:at], [(CHILD_MARK, tuple(rest[at + 1 :]))]
    try:
        line = _parse(parser, [command, *rest])
        return line._replace(given=[*line.given, *child]) if child else line
    except UsageError:
        for word in rest:
            if word in ("--help", _VERSION_FLAG) or word.startswith("-h"):  # newer Pythons read -hx as -h -x
                _parse(parser, [command, word[:2] if word.startswith("-h") else word])
        raise


def usage(option: Option) -> str:
    """The option and the names of its words: `--interval MIN [MAX]`."""
    words = list(option.metavar)
    if option.nargs == "+":
        words[1:] = [f"[{word}]" for word in words[1:]]
    return " ".join([option.flag, *words])


def _parse(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> CommandLine:
    try:
        namespace, stray = parser.parse_known_args(arguments)
    except argparse.ArgumentError as error:
        # What is wrong with a value says itself what to give.
        advice = "" if isinstance(error.__context__, (ValueError, argparse.ArgumentTypeError)) else _SEE_HELP
        raise UsageError(f"{error.argument_name}: {error.message}{advice}") from error
    if stray:
        raise UsageError(_unknown(stray[0], SYNTAX[namespace.command]))
    return CommandLine(namespace.command, namespace.given)


def _unknown(argument: str, command: Syntax) -> str:
    if not argument.startswith("-"):
        return _stray(argument)
    name = argument.partition("=")[0]
    known = [option.flag for options in command.groups.values() for option in options] + list(command.legacy)
    return f"{name} is not an option here{did_you_mean(name, known, prefix='--')}{_SEE_HELP}"


def _stray(word: str) -> str:
    if word in SYNTAX and word != RUN:
        return f"{word} has to come first: write 'pygen {word} ...'"
    return f"{word!r} belongs to no option: quote a value that contains spaces, and see 'pygen --help'"


def _build_parser(asked: str) -> _Parser:
    """All commands, but options of the one that is asked for only: a start spends two milliseconds less."""
    parser = _Parser(prog="pygen")
    subparsers = parser.add_subparsers(prog="pygen", dest="command", required=True)
    for name, command in SYNTAX.items():
        subparser = subparsers.add_parser(
            name, usage=command.usage, description=command.description, epilog=command.epilog
        )
        subparser.set_defaults(given=())
        if name == asked:
            _add_options(subparser, command)
    return parser


def _add_options(parser: argparse.ArgumentParser, command: Syntax) -> None:
    for heading, options in command.groups.items():
        group = parser.add_argument_group(heading)
        for option in options:
            group.add_argument(
                option.flag,
                action=_Collect,
                nargs=_nargs(option.nargs),
                type=_typed(option.convert),
                option=option,
                help=option.full_help.replace("%", "%%") if heading else argparse.SUPPRESS,
            )
    for flag, (words, _) in command.legacy.items():
        parser.add_argument(flag, action=_Collect, nargs=_nargs(words), help=argparse.SUPPRESS)
    group = parser.add_argument_group("Help")
    group.add_argument(_VERSION_FLAG, action=_Version, nargs=0, help="Print the version and exit.")
    group.add_argument("--help", "-h", action="help", help="Print this help and exit.")


def _nargs(words: int | str) -> int | str | None:
    """Such that every Python takes the same words: with a number over 0, newer ones take options for words as well."""
    if isinstance(words, str):
        return words
    return {0: 0, 1: None}.get(words, "*")


def _typed(convert: Callable[[str], object]) -> Callable[[str], object]:
    """The converter as argparse wants it, which shows only this error's text."""

    def typed(word: str) -> object:
        try:
            return convert(word)
        except ValueError as mistake:
            raise argparse.ArgumentTypeError(str(mistake)) from mistake

    return typed


class _Collect(argparse.Action):
    """Appends an occurrence to `given`, in the order of all options: a tuple, for the default is shared by parses."""

    def __init__(self, *, option: Option | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs, default=argparse.SUPPRESS)
        self.option = option

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, option_string: Any = None
    ) -> None:
        del parser, option_string
        words = values if isinstance(values, list) else [values]
        value = None if self.option is None else self._value(self.option, words)
        namespace.given = (*namespace.given, (self.option_strings[0], value))

    def _value(self, option: Option, words: list[Any]) -> Any:
        if option.combine is None:
            return words[0] if words else True
        if isinstance(option.nargs, int) and len(words) < option.nargs:
            raise argparse.ArgumentError(self, f"expected {option.nargs} arguments")
        if isinstance(option.nargs, int) and len(words) > option.nargs:
            raise UsageError(_stray(words[option.nargs]))
        try:
            return option.combine(words)
        except ValueError as mistake:
            raise argparse.ArgumentError(self, str(mistake)) from mistake


class _Version(argparse.Action):
    """Argparse's own prints, and ends the program."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, option_string: Any = None
    ) -> NoReturn:
        del parser, namespace, values, option_string
        raise TextAsked(f"pygen {VERSION}\n")


class _Parser(argparse.ArgumentParser):
    """Raises where argparse would print and exit, and says the same in every Python."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs |= {"add_help": False, "allow_abbrev": False, "exit_on_error": False, "formatter_class": _Formatter}
        super().__init__(**kwargs)
        self.color = self.suggest_on_error = False  # Python 3.14 has both, and other defaults from there on
        self._negative_number_matcher = re.compile(r"-\.?\d")  # as in Python 3.14

    def print_help(self, file: object = None) -> NoReturn:
        """The caller prints it."""
        del file
        raise TextAsked(self.format_help())

    def error(self, message: str) -> NoReturn:
        """A usage error: the caller prints it and exits with 2."""
        raise UsageError(message + _SEE_HELP)


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """Each option on a line of its own, what it does beneath it."""

    def __init__(self, prog: str, **kwargs: Any) -> None:
        super().__init__(prog, max_help_position=_HELP_INDENT, width=_WIDTH, **kwargs)

    def add_usage(self, usage: Any, actions: Any, groups: Any, prefix: str | None = None) -> None:
        super().add_usage(usage, actions, groups, prefix or "Usage: ")

    def _format_action_invocation(self, action: argparse.Action) -> str:
        option = getattr(action, "option", None)
        return ", ".join(action.option_strings) if option is None else usage(option)

    def _split_lines(self, text: str, width: int) -> list[str]:
        return textwrap.wrap(text, width, break_on_hyphens=False)
