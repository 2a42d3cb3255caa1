"""Which occurrence of an option counts: the command line's over the environment's, the last over the earlier ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from reconciler.cli.commands import UsageError
from reconciler.cli.environment import occurrences

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from reconciler.cli.arguments import Given
    from reconciler.cli.catalogue import Option
    from reconciler.cli.values import Words


class Occurrence(NamedTuple):
    """One time that an option was given.

    Attributes:
        option: which.
        source: where it is written, for messages: the flag, or the variable's name.
        words: what is written.
    """

    option: Option
    source: str
    words: Words


def resolve(options: Iterable[Option], given: Given, environ: Mapping[str, str]) -> dict[str, Any]:
    """The value of each field that the arguments or the environment say something about.

    A field of repeatable options has all their values, in the order of the command line, then of the environment, with
    exact duplicates dropped.

    Raises:
        UsageError: words that mean nothing; the message names the option or variable.
    """
    found: dict[str, Any] = {}
    repeated: dict[str, dict[Any, None]] = {}
    for occurrence in _counting(list(options), given, environ):
        value = convert(occurrence)
        if occurrence.option.repeatable:
            repeated.setdefault(occurrence.option.field, {})[value] = None
        else:
            found[occurrence.option.field] = value
    return found | {field: tuple(values) for field, values in repeated.items()}


def source_of(option: Option, given: Given) -> str:
    """Where the option's value is written, for messages: its flag, or its variable's name."""
    return option.flag if any(flag == option.flag for flag, _ in given) else option.variable_name


def convert(occurrence: Occurrence) -> Any:
    """The occurrence's value; UsageError where its words mean nothing."""
    try:
        return occurrence.option.convert(occurrence.words)
    except ValueError as mistake:
        raise UsageError(f"{occurrence.source}: {mistake}") from mistake


def _counting(options: list[Option], given: Given, environ: Mapping[str, str]) -> Iterator[Occurrence]:
    by_flag = {option.flag: option for option in options}
    for flag, words in given:
        if flag in by_flag:
            yield Occurrence(by_flag[flag], flag, words)
    flags_given = {flag for flag, _ in given}
    for option in options:
        if option.flag not in flags_given:
            for words_in_environment in occurrences(option, environ):
                yield Occurrence(option, option.variable_name, words_in_environment)
