"""Signal names as people write them, turned into the one spelling that the rest of the program uses.

The numbers are those of Linux on x86 and ARM, where containers run; the machine that pygen runs on may differ.
"""

from __future__ import annotations

import re

_NUMBERS = {
    "HUP": 1, "INT": 2, "QUIT": 3, "ILL": 4, "TRAP": 5, "ABRT": 6, "BUS": 7, "FPE": 8, "KILL": 9, "USR1": 10,
    "SEGV": 11, "USR2": 12, "PIPE": 13, "ALRM": 14, "TERM": 15, "STKFLT": 16, "CHLD": 17, "CONT": 18, "STOP": 19,
    "TSTP": 20, "TTIN": 21, "TTOU": 22, "URG": 23, "XCPU": 24, "XFSZ": 25, "VTALRM": 26, "PROF": 27, "WINCH": 28,
    "IO": 29, "PWR": 30, "SYS": 31,
}  # fmt: skip
_ALIASES = {"IOT": "ABRT", "CLD": "CHLD", "POLL": "IO", "UNUSED": "SYS"}
_NAMES = {number: name for name, number in _NUMBERS.items()}
_RTMIN, _RTMAX = 34, 64  # glibc and musl keep 32 and 33 for themselves
_REAL_TIME = re.compile(r"RT(?P<end>MIN|MAX)(?:(?P<sign>[+-])(?P<distance>\d{1,2}))?", re.ASCII)


def parse_signal(text: str) -> str:
    """Read a signal's name or number.

    Args:
        text: with or without `SIG`, in any case, or a number: `HUP`, `sighup`, `1`, `RTMIN+3`, `37`.

    Returns:
        The canonical name: `SIGHUP`, `SIGRTMIN+3`.

    Raises:
        ValueError: there is no such signal; the message says what is accepted.
    """
    name = text.strip().upper()
    number = _number(name)
    if number is None:
        raise ValueError(
            f"{text!r} is not a signal: give a name such as HUP, SIGUSR1 or RTMIN+3, or a number from 1 to {_RTMAX}"
        )
    return "SIG" + _canonical(number)


def signal_number(name: str) -> int:
    """The number of a canonical name."""
    return _number(name) or 0


def same_signal(a: str, b: str) -> bool:
    """Whether two spellings mean the same signal, as `SIGQUIT` and `3` do; False where either is not a signal."""
    try:
        return parse_signal(a) == parse_signal(b)
    except ValueError:
        return False


def _number(name: str) -> int | None:
    """The number of an upper-case name or of digits; None where there is no such signal."""
    if name.isascii() and name.isdigit():
        number = int(name) if len(name) <= len(str(_RTMAX)) else 0
        return number if number in _NAMES or _RTMIN <= number <= _RTMAX else None
    name = name.removeprefix("SIG")
    return _NUMBERS.get(_ALIASES.get(name, name)) or _real_time(name)


def _real_time(name: str) -> int | None:
    """The number of `RTMIN`, `RTMIN+3`, `RTMAX-2`; None outside their range."""
    match = _REAL_TIME.fullmatch(name)
    if match is None:
        return None
    distance = int(match["distance"] or 0)
    number = _RTMIN + distance if match["end"] == "MIN" else _RTMAX - distance
    expected_sign = "+" if match["end"] == "MIN" else "-"
    return number if match["sign"] in {None, expected_sign} and _RTMIN <= number <= _RTMAX else None


def _canonical(number: int) -> str:
    """The name without `SIG`; real-time signals are all counted from RTMIN, so that each has one spelling."""
    if number in _NAMES:
        return _NAMES[number]
    return f"RTMIN+{number - _RTMIN}" if number > _RTMIN else "RTMIN"
