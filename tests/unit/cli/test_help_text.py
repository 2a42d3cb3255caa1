"""The help texts hold what people look for."""

from __future__ import annotations

import pytest

from reconciler.cli.catalogue import FORMAT, INTERVAL, OPTIONS
from reconciler.cli.commands import Printed
from reconciler.cli.options import parse
from reconciler.cli.parser import usage


def page(*command: str) -> str:
    """What `pygen COMMAND --help` prints."""
    printed = parse([*command, "--help"], {})
    assert isinstance(printed, Printed)
    return printed.text


def test_help_describes_every_option() -> None:
    """No option is missing from the help, and each says something, its default included."""
    for option in OPTIONS:
        assert f"  {usage(option)}\n      " in page()
        assert option.full_help.endswith(".")
    assert " ".join(page().split()).count("Default 0.5 2.") == 1


def test_permissions_describes_its_own_option_only() -> None:
    """The others are those of the main command."""
    assert f"  {usage(FORMAT)}\n      " in page("permissions")
    assert "--template" not in page("permissions")


def test_words_that_may_be_left_out_are_in_brackets() -> None:
    """The interval's second word is optional, and only that one."""
    assert usage(INTERVAL) == "--interval MIN [MAX]"


@pytest.mark.parametrize("command", [(), ("permissions",), ("record",), ("healthcheck",)])
def test_help_fits_a_wide_terminal(command: tuple[str, ...]) -> None:
    """No line is over 120 characters, and the page ends with one line end."""
    text = page(*command)
    assert max(len(line) for line in text.splitlines()) <= 120
    assert text.endswith(".\n")
    assert not text.endswith("\n\n")
