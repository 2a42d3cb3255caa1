"""Signal names as the engine reads them."""

from __future__ import annotations

import signal


def canonical(text: str) -> str:
    """`SIGHUP` for `HUP`, `sighup`, `1`; real-time signals as they are written.

    Raises:
        ValueError: the engine would answer 400.
    """
    name = text.strip().upper()
    if name.isdecimal():
        return _by_number(int(name))
    name = name if name.startswith("SIG") else f"SIG{name}"
    if name not in signal.Signals.__members__ and not name.startswith(("SIGRTMIN", "SIGRTMAX")):
        raise ValueError(f"Invalid signal: {text}")
    return name


def _by_number(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        if 34 <= number <= 64:
            return f"SIGRTMIN+{number - 34}" if number > 34 else "SIGRTMIN"
        raise ValueError(f"Invalid signal: {number}") from None
