"""From the words of one option to its value. Each function raises ValueError that says what is wrong and what to give.

A word is one argument after the option; the environment's text is cut into the same words before (see `occurrences`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from metrics.address import MetricsAddress, parse_metrics_address
from models.hosts import is_host
from reconciler.cli.numbers import parse_bytes, parse_seconds, parse_seconds_over_zero
from reconciler.cli.settings import IntervalSeconds
from templating.addresses import check_address, is_address

Words = Sequence[str]

METRICS_DEFAULT = "9413"

_TRUE = ("1", "true", "yes", "on")
_FALSE = ("0", "false", "no", "off")
_UNQUOTED_PART = re.compile(r"""(?:^|(?<=,))(?:\\.|'[^']*'|"(?:\\.|[^"\\])*"|[^,])*""", re.DOTALL)


def text(words: Words) -> str:
    """One word that says something, kept exactly as it is."""
    if not words[0].strip():
        raise ValueError("it is empty: give a value, or leave it out")
    return words[0]


def template(words: Words) -> str:
    """A path, a template's own text, or an address that could be one."""
    given = text(words)
    if is_address(given):
        check_address(given)
    return given


def folder(words: Words) -> Path:
    """A folder, which need not be there yet."""
    return Path(text(words))


def flag(words: Words) -> bool:
    """True for the bare option; in the environment 1, true, yes, on, or 0, false, no, off, in any case."""
    if not words:
        return True
    word = words[0].strip().lower()
    if word not in _TRUE + _FALSE:
        raise ValueError(f"{words[0]!r} is neither yes nor no: give one of {', '.join(_TRUE + _FALSE)}")
    return word in _TRUE


def choice(*allowed: str) -> Callable[[Words], str]:
    """Exactly one of the words given."""

    def choose(words: Words) -> str:
        word = words[0].strip()
        if word not in allowed:
            raise ValueError(f"{word!r} is not known: give one of {', '.join(allowed)}")
        return word

    return choose


def seconds_over_zero(words: Words) -> float:
    """A number of seconds over 0."""
    return parse_seconds_over_zero(words[0])


def size_bytes(words: Words) -> int:
    """A size in bytes."""
    return parse_bytes(words[0])


def interval(words: Words) -> IntervalSeconds:
    """MIN and MAX in seconds; one value serves for both."""
    if len(words) not in (1, 2):
        raise ValueError(f"{len(words)} values are given: give MIN and MAX in seconds, or one value for both")
    values_s = [parse_seconds(word) for word in words]
    if values_s[0] > values_s[-1]:
        raise ValueError(f"MIN {values_s[0]:g} is over MAX {values_s[-1]:g}: give the smaller number first")
    return IntervalSeconds(values_s[0], values_s[-1])


def metrics(words: Words) -> MetricsAddress | None:
    """Where metrics are served: `[ADDRESS:]PORT`; None where 0 turns them off."""
    return parse_metrics_address(words[0])


def host_name(words: Words) -> str:
    """A name of this machine, as `Host` headers have it: without port, in small letters."""
    name = words[0].strip().lower().removesuffix(".")
    if not is_host(name):
        raise ValueError(f"{words[0]!r} is no host name: give one without a port, such as pygen.example.org")
    return name


def single(written: str) -> list[Words]:
    """The environment's text is one word."""
    return [[written]]


def numbers(written: str) -> list[Words]:
    """The environment's text is one list of words, cut at commas or blanks."""
    return [re.split(r"\s*,\s*|\s+", written.strip())]


def names(written: str) -> list[Words]:
    """The environment's text is several names, cut at commas."""
    return [[item] for item in written.split(",")]


def actions(word_count: int) -> Callable[[str], list[Words]]:
    """The environment's text is several times so many words, cut at commas; the first one may hold blanks."""
    return lambda written: [item.rsplit(None, word_count - 1) or [""] for item in written.split(",")]


def commands(word_count: int) -> Callable[[str], list[Words]]:
    """The environment's text is several times so many words, the last one a command line.

    Occurrences are cut at commas outside of quotes, as a shell knows them; the words before the command hold no blanks.
    """
    return lambda written: [item.split(None, word_count - 1) or [""] for item in _unquoted_parts(written)]


def _unquoted_parts(written: str) -> list[str]:
    """A text cut at the commas that are neither quoted nor escaped; quotes and escapes stay."""
    return [match[0] for match in _UNQUOTED_PART.finditer(written)]
