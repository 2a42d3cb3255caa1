"""When and how many at a time: what a configuration file can say of one notification, whatever its action is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

from models.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable

    from models.write import Cause
    from notify.interval import Interval

Reason = Literal["state", "template", "drift"]
"""What a notification can react to. `drift` is a target that somebody else changed or removed."""

REASONS: tuple[Reason, ...] = get_args(Reason)


@frozen
class Rules:
    """Rules of one notification.

    Attributes:
        on: the reasons that it reacts to.
        interval: the bounds of its batch; None for the job's.
        max_parallel: how many containers may be told, and not be well again yet, at one time; None for all of them.
        pause_s: how long a container that was told has to run before the next one is; None where its health check, or
            `notify.rollout.PAUSE_S`, says so.
    """

    on: frozenset[Reason] = frozenset(REASONS)
    interval: Interval | None = None
    max_parallel: int | None = None
    pause_s: float | None = None

    def react_to(self, reasons: frozenset[Reason]) -> bool:
        """Whether a content that came by these reasons is told; one whose reason is not known always is."""
        return not reasons or bool(self.on & reasons)


def reasons_of(causes: Iterable[Cause | Literal[""]]) -> frozenset[Reason]:
    """The reasons behind causes: a target that is missing was removed by somebody."""
    return frozenset("drift" if cause == "missing" else cause for cause in causes if cause)
