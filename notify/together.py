"""What is done with the notifications of several jobs together, in one pass and at the end of the program.

Where several jobs owe the same to one run (two files of one nginx, which one SIGHUP makes it read), it is sent once.
Each of them has recorded its delivery before, and takes the report of the one that was made: so each state is right by
itself, whatever happens to the other one's, and a delivery whose end is not known is owed by each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from notify.dispatcher import launch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from notify.dispatcher import Begun
    from notify.notifier import Notifier


def advance(notifiers: Sequence[Notifier], now_s: float) -> None:
    """Take reports, and start every delivery that is due, side by side.

    Args:
        notifiers: the jobs'. A fault of ours in one is raised once the others are served.
        now_s: on the notifiers' clock.
    """
    errors: list[Exception] = []
    begun: list[Begun] = []
    for notifier in notifiers:
        try:
            begun += notifier.begin(now_s)
        except Exception as error:  # noqa: BLE001 - whatever one job meets, the others go on
            errors.append(error)
    _launch(notifiers, begun, now_s, errors)
    if errors:
        raise errors[0]


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
        begun = [each for notifier in notifiers for each in notifier.push(now_s)]
        _launch(notifiers, begun, now_s, [])
        waiting = [notifier for notifier in notifiers if notifier.is_waiting(now_s)]
        if not waiting or now_s >= deadline_s:
            return all(notifier.owes_nothing for notifier in notifiers)
        moments_s = [moment_s for notifier in waiting if (moment_s := notifier.next_due()) is not None]
        wait(min([deadline_s, *moments_s]))


def _launch(notifiers: Sequence[Notifier], begun: list[Begun], now_s: float, errors: list[Exception]) -> None:
    """Have every other debt join that the same deliveries pay, then make them."""
    effects = {effect for each in begun if (effect := each.effect) is not None}
    for notifier in notifiers if effects else ():
        try:
            begun += notifier.join(effects, now_s)
        except Exception as error:  # noqa: BLE001 - as above
            errors.append(error)
    launch(begun)
