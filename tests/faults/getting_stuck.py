"""The program, with a filter `never_returns`: `python -m tests.faults.getting_stuck SECONDS|- ARGUMENTS...`.

It waits inside a single call of C that nothing can interrupt. SECONDS is how long the loop may stand still before it
is unhealthy, `-` is as long as ever.
"""

from __future__ import annotations

import functools
import importlib
import sys
import threading
from typing import Any


def never_returns(_: object) -> None:
    """Wait for a lock that nobody opens."""
    lock = threading.Lock()
    with lock:
        lock.acquire()


def main(arguments: list[str]) -> int:
    """Add the filter, then be the program."""
    patience, *rest = arguments
    _add_filter()
    if patience != "-":
        _stand_still_at_most(float(patience))
    sys.argv = ["pygen", *rest]
    from reconciler.__main__ import main as program

    return program()


def _add_filter() -> None:
    environment: Any = importlib.import_module("templating.environment")
    ordinary = environment.filters_for
    environment.filters_for = lambda *arguments: {**ordinary(*arguments), "never_returns": never_returns}


def _stand_still_at_most(still_s_max: float) -> None:
    composition: Any = importlib.import_module("reconciler.composition")
    composition.Heartbeat = functools.partial(composition.Heartbeat, still_s_max=still_s_max)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
