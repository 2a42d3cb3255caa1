"""From an option's words to its value. Each function raises ValueError that says what is wrong and what to give."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import TYPE_CHECKING

from metrics.address import parse_metrics_address
from models.hosts import is_host
from notify.actions.keys import SECONDS_MAX
from notify.interval import Interval
from templating.addresses import check_address, is_address

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_TRUE = ("1", "true", "yes", "on")
_FALSE = ("0", "false", "no", "off")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_SIZE = re.compile(r"(\d+)\s*(?:([KMG])i?B?|B)?", re.ASCII | re.IGNORECASE)
_FACTORS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


def text(word: str) -> str:
    """A word that says something, kept exactly as it is."""
    if not word.strip():
        raise ValueError("it is empty: give a value, or leave it out")
    return word


def template(word: str) -> str:
    """A path, a template's own text, or an address that could be one."""
    if is_address(text(word)):
        check_address(word)
    return word


def folder(word: str) -> Path:
    """A folder, which need not be there yet."""
    return Path(text(word))


def switch(word: str) -> bool:
    """1, true, yes, on, or 0, false, no, off, in any case."""
    written = word.strip().lower()
    if written not in _TRUE + _FALSE:
        raise ValueError(f"{word!r} is neither yes nor no: give one of {', '.join(_TRUE + _FALSE)}")
    return written in _TRUE


def choice(*allowed: str) -> Callable[[str], str]:
    """Exactly one of the words given."""

    def choose(word: str) -> str:
        if word.strip() not in allowed:
            raise ValueError(f"{word.strip()!r} is not known: give one of {', '.join(allowed)}")
        return word.strip()

    return choose


def seconds(word: str) -> float:
    """A number of seconds, 0 or more, in plain decimal notation, at most a year."""
    if not _NUMBER.fullmatch(word.strip()):
        raise ValueError(f"{word!r} is not a number of seconds: give one such as 0.5 or 30")
    value_s = float(word)
    if value_s < 0:
        raise ValueError(f"{word.strip()} is negative: give a number of seconds, 0 or more")
    if not math.isfinite(value_s) or value_s > SECONDS_MAX:
        raise ValueError(f"{word.strip()} seconds are more than a year: give at most {SECONDS_MAX}")
    return value_s + 0.0  # -0 reads as 0


def seconds_over_zero(word: str) -> float:
    """A number of seconds over 0, as `seconds` otherwise."""
    value_s = seconds(word)
    if value_s <= 0:
        raise ValueError("0 seconds are too few: give a number over 0, such as 30")
    return value_s


def size_bytes(word: str) -> int:
    """A size over 0 such as `1048576`, `1M` or `16MiB` (powers of 1024), in bytes."""
    match = _SIZE.fullmatch(word.strip())
    if match is None:
        raise ValueError(f"{word!r} is not a size in bytes: give a whole number, or one such as 512K or 16MiB")
    value_bytes = int(match[1]) * _FACTORS[(match[2] or "").upper()]
    if value_bytes <= 0:
        raise ValueError("0 bytes are too few: give a size over 0, such as 16MiB")
    return value_bytes


def interval(values_s: Sequence[float]) -> Interval:
    """MIN and MAX in seconds; one value serves for both."""
    if len(values_s) not in (1, 2):
        raise ValueError(f"{len(values_s)} values are given: give MIN and MAX in seconds, or one value for both")
    if values_s[0] > values_s[-1]:
        raise ValueError(f"MIN {values_s[0]:g} is greater than MAX {values_s[-1]:g}: give the smaller number first")
    return Interval(values_s[0], values_s[-1])


metrics_address = parse_metrics_address


def host_name(word: str) -> str:
    """A name of this machine, as `Host` headers have it: without port, in small letters."""
    name = word.strip().lower().removesuffix(".")
    if not is_host(name):
        raise ValueError(f"{word!r} is not a host name: give one without a port, such as pygen.example.org")
    return name
