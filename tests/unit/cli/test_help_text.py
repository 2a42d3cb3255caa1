"""The help texts hold what people look for."""

from __future__ import annotations

import pytest

from reconciler.cli import help_text
from reconciler.cli.catalogue import INTERVAL, OPTIONS


def test_help_describes_every_option() -> None:
    """No option is missing from the help, and each says something."""
    page = help_text.main()
    for option in OPTIONS:
        assert f"  {help_text.usage(option)}\n      " in page
        assert option.help.endswith(".")


def test_words_that_may_be_left_out_are_in_brackets() -> None:
    """The interval's second word is optional, and only that one."""
    assert help_text.usage(INTERVAL) == "--interval MIN [MAX]"


@pytest.mark.parametrize(
    "page", [help_text.main(), help_text.permissions(), help_text.record(), help_text.healthcheck()]
)
def test_help_fits_a_wide_terminal(page: str) -> None:
    """No line is over 120 characters, and the page ends with one line end."""
    assert max(len(line) for line in page.splitlines()) <= 120
    assert page.endswith(".\n")
    assert not page.endswith("\n\n")
