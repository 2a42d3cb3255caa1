"""Who is told, and when: one job's debts from the replacement of its file to the last acknowledgement.

The promise: each run of a matching container that was alive since before the file took its last content is told after
that, whatever fails in between, also if this process is killed at any point; and a restart of this process with nothing
changed tells nobody. It is kept by writing down first what could be owed (before the file is replaced, before a
delivery is tried), and by wiping it last.

All methods belong to one thread, the loop's. Workers only run `notify.delivery.deliver` and put their report into the
mailbox; what it means is decided in `advance`. Not promised: that nobody is told twice. A delivery whose end is not
known is made again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal

from models.notification import Notification
from notify.acknowledging import Acknowledger
from notify.delivery import deliver
from notify.gauges import Gauges
from notify.journal import Journal
from notify.keeper import Keeper
from notify.ledger import UNKNOWN, Account, Ledger, Prepared
from notify.mailbox import Mailbox
from notify.outcome import Failed, Report, Task
from notify.schedule import Attempt, DebtKey, Schedule
from notify.sighting import CompleteList, Sighting
from notify.witness import Witness

if TYPE_CHECKING:
    import logging

    from models.run import Run
    from notify.interval import Interval
    from notify.port import NotifyPort
    from notify.store import NotifyObserver, StateStore
    from notify.telling import SignalVia

Cause = Literal["state", "template", "drift", "missing"]
Sightings = Mapping[Notification, Sequence[Sighting]]

_FORCING: tuple[Cause, ...] = ("drift", "missing")
_CHAIN_MEMORY_S = 120.0
_CHAINED_ACTION = "restart"


def _ignore(_: Exception) -> None:
    """Nobody counts."""


@dataclass(frozen=True, slots=True)
class PendingDebt:
    """One debt, for metrics and the status page.

    Attributes:
        notification: what is owed.
        run: to whom.
        name: the container's name.
        since_epoch_s: when the first change that it was not told of was made, wall clock.
        tries: failed in a row.
        trouble: why the last try told nobody, empty where there was none.
        under_way: whether a delivery is being made now.
        due_at_s: when the next try is due on the monotonic clock; None while it waits for its batch.
    """

    notification: Notification
    run: Run
    name: str
    since_epoch_s: float
    tries: int
    trouble: str
    under_way: bool
    due_at_s: float | None


class Notifier:
    """One job's notifications.

    Args:
        job: the target as people wrote it, for log lines.
        notifications: as configured; exact duplicates count once.
        port: reaches the engines; used by workers only.
        interval: MIN and MAX of a batch.
        store: keeps the state.
        signal_via: how signals are sent.
        clock: monotonic seconds; also called by workers.
        wall_clock: seconds since the epoch, for what people read only.
        chance: random numbers in [0, 1).
        spawn: runs a function in a thread of its own that does not keep the process alive.
        wake: called by workers: `advance` has something to do. Must be safe from any thread.
        observer: counts.
        log: takes what people read.
        unexpected: told of a fault of ours in a delivery; called by workers.
        mailbox: where reports wait; a test hands in one whose waiting moves its clock.
    """

    def __init__(
        self,
        job: str,
        notifications: Sequence[Notification],
        port: NotifyPort,
        *,
        interval: Interval,
        store: StateStore,
        signal_via: SignalVia,
        clock: Callable[[], float],
        wall_clock: Callable[[], float],
        chance: Callable[[], float],
        spawn: Callable[[Callable[[], None]], None],
        wake: Callable[[], None],
        observer: NotifyObserver,
        log: logging.Logger,
        unexpected: Callable[[Exception], object] = _ignore,
        mailbox: Mailbox | None = None,
    ) -> None:
        self._notifications = tuple(dict.fromkeys(notifications))
        self._port = port
        self._signal_via = signal_via
        self._clock = clock
        self._wall_clock = wall_clock
        self._spawn = spawn
        self._wake = wake
        self._log = log
        self._unexpected = unexpected
        self._mailbox = mailbox or Mailbox()
        self._keeper = Keeper(job, store, log)
        self._gauges = Gauges(self._notifications, observer)
        self._journal = Journal(job, log)
        self._witness = Witness()
        self._ledger = Ledger(accounts={notification: Account() for notification in self._notifications})
        self._schedule = Schedule(interval, chance)
        self._acknowledger = Acknowledger(self._ledger, self._schedule, self._witness, self._journal, observer=observer)
        self._attempts = 0
        self._own_doing = False
        self._matching_ids: set[str] = set()

    # What the loop tells us

    def restore(self, found: str | None = None) -> None:
        """Read the state. Call it once, before everything else.

        Args:
            found: digest of what the target holds now, None where it is missing or cannot be read. With it what is owed
                is served also if no pass succeeds; without it, where a killed process had announced a replacement,
                only after the first pass.
        """
        ledger, engine_ns_max = self._keeper.load(self._notifications)
        self._ledger.adopt(ledger)
        self._witness.engine_ns_max.update(engine_ns_max)
        if found is not None:
            self._finish_leftover(found)
        self._plan(self._clock())
        self._gauges.show(self._ledger)

    @property
    def content(self) -> str | None:
        """Digest of what the file held when it was last written or found as rendered; None where none is known."""
        return self._ledger.content or None

    def is_drift(self, digest: str) -> bool:
        """Whether bytes found in the target were put there by somebody else, as far as the state knows.

        Args:
            digest: of the bytes that the target holds now.
        """
        prepared = self._ledger.prepared
        expected = {self._ledger.content, UNKNOWN if prepared is None else prepared.digest}
        return self._ledger.content != UNKNOWN and digest not in expected

    def prepare(
        self,
        digest: str,
        cause: Cause,
        sightings: Sightings,
        *,
        listing: CompleteList | None = None,
        changed: Collection[str] | None = None,
    ) -> None:
        """The file is about to be replaced: its debts are kept durably before this returns.

        Args:
            digest: of the content to come.
            cause: `drift` or `missing` where the file was not as we had left it, whatever else changed: every run is
                owed then, for it may have loaded the rogue file.
            sightings: every container that matches, as this pass shows it, stopped ones included.
            listing: the last complete list, if known.
            changed: names of the containers whose changes led to this; None where something else did. A content that
                changed for containers that we restarted, and for no other, continues a chain (see `notify.chain`).
        """
        self._own_doing = self._is_own_doing(changed)
        self._doubt_leftover()
        self._see(sightings, listing)
        self._ledger.prepared = Prepared(digest, cause in _FORCING, self._wall_clock())
        # Where nobody is ever told, there is no debt to keep, and the file need not wait for the disk.
        if self._ledger.accounts:
            self._conclude(self._clock())

    def replaced(self, digest: str, sightings: Sightings, at_s: float, *, listing: CompleteList | None = None) -> None:
        """The file was replaced: every run that was not told of this content is owed, with the batch.

        Args:
            digest: of its content.
            sightings: as in `prepare`.
            at_s: monotonic clock, read just after the replacement.
            listing: as in `prepare`.
        """
        prepared = self._ledger.prepared
        forced = prepared is not None and prepared.digest == digest and prepared.forced
        self._replace(digest, forced=forced, since_epoch_s=self._wall_clock(), at_s=at_s)
        self._see(sightings, listing)
        self._conclude(at_s)

    def abandoned(self, digest: str) -> None:
        """The write that was prepared failed and the old file is whole: nothing is owed for it."""
        prepared = self._ledger.prepared
        if prepared is not None and prepared.digest == digest:
            self._ledger.prepared = None
            self._conclude(self._clock())

    def unchanged(self, digest: str, sightings: Sightings, *, listing: CompleteList | None = None) -> None:
        """The target holds the rendered bytes already: call it in every such pass.

        Args:
            digest: of these bytes. Where it is not what we knew of, somebody else wrote them, or we did and were killed
                before we could record it: whoever was not told of them is owed.
            sightings: as in `prepare`.
            listing: as in `prepare`.
        """
        now_s = self._clock()
        self._finish_leftover(digest)
        self._see(sightings, listing)
        self._ledger.settle(digest)
        if self._ledger.content != digest:
            self._replace(digest, forced=False, since_epoch_s=self._wall_clock(), at_s=now_s)
        self._conclude(now_s)

    def engine_clock(self, engine: str, begun_at_s: float, engine_ns_max: int | None) -> None:
        """An answer of an engine shows its clock.

        Args:
            engine: whose.
            begun_at_s: our monotonic clock just before the request was sent.
            engine_ns_max: upper bound of the engine's own clock when the request was begun, ns since the epoch.
        """
        self._witness.engine_clock(engine, begun_at_s, engine_ns_max)

    # What the loop asks

    def next_due(self) -> float | None:
        """When `advance` has something to do, on the monotonic clock; None: not before a worker wakes the loop."""
        return None if self._ledger.prepared is not None else self._schedule.next_due()

    def pending(self) -> tuple[PendingDebt, ...]:
        """Everything that is owed now."""
        return tuple(self._pending_debts())

    def advance(self, now_s: float) -> None:
        """Take reports, and start every delivery that is due, side by side."""
        reported = self._take_reports()
        self._plan(now_s)
        self._schedule.release(now_s)
        due = self._due(now_s)
        if reported or due:
            self._start(due, now_s)

    def flush(self, deadline_s: float) -> bool:
        """Send everything that is owed now, side by side, with retries until the deadline.

        Args:
            deadline_s: a moment on the injected monotonic clock, not a duration.

        Returns:
            True when nothing is owed any more; else the rest stays owed in the state.
        """
        self._take_reports()
        self._plan(self._clock())
        self._schedule.hurry(self._clock())
        while True:
            now_s = self._clock()
            self._plan(now_s)
            self._schedule.release_now(now_s)
            self._start(self._due(now_s, heed_chains=False), now_s)
            if not any(True for _ in self._ledger.owed()):
                return self._ledger.prepared is None
            if now_s >= deadline_s or self._ledger.prepared is not None:
                return False
            next_s = self._schedule.next_due(heed_chains=False)
            report = self._mailbox.wait(min(deadline_s, deadline_s if next_s is None else next_s) - now_s)
            if report is not None:
                self._take(report)
                self._take_reports()

    # Inside

    def _replace(self, digest: str, *, forced: bool, since_epoch_s: float, at_s: float) -> None:
        self._ledger.replace(digest, forced=forced, since_epoch_s=since_epoch_s)
        self._witness.replaced(at_s)
        self._schedule.file_changed(at_s)
        self._doubt_deliveries(since_epoch_s, forced=forced)

    def _finish_leftover(self, found: str) -> None:
        """A replacement was announced and not recorded: what the target holds tells whether it was made."""
        prepared = self._ledger.prepared
        if prepared is not None and prepared.digest == found:
            since_epoch_s = prepared.since_epoch_s
            self._replace(found, forced=prepared.forced, since_epoch_s=since_epoch_s, at_s=self._clock())
        else:
            self._doubt_leftover()

    def _doubt_leftover(self) -> None:
        """A replacement was announced and its end is not known: the file may have held that content for a while.

        A run of that time may have loaded it, so nothing known of the order proves anything; and where the file was not
        as we had left it, every run may have loaded anything.
        """
        prepared, self._ledger.prepared = self._ledger.prepared, None
        if prepared is None:
            return
        self._witness.replaced(self._clock())
        self._doubt_deliveries(prepared.since_epoch_s, forced=prepared.forced)
        if prepared.forced:
            self._ledger.blur()

    def _doubt_deliveries(self, since_epoch_s: float, *, forced: bool) -> None:
        """The file changes during the deliveries that are under way: their runs may have loaded either content."""
        for attempt in self._schedule.under_way.values():
            attempt.changed_since_epoch_s = attempt.changed_since_epoch_s or since_epoch_s
            attempt.told_before = UNKNOWN if forced else attempt.told_before

    def _see(self, sightings: Sightings, listing: CompleteList | None) -> None:
        """Take the pass's readings, then judge each run that is new by them."""
        everything = [sighting for matching in sightings.values() for sighting in matching]
        self._matching_ids = {sighting.container_id for sighting in everything}
        for sighting in everything:
            self._witness.read(sighting.container_id, sighting.run, sighting.read_at_s)
            if sighting.run is not None and not sighting.paused:
                self._schedule.unpaused(sighting.container_id, self._clock())
        if listing is not None:
            self._witness.listed(everything, listing)
        self._acknowledger.drop_ended(listing)
        for notification, account in self._ledger.accounts.items():
            self._see_matching(notification, account, sightings.get(notification, ()))

    def _see_matching(self, notification: Notification, account: Account, matching: Sequence[Sighting]) -> None:
        for sighting in matching:
            self._acknowledger.register(notification, account, sighting.container_id, sighting.engine, sighting.name)
        self._drop_unmatched(account, {sighting.container_id for sighting in matching})
        self._gauges.show_matches(notification, sum(sighting.run is not None for sighting in matching))
        self._journal.matched(notification, matching)

    def _drop_unmatched(self, account: Account, container_ids: set[str]) -> None:
        """Forget runs that match no longer, unless they are owed: a debt ends by delivery or by the run's end only."""
        for run, record in list(account.runs.items()):
            kept = account.standing == "settled" and self._ledger.is_owed(record)
            if run.container_id not in container_ids and not kept:
                del account.runs[run]

    def _plan(self, now_s: float) -> None:
        """Date and plan new debts, drop the plans of those that have ended."""
        self._ledger.date_debts(self._wall_clock())
        debts = [(notification, record.run) for notification, record in self._ledger.owed()]
        self._schedule.owe(debts, now_s)
        self._slow_chains(debts, now_s)

    def _conclude(self, now_s: float) -> None:
        """After every step: plan, keep the ledger durably, show how things stand."""
        self._plan(now_s)
        known_ids = {record.run.container_id for record in self._ledger.records()}
        self._witness.forget_all_but(self._matching_ids | known_ids)
        self._keeper.save(self._ledger, self._witness.engine_ns_max)
        self._gauges.show(self._ledger)

    def _is_own_doing(self, changed: Collection[str] | None) -> bool:
        restarted_ids = self._schedule.chains.container_ids()
        restarted = {record.name for record in self._ledger.records() if record.run.container_id in restarted_ids}
        return bool(changed) and restarted.issuperset(changed or ())

    def _slow_chains(self, debts: Iterable[DebtKey], now_s: float) -> None:
        chains = self._schedule.chains
        chains.forget_before(now_s - _CHAIN_MEMORY_S)
        if not self._own_doing:
            return
        places = [(n, run.container_id) for n, run in debts if n.action == _CHAINED_ACTION]
        for notification, container_id in chains.owed_again(places, now_s):
            self._journal.chained(notification, container_id)

    def _due(self, now_s: float, *, heed_chains: bool = True) -> list[DebtKey]:
        """What to deliver now: nothing before the first pass has found out whether a killed one replaced the file."""
        return [] if self._ledger.prepared is not None else self._schedule.due(now_s, heed_chains=heed_chains)

    def _start(self, keys: Iterable[DebtKey], now_s: float) -> None:
        """Record that the deliveries were begun, then hand them to workers."""
        attempts = [self._begin(notification, run, now_s) for notification, run in keys]
        self._conclude(now_s)
        for attempt in attempts:
            try:
                self._spawn(partial(self._work, attempt.attempt_id, attempt.task))
            except RuntimeError as error:  # no thread can be started
                self._unexpected(error)
                self._mailbox.put(Report(attempt.attempt_id, Failed(str(error), acted=False), (), 0.0))

    def _begin(self, notification: Notification, run: Run, now_s: float) -> Attempt:
        record = self._ledger.accounts[notification].runs[run]
        self._attempts += 1
        task = Task(
            notification.action, notification.signal, run, record.engine, record.restart_begun, record.policy_lost
        )
        attempt = Attempt(self._attempts, notification, task, record.name, record.told, now_s)
        self._schedule.under_way[notification, run.container_id] = attempt
        record.told = UNKNOWN
        record.restart_begun = notification.action == _CHAINED_ACTION
        return attempt

    def _work(self, attempt_id: int, task: Task) -> None:
        """What a worker runs."""
        report = deliver(
            self._port,
            attempt_id,
            task,
            via=self._signal_via,
            clock=self._clock,
            unexpected=self._unexpected,
            log=self._log,
        )
        self._mailbox.put(report)
        self._wake()

    def _take_reports(self) -> bool:
        """Take what workers have left; whether there was anything."""
        any_taken = False
        while (report := self._mailbox.take()) is not None:
            self._take(report)
            any_taken = True
        return any_taken

    def _take(self, report: Report) -> None:
        self._acknowledger.take(report, self._clock())

    def _pending_debts(self) -> Iterable[PendingDebt]:
        for notification, record in self._ledger.owed():
            plan = self._schedule.plans.get((notification, record.run))
            attempt = self._schedule.under_way.get((notification, record.run.container_id))
            yield PendingDebt(
                notification=notification,
                run=record.run,
                name=record.name,
                since_epoch_s=record.since_epoch_s,
                tries=0 if plan is None else plan.tries,
                trouble="" if plan is None else plan.trouble,
                under_way=attempt is not None and attempt.task.run == record.run,
                due_at_s=None if plan is None else plan.due_at_s,
            )
