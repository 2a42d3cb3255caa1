"""Who is owed what: for each run of each matching container the content that it is known to have loaded.

A run is owed while that differs from what the file holds. So our own change and its taking back before delivery cancel
each other, and everything that makes a run's knowledge doubtful (drift, a delivery under way, a lost state) is one
thing: its knowledge becomes UNKNOWN, and it is owed until it is told. Pure: no clock, no engine, no disk. Outboxes that
packages offer belong to a database and its messages; this one is a property of runs and of a file's content.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

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
class NotificationState:
    """One notification's runs.

    Attributes:
        standing: `settled`; `new` where no state knew the notification yet: nothing is owed if the target holds the
            rendered bytes already; `lost` where the state was unreadable: everything is owed once.
        runs: by run.
    """

    standing: Standing = "new"
    runs: dict[Run, RunRecord] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A replacement that was announced and is not yet known to have happened.

    Attributes:
        digest: of the content to come.
        forced: whether every run is owed, whatever it was told before: the file was not as we had left it.
        since_epoch_s: when it was announced (wall clock, for people).
        cause: why it was to be made; '' where that is not known.
    """

    digest: str
    forced: bool = False
    since_epoch_s: float = 0.0
    cause: Cause | Literal[""] = ""


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

    def invalidate_acks(self) -> None:
        """What any run has loaded is doubtful from now on."""
        for record in self.records():
            record.acked_digest = UNKNOWN

    def replace(self, digest: str, *, forced: bool, since_epoch_s: float, cause: Cause | Literal[""] = "") -> None:
        """The file took this content, so every run that was not told of it is owed.

        Args:
            digest: of the content.
            forced: whether also those are owed that were told of this very content before.
            since_epoch_s: when; kept only for debts that begin with it.
            cause: why, for those who are told.
        """
        self.content, self.prepared, self.cause = digest, None, cause
        for state in self.states.values():
            if forced or state.standing != "settled":
                _invalidate_acks(state.runs.values())
            state.standing = "settled"
        self.date_debts(since_epoch_s)

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
