"""Who is owed what: for each run of each matching container the content that it is known to have loaded.

A run is owed while that differs from what the file holds. So our own change and its taking back before delivery cancel
each other, and everything that makes a run's knowledge doubtful (drift, a delivery under way, a lost state) is one
thing: its knowledge becomes UNKNOWN, and it is owed until it is told. Pure: no clock, no engine, no disk. Outboxes that
packages offer belong to a database and its messages; this one is a property of runs and of a file's content.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from models.frozen import frozen
from notify.rules import Reason, reasons_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from models.run import Run
    from models.write import Cause
    from notify.actions.action import Action

UNKNOWN = ""
Standing = Literal["new", "settled", "lost"]


@dataclass(slots=True)
class RunRecord:
    """What is known of one run.

    Attributes:
        run: which.
        engine: the engine that owns the container.
        name: the container's name when it was seen last.
        acked_digest: of the content it is known to have loaded, UNKNOWN where that is doubtful.
        since_epoch_s: when the first change that it was not told of was made (wall clock, for people), 0 if not owed.
        restart_begun: a restart of this run was begun and its end is not known.
        policy_lost: a `docker kill` of ours cancelled the restart policy for this run.
    """

    run: Run
    engine: str
    name: str
    acked_digest: str
    since_epoch_s: float = 0.0
    restart_begun: bool = False
    policy_lost: bool = False


@dataclass(slots=True)
class Unproven:
    """A container that a rolling notification told, or may have told, and that is not known to be well since.

    The first three are kept in the state file.

    Attributes:
        container_id: the full id.
        engine: the engine that owns it.
        name: its name when it was told.
        since_s: since when it has to be well, on the monotonic clock; minus infinity before it was told.
        run: the run that was seen last; None before that.
        check_at_s: when it is looked at next.
        checks: how often it was.
        is_checked: whether a worker looks at it now.
        trouble: what is wrong with it; '' where nothing is, as far as is known.
    """

    container_id: str
    engine: str
    name: str
    since_s: float = -math.inf
    run: Run | None = None
    check_at_s: float = -math.inf
    checks: int = 0
    is_checked: bool = False
    trouble: str = ""


@dataclass(slots=True)
class NotificationState:
    """One notification's runs.

    Attributes:
        standing: `settled`; `new` where no state knew the notification yet: nothing is owed if the target holds the
            rendered bytes already; `lost` where the state was unreadable: everything is owed once.
        runs: by run.
        unproven: by container id, see `Unproven`; none for a notification that is not rolling.
    """

    standing: Standing = "new"
    runs: dict[Run, RunRecord] = field(default_factory=dict)
    unproven: dict[str, Unproven] = field(default_factory=dict)


@frozen
class Prepared:
    """A replacement that was announced and is not yet known to have happened.

    Attributes:
        digest: of the content to come.
        forced: whether every run is owed, whatever it was told before: the file was not as we had left it.
        since_epoch_s: when it was announced (wall clock, for people).
        cause: why it was to be made; '' where that is not known.
        also: further causes that may have had a part in it, so that whoever reacts to one of them is told.
    """

    digest: str
    forced: bool = False
    since_epoch_s: float = 0.0
    cause: Cause | Literal[""] = ""
    also: tuple[Cause, ...] = ()

    @property
    def reasons(self) -> frozenset[Reason]:
        """What it may be a reaction to; empty where nothing is known of it."""
        return reasons_of((self.cause, *self.also)) if self.cause else frozenset()


@dataclass(slots=True)
class Outbox:
    """All debts of one job.

    Attributes:
        content: digest of what the file holds as far as we know, UNKNOWN before the first pass without state.
        prepared: see `Prepared`.
        cause: why the file took its last content; '' where that is not known.
        states: by notification, in the order of the configuration.
    """

    content: str = UNKNOWN
    prepared: Prepared | None = None
    states: dict[Action, NotificationState] = field(default_factory=dict)
    cause: Cause | Literal[""] = ""

    def adopt(self, other: Outbox) -> None:
        """Become what was kept."""
        self.content, self.prepared, self.states = other.content, other.prepared, other.states
        self.cause = other.cause

    def is_pending(self, record: RunRecord) -> bool:
        """Whether the run must be told."""
        return record.acked_digest == UNKNOWN or record.acked_digest != self.content

    def pending(self) -> Iterator[tuple[Action, RunRecord]]:
        """Every debt of settled states."""
        for notification, state in self.states.items():
            if state.standing == "settled":
                yield from ((notification, record) for record in state.runs.values() if self.is_pending(record))

    def records(self) -> Iterator[RunRecord]:
        """Every run that is known."""
        for state in self.states.values():
            yield from state.runs.values()

    def concerned_by(self, made: Prepared) -> list[Action]:
        """The notifications that react to a replacement."""
        return [notification for notification in self.states if notification.rules.react_to(made.reasons)]

    def doubt(self, made: Prepared) -> None:
        """The file was not as we had left it, and whether it was replaced is not known: anything may be loaded."""
        for notification, state in self.states.items():
            reacts = notification.rules.react_to(made.reasons)
            _invalidate_acks(each for each in state.runs.values() if reacts or self.is_pending(each))

    def replace(self, made: Prepared, since_epoch_s: float) -> None:
        """The file took this content, so every run that was not told of it is owed.

        For a notification that does not react to it the content counts as known where the one before was; what was owed
        stays so, until it is told or the file holds again what the run has loaded.

        Args:
            made: the replacement; a forced one is owed also to those who were told of this very content before.
            since_epoch_s: when; kept only for debts that begin with it.
        """
        for notification, state in self.states.items():
            if not notification.rules.react_to(made.reasons):
                self._know(state, made)
            elif made.forced or state.standing != "settled":
                _invalidate_acks(state.runs.values())
            state.standing = "settled"
        self.content, self.prepared, self.cause = made.digest, None, made.cause
        self.date_debts(since_epoch_s)

    def _know(self, state: NotificationState, made: Prepared) -> None:
        """Take the new content as known by whoever knows the old one, and by everybody where nothing was owed yet."""
        for record in state.runs.values():
            is_known = state.standing == "new" or (state.standing == "settled" and not self.is_pending(record))
            if is_known:
                record.acked_digest = made.digest
            elif made.forced or state.standing == "lost":
                record.acked_digest = UNKNOWN

    def settle(self, digest: str) -> None:
        """The target holds the rendered bytes already: new notifications owe nothing, lost ones everything once."""
        for state in self.states.values():
            if state.standing != "settled":
                acked_digest = digest if state.standing == "new" else UNKNOWN
                for record in state.runs.values():
                    record.acked_digest = acked_digest
                state.standing = "settled"

    def date_debts(self, now_epoch_s: float) -> None:
        """Write the beginning of each new debt beside it, and wipe it where nothing is owed any more."""
        for state in self.states.values():
            for record in state.runs.values():
                owed = state.standing == "settled" and self.is_pending(record)
                record.since_epoch_s = (record.since_epoch_s or now_epoch_s) if owed else 0.0


def _invalidate_acks(records: Iterable[RunRecord]) -> None:
    for record in records:
        record.acked_digest = UNKNOWN
