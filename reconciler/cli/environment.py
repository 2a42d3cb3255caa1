"""The environment as a second command line: `PYGEN_...` variables, each like one option."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.cli.catalogue import OPTIONS, Option
from reconciler.cli.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reconciler.cli.values import Words

PREFIX = "PYGEN_"
CONTAINER_MARK = "PYGEN_TARGET"
"""Marks a container as a notification's receiver. The program may carry it as a container of its own."""


def occurrences(option: Option, environ: Mapping[str, str]) -> list[Words]:
    """The words of each occurrence that the option's variable holds; none where it is unset or empty."""
    written = environ.get(option.variable_name, "")
    return option.occurrences(written) if written.strip() else []


def unknown_variables(environ: Mapping[str, str], options: Iterable[Option] = OPTIONS) -> list[str]:
    """One warning for each `PYGEN_` name that no option has, sorted by name. Values are never shown."""
    known = {option.variable_name for option in options}
    set_names = {name for name, value in environ.items() if name.startswith(PREFIX) and value.strip()}
    names = sorted(set_names - known - {CONTAINER_MARK})
    return [f"{name} in the environment is no setting{_guess(name, known)}: ignored" for name in names]


def _guess(name: str, known: Iterable[str]) -> str:
    return did_you_mean(name, sorted(known), prefix=PREFIX)
