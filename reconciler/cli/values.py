"""From an option's words to its value. Each function raises ValueError that says what is wrong and what to give."""

from __future__ import annotations

import math
import re
import stat
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
_WHOLE = re.compile(r"\d+", re.ASCII)
_MODE = re.compile(r"(?:0o|0)?([0-7]?)([0-7]{3})", re.ASCII)
_MODE_MAX = 0o777
_ACCOUNT_MAX = 2**32 - 2  # the number after it means "no change" to chown(2)
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


def user(word: str) -> int:
    """A user's name, or a number; its uid."""
    import pwd  # late: most starts need no accounts

    return _account(word, "user", lambda name: pwd.getpwnam(name).pw_uid)


def group(word: str) -> int:
    """A group's name, or a number; its gid."""
    import grp  # as above

    return _account(word, "group", lambda name: grp.getgrnam(name).gr_gid)


def _account(word: str, kind: str, number_of: Callable[[str], int]) -> int:
    written = text(word).strip()
    if _WHOLE.fullmatch(written):
        if int(written) > _ACCOUNT_MAX:
            raise ValueError(f"{written} is too large for the number of a {kind}: give at most {_ACCOUNT_MAX}")
        return int(written)
    try:
        return number_of(written)
    except (KeyError, ValueError):  # ValueError: a zero byte, or what no account can be called
        raise ValueError(
            f"there is no {kind} called {written!r} where pygen runs: give one that is there, or a number"
        ) from None


def file_mode(word: str) -> int:
    """Permission bits in octal, `0640`; no others."""
    match = _MODE.fullmatch(word.strip())
    if match is None:
        raise ValueError(f"{word!r} is no mode of a file: give three octal digits, such as 0640")
    if match[1].strip("0"):
        raise ValueError(f"{word.strip()} has set-id or sticky bits, which no target gets: give one such as 0640")
    mode = int(match[2], 8)
    if not mode & stat.S_IRUSR:
        raise ValueError(
            f"{word.strip()} takes away the owner's right to read, which pygen needs: give one such as 0640"
        )
    return mode


def octal_mode(number: int) -> str:
    """A mode that a file gives as a number, as `file_mode` reads it.

    TOML's numbers come without the way in which they are written, so that 640 without a `0o` has to be told by its
    value: it is refused where it has more bits than a mode, or where its decimal digits make a mode that somebody
    would choose (400, 440, 444 and 500; what they would be in octal nobody would choose).
    """
    digits = f"{number:03}"
    is_octal = re.fullmatch("[0-7]{3}", digits) is not None
    if not 0 <= number <= _MODE_MAX or (is_octal and _is_likely(digits)):
        example = digits if is_octal else "640"
        raise ValueError(f'{number} is not written in octal: write "0{example}", or 0o{example} without quotes')
    return f"{number:04o}"


def _is_likely(digits: str) -> bool:
    """Whether three digits are a mode such as people choose: the owner reads, and whoever writes or runs it reads."""
    owner, of_group, others = (int(digit, 8) for digit in digits)
    readable = all(each in (0, 4, 5, 6, 7) for each in (owner, of_group, others))
    return readable and owner != 0 and of_group & owner == of_group and others & of_group == others


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


ENGINE_FILTERS = (
    "ancestor", "before", "exited", "expose", "health", "id", "is-task", "isolation", "label", "name", "network",
    "publish", "since", "status", "volume",
)  # fmt: skip
"""Of `GET /containers/json` (API 1.41)."""


def engine_filter(word: str) -> tuple[str, str]:
    """KEY=VALUE, such as `label=tier=front`."""
    key, equals, value = word.strip().partition("=")
    if key not in ENGINE_FILTERS:
        raise ValueError(f"{key!r} is no filter of an engine's list: give one of {', '.join(ENGINE_FILTERS)}")
    if not (equals and value):
        raise ValueError(f"{key} has no value: give one such as {key}=VALUE")
    return key, value


def engine_filters(table: object) -> tuple[tuple[str, str], ...]:
    """A table of lists, `{label = ["tier=front"]}`, as `engine_filter` for each value."""
    if not isinstance(table, dict):
        raise ValueError('give a table of lists, such as {label = ["tier=front"]}')  # noqa: TRY004 - a user's mistake
    found = []
    for key, texts in table.items():
        if not isinstance(texts, list) or not all(isinstance(each, str) for each in texts):
            raise ValueError(f'{key}: give a list of texts, such as ["tier=front"]')
        found += [engine_filter(f"{key}={each}") for each in texts]
    return tuple(dict.fromkeys(found))


metrics_address = parse_metrics_address


def host_name(word: str) -> str:
    """A name of this machine, as `Host` headers have it: without port, in small letters."""
    name = word.strip().lower().removesuffix(".")
    if not is_host(name):
        raise ValueError(f"{word!r} is not a host name: give one without a port, such as pygen.example.org")
    return name
