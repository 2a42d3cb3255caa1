"""Signal names."""

from __future__ import annotations

import signal
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.signals import parse_signal, same_signal


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("HUP", "SIGHUP"), ("hup", "SIGHUP"), ("SIGHUP", "SIGHUP"), ("sigHup", "SIGHUP"), ("1", "SIGHUP"),
        (" usr2 ", "SIGUSR2"), ("10", "SIGUSR1"), ("KILL", "SIGKILL"), ("9", "SIGKILL"), ("IOT", "SIGABRT"),
        ("SIGCLD", "SIGCHLD"), ("poll", "SIGIO"), ("WINCH", "SIGWINCH"),
        ("RTMIN", "SIGRTMIN"), ("sigrtmin+3", "SIGRTMIN+3"), ("37", "SIGRTMIN+3"), ("34", "SIGRTMIN"),
        ("RTMAX", "SIGRTMIN+30"), ("RTMAX-1", "SIGRTMIN+29"), ("64", "SIGRTMIN+30"), ("RTMIN+0", "SIGRTMIN"),
    ],
)  # fmt: skip
def test_reads_every_spelling(text: str, expected: str) -> None:
    """Names with and without SIG, in any case, and numbers have one canonical name."""
    assert parse_signal(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "SIG", "0", "32", "33", "65", "999", "-1", "1.0", "HUPP", "SIGSIGHUP", "RTMIN+31", "RTMAX-31", "RTMIN-1",
     "RTMAX+1", "RTMIN+", "²", "٣"],
)  # fmt: skip
def test_refuses_what_is_no_signal(text: str) -> None:
    """The message repeats what was given and says what is accepted."""
    with pytest.raises(ValueError, match="is not a signal: give a name such as HUP") as caught:
        parse_signal(text)
    assert repr(text) in str(caught.value)


def test_names_are_the_kernels() -> None:
    """Every number means what this kernel means by it."""
    assert sys.platform == "linux"
    for known in signal.Signals:
        if not known.name.startswith("SIGRT"):
            assert parse_signal(known.name) == parse_signal(str(int(known)))
            assert signal.Signals[parse_signal(known.name)] == known


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("SIGQUIT", "3", True), ("quit", "SIGQUIT", True), ("RTMAX", "RTMIN+30", True), ("HUP", "TERM", False),
        ("", "", False), ("nonsense", "nonsense", False), ("HUP", "", False),
    ],
)  # fmt: skip
def test_same_signal_compares_meanings(a: str, b: str, expected: bool) -> None:  # noqa: FBT001 - a table's column
    """Spellings of one signal are equal, and what is no signal equals nothing."""
    assert same_signal(a, b) is expected


@given(st.text(max_size=20))
def test_canonical_names_are_stable(text: str) -> None:
    """A canonical name is its own canonical name, and anything else is refused with ValueError alone."""
    try:
        name = parse_signal(text)
    except ValueError:
        return
    assert parse_signal(name) == name
    assert same_signal(text, name)
