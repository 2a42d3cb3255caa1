"""The end of the program: what is owed is sent at once, whatever it waits for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from notify.notifier import Notifier


def flush(
    notifiers: Sequence[Notifier],
    deadline_s: float,
    *,
    clock: Callable[[], float],
    wait: Callable[[float], object],
) -> bool:
    """Send everything that several jobs owe now, side by side, with retries until the deadline.

    Args:
        notifiers: the jobs'.
        deadline_s: a moment on the clock, not a duration.
        clock: the notifiers' own, monotonic, seconds.
        wait: returns when a worker of any of them has woken the loop, and at the given moment at the latest.

    Returns:
        True when nothing is owed any more; else the rest stays owed in the state.
    """
    for notifier in notifiers:
        notifier.expedite()
    while True:
        now_s = clock()
        waiting = [notifier for notifier in notifiers if notifier.push(now_s)]
        if not waiting or now_s >= deadline_s:
            return all(notifier.owes_nothing for notifier in notifiers)
        moments_s = [moment_s for notifier in waiting if (moment_s := notifier.next_due()) is not None]
        wait(min([deadline_s, *moments_s]))
