"""The keys of notifications in a configuration file: what each is called, what it takes, and how it is read.

Every action lists its own beside its class; what all of them take is here. Parser and documentation are made of these
lists, so neither knows a key that the other does not.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from models.frozen import frozen
from notify.interval import Interval
from notify.rules import REASONS

if TYPE_CHECKING:
    from collections.abc import Callable

SECONDS_MAX = 366 * 24 * 3600
"""A year: beyond it a number of seconds is a mistake, and far beyond it timers overflow."""


@frozen
class Key:
    """One key.

    Attributes:
        name: as it is written.
        kind: what it takes, in words such as `number of seconds`.
        help: what it does, one sentence.
        read: from the value in the file to the value of the field; ValueError says what to give.
        field: of the action, or of `Rules`; '' where the key says no more than which action it is.
        default: what holds where the key is not given, in words; '' where that is nothing.
    """

    name: str
    kind: str
    help: str
    read: Callable[[object], object]
    field: str
    default: str = ""


def text(value: object) -> str:
    """A text that is not empty."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError("give a text that is not empty")
    if "\0" in value:
        raise ValueError("it holds a zero byte: leave it out")
    return value


def texts(value: object) -> tuple[str, ...]:
    """A program and its arguments."""
    if not isinstance(value, list) or not value or not all(isinstance(each, str) for each in value):
        raise ValueError('give a list of texts, such as ["nginx", "-s", "reload"]')
    if not value[0].strip():
        raise ValueError("the program's name is empty: give it first")
    if any("\0" in each for each in value):
        raise ValueError("it holds a zero byte: leave it out")
    return tuple(value)


def flag(value: object) -> bool:
    """`true` or `false`."""
    if not isinstance(value, bool):
        raise ValueError("give true or false")  # noqa: TRY004 - the caller's one kind of error
    return value


def only_true(value: object) -> bool:
    """`true`, for a key whose presence says everything."""
    if value is not True:
        raise ValueError("give true, or leave the key out")
    return True


def seconds(value: object) -> float:
    """A number of seconds over 0."""
    found = _number(value)
    if found is None or not 0 < found <= SECONDS_MAX:
        raise ValueError("give a number of seconds over 0, such as 30, at most a year")
    return found


def seconds_or_zero(value: object) -> float:
    """A number of seconds."""
    found = _number(value)
    if found is None or not 0 <= found <= SECONDS_MAX:
        raise ValueError("give a number of seconds, 0 or more, at most a year")
    return found


def positive_count(value: object) -> int:
    """A whole number, 1 or more."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError("give a whole number, 1 or more")
    return value


def _interval(value: object) -> Interval:
    bounds = value if isinstance(value, list) else [value]
    numbers = [found for each in bounds if (found := _number(each)) is not None and 0 <= found <= SECONDS_MAX]
    if len(numbers) != len(bounds) or len(numbers) not in (1, 2):
        raise ValueError("give [MIN, MAX] in seconds, such as [0.5, 2], or one number for both")
    return Interval(numbers[0], numbers[-1])


def _reasons(value: object) -> frozenset[object]:
    if not isinstance(value, list) or not value:
        raise ValueError(f"give a list of {', '.join(REASONS)}")
    for each in value:
        if each not in REASONS:
            shown = repr(each) if isinstance(each, str) else "an element"
            raise ValueError(f"{shown} is not known: give a list of {', '.join(REASONS)}")
    return frozenset(value)


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number + 0.0 if math.isfinite(number) else None  # -0 reads as 0


CONTAINER = Key(
    "container",
    "text",
    "The containers that are told: an id (10 digits or more), a name, a Compose or Swarm service, or the value of a "
    "label pygen.target or variable PYGEN_TARGET. Every match is told.",
    text,
    "container",
)
MATCH = Key(
    "match",
    "Jinja2 expression",
    "The containers that are told: those for which the expression is true, such as labels.role == 'lb'. With "
    "container, those that both match.",
    text,
    "match",
)
RECIPIENT_KEYS = (CONTAINER, MATCH)
"""Keys of every action that is for containers."""

RULE_KEYS = (
    Key(
        "on",
        "list of state, template, drift",
        "What it reacts to: what runs, an edited template, a target that somebody else changed or removed. A content "
        "that came by something else counts as known.",
        _reasons,
        "on",
        default="all three",
    ),
    Key(
        "interval",
        "[MIN, MAX] in seconds, or one number for both",
        "When it is told: MIN after a change (another one before that restarts the wait), MAX after the first of them "
        "at the latest.",
        _interval,
        "interval",
        default="the job's",
    ),
)
"""Keys of every action."""

ROLLOUT_KEYS = (
    Key(
        "max_parallel",
        "whole number",
        "How many containers are told at one time: the next one when one of them is healthy again, or has run for "
        "pause where it has no health check. One that is not stops it.",
        positive_count,
        "max_parallel",
        default="all, or 1 with pause",
    ),
    Key(
        "pause",
        "number of seconds",
        "How long a container that was told has to run, at least, before the next one is told.",
        seconds_or_zero,
        "pause_s",
        default="0 with a health check, else 10",
    ),
)
"""Keys of every action that is for containers."""
