"""Gathering the status from the loop's parts, in the loop's thread: nothing is asked of an engine or a disk."""

from __future__ import annotations

from heapq import merge
from itertools import islice
from operator import attrgetter
from typing import TYPE_CHECKING

from models.matching import DOCKER_SHORT_ID_DIGITS
from reconciler.loop.pass_input import containers_by_state
from reconciler.status.records import EVENTS_KEPT
from reconciler.status.values import (
    Debt,
    EngineStatus,
    HeardEvent,
    JobStatus,
    LastChange,
    LastRender,
    NotificationStatus,
    QuarantinedContainer,
    Status,
    StreamStatus,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from models.event import EngineEvent
    from models.notification import Notification
    from notify.dispatcher import PendingDebt
    from reconciler.informer.state import EngineState, PublishedState, Quarantined
    from reconciler.loop.applied import Applied
    from reconciler.loop.job import Job
from reconciler.status.records import EngineRecord, JobRecord, NotifyRecord

# A page with more lines than this is read by nobody; how many there are is told beside them.
DEBTS_SHOWN_MAX = 50
QUARANTINED_SHOWN_MAX = 50
NOTES_SHOWN_MAX = 100


class WatchedJob:
    """A job and what is remembered of it."""

    def __init__(
        self,
        job: Job,
        *,
        name: str,
        template: str,
        notifications: Sequence[Notification],
        record: JobRecord,
        notified: NotifyRecord,
        clock: Callable[[], float],
    ) -> None:
        """Take the parts.

        Args:
            job: the loop's.
            name: what it is called.
            template: its template's name.
            notifications: as configured.
            record: what the job did.
            notified: what became of its notifications.
            clock: the notifier's, monotonic, seconds.
        """
        self._job = job
        self._name = name
        self._template = template
        self._notifications = tuple(dict.fromkeys(notifications))
        self._record = record
        self._notified = notified
        self._clock = clock

    def status(self) -> JobStatus:
        """How the job stands."""
        job, record = self._job, self._record
        failures = (job.desired.failure, job.write_failure, job.waiting)
        return JobStatus(
            name=self._name,
            target=job.name,
            template=self._template,
            ok=job.in_sync and record.last_pass_epoch_s > 0,
            trouble=tuple(str(failure) for failure in failures if failure is not None),
            last_render=None if record.last_render is None else LastRender(*record.last_render),
            last_change=None if job.last_applied is None else _last_change(job.last_applied),
            last_pass_epoch_s=record.last_pass_epoch_s,
            renders=record.renders,
            changes=record.changes,
            note_count=len(job.desired.notes),
            notes=job.desired.notes[:NOTES_SHOWN_MAX],
            notifications=self._notification_statuses(),
        )

    def _notification_statuses(self) -> tuple[NotificationStatus, ...]:
        owed: dict[Notification, list[PendingDebt]] = {notification: [] for notification in self._notifications}
        for debt in self._job.notifier.pending():
            owed[debt.notification].append(debt)
        return tuple(self._notification(notification, debts) for notification, debts in owed.items())

    def _notification(self, notification: Notification, debts: list[PendingDebt]) -> NotificationStatus:
        tally, now_s = self._notified.tally(notification), self._clock()
        debts.sort(key=lambda debt: (debt.since_epoch_s, debt.name))
        return NotificationStatus(
            name=str(notification),
            matches=tally.matches if notification.container else None,
            due=len(debts),
            debts=tuple(_debt(debt, now_s) for debt in islice(debts, DEBTS_SHOWN_MAX)),
            delivered=tally.delivered,
            failed=tally.failed,
            last_delivered_epoch_s=tally.last_delivered_epoch_s,
            last_failed_epoch_s=tally.last_failed_epoch_s,
            policy_at_risk=tally.policy_at_risk,
        )


class WatchedEngine:
    """An engine's latest state, and what was heard of it."""

    def __init__(self, published: PublishedState, record: EngineRecord, *, clock: Callable[[], float]) -> None:
        """Take the parts.

        Args:
            published: the engine's state.
            record: what was heard of the engine.
            clock: the informer's, monotonic, seconds.
        """
        self._published = published
        self._record = record
        self._clock = clock

    def status(self, now_epoch_s: float) -> EngineStatus:
        """How the engine stands."""
        state = self._published.latest
        to_epoch_s = now_epoch_s - self._clock()
        heard = self._record
        return EngineStatus(
            name=state.engine,
            ok=not state.trouble and state.snapshot is not None,
            trouble=state.trouble,
            read_epoch_s=0.0 if state.fresh_at_s is None else to_epoch_s + state.fresh_at_s,
            containers={} if state.snapshot is None else containers_by_state(state.snapshot),
            stream=StreamStatus(
                heard.stream_is_up, heard.stream_since_epoch_s, heard.stream_ends, heard.stream_last_end
            ),
            quarantine=_quarantine(state, to_epoch_s),
        )

    def events(self) -> list[HeardEvent]:
        """The last events, the newest first."""
        return [self._heard(event, at_epoch_s) for event, at_epoch_s in self._record.events()]

    def _heard(self, event: EngineEvent, at_epoch_s: float) -> HeardEvent:
        """What is shown of an event: of its attributes, which hold all labels, names alone."""
        name = event.attributes.get("name") or event.actor_id[:DOCKER_SHORT_ID_DIGITS]
        container = event.attributes.get("container", "") if event.kind == "network" else ""
        known = self._published.latest.readings.get(container)
        return HeardEvent(
            at_epoch_s,
            event.kind,
            event.action,
            name,
            container[:DOCKER_SHORT_ID_DIGITS] if known is None else known.container.name,
        )


class Gathering:
    """Makes the status of a whole program."""

    def __init__(
        self,
        engines: Sequence[WatchedEngine],
        jobs: Callable[[], Sequence[WatchedJob]],
        *,
        problems: Callable[[], Sequence[str]] = tuple,
        version: str,
        started_epoch_s: float,
        wall_clock: Callable[[], float],
    ) -> None:
        """Take the parts.

        Args:
            engines: in the order of the configuration.
            jobs: gives those that there are now, likewise.
            problems: gives what is wrong with the configuration.
            version: the program's.
            started_epoch_s: when it started, seconds since the epoch.
            wall_clock: seconds since the epoch.
        """
        self._engines = tuple(engines)
        self._jobs = jobs
        self._problems = problems
        self._version = version
        self._wall_clock = wall_clock
        self._started_epoch_s = started_epoch_s

    def status(self) -> Status:
        """How everything stands now."""
        now_epoch_s = self._wall_clock()
        events = merge(*(engine.events() for engine in self._engines), key=attrgetter("at_epoch_s"), reverse=True)
        return Status(
            version=self._version,
            started_epoch_s=self._started_epoch_s,
            at_epoch_s=now_epoch_s,
            engines=tuple(engine.status(now_epoch_s) for engine in self._engines),
            jobs=tuple(job.status() for job in self._jobs()),
            problems=tuple(self._problems()),
            events=tuple(islice(events, EVENTS_KEPT)),
        )


def _quarantine(state: EngineState, to_epoch_s: float) -> tuple[QuarantinedContainer, ...]:
    return tuple(_quarantined(each, to_epoch_s) for each in state.quarantine[:QUARANTINED_SHOWN_MAX])


def _quarantined(each: Quarantined, to_epoch_s: float) -> QuarantinedContainer:
    return QuarantinedContainer(
        container=each.name,
        short_id=each.container_id[:DOCKER_SHORT_ID_DIGITS],
        since_epoch_s=to_epoch_s + each.since_s,
        shown_as_before=each.is_known,
        trouble=each.why,
    )


def _last_change(applied: Applied) -> LastChange:
    return LastChange(
        at_epoch_s=applied.at_epoch_s,
        cause=applied.cause,
        why=applied.why,
        changes=applied.changes,
        lines_added=applied.lines.added,
        lines_removed=applied.lines.removed,
    )


def _debt(debt: PendingDebt, now_s: float) -> Debt:
    return Debt(
        container=debt.name,
        since_epoch_s=debt.since_epoch_s,
        due_in_s=None if debt.due_at_s is None else max(0.0, debt.due_at_s - now_s),
        under_way=debt.under_way,
        tries=debt.tries,
        trouble=debt.trouble,
    )
