"""What the end of a delivery means for the debts, and when a run is over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.run import Run
from notify.ledger import UNKNOWN, Account, Ledger, RunRecord
from notify.outcome import Delivered, Failed, Held, Reading, Report, RunEnded

if TYPE_CHECKING:
    from notify.actions.action import Action
    from notify.journal import Journal
    from notify.schedule import Attempt, Schedule
    from notify.sighting import CompleteList
    from notify.store import NotifyObserver
    from notify.witness import Witness


class Acknowledger:
    """Writes outcomes and readings into the ledger."""

    def __init__(
        self, ledger: Ledger, schedule: Schedule, witness: Witness, journal: Journal, *, observer: NotifyObserver
    ) -> None:
        self._ledger = ledger
        self._schedule = schedule
        self._witness = witness
        self._journal = journal
        self._observer = observer

    def take(self, report: Report, now_s: float) -> None:
        """Take one worker's report."""
        attempt = self._schedule.ended(report.attempt_id)
        account = self._ledger.accounts[attempt.notification]
        for reading in report.readings:
            self._read(attempt, reading)
        self._count(attempt, report)
        record = account.runs.get(attempt.task.run)
        if record is None:  # the run ended meanwhile, as a pass has seen; what is left is to say how it went
            record = RunRecord(attempt.task.run, attempt.task.engine, attempt.name, self._ledger.content)
        # A container may be owed several notifications, and what was read of it counts for each.
        concerned = {attempt.notification: account, **self._accounts_of(attempt.task.run.container_id)}
        self._settle(account, attempt, record, report, now_s)
        self.drop_ended(None)
        for notification, each in concerned.items():
            self.register(notification, each, attempt.task.run.container_id, record.engine, record.name)

    def _accounts_of(self, container_id: str) -> dict[Action, Account]:
        accounts = self._ledger.accounts.items()
        return {n: account for n, account in accounts if any(run.container_id == container_id for run in account.runs)}

    def register(self, notification: Action, account: Account, container_id: str, engine: str, name: str) -> None:
        """Know a matching container's current run; a new one owes nothing only if it surely loaded the content.

        While a delivery to an earlier run is under way a new one that may owe is not judged: it is mostly our own
        restart's doing, and what the delivery saw before that proves it. The end of the delivery comes back to it.
        """
        run = self._witness.current_run(container_id)
        if run is None:
            return
        record = account.runs.get(run)
        if record is not None:
            record.name, record.engine = name, engine
            return
        certain = account.standing == "settled" and self._ledger.prepared is None
        informed = certain and self._witness.started_after(engine, run)
        under_way = self._schedule.under_way.get((notification, container_id))
        if informed or under_way is None or under_way.task.run == run:
            account.runs[run] = RunRecord(run, engine, name, told=self._ledger.content if informed else UNKNOWN)

    def drop_ended(self, listing: CompleteList | None) -> None:
        """Forget every run that is over; one that a restart of ours stopped is not, until it runs again."""
        for notification, account in self._ledger.accounts.items():
            for run, record in list(account.runs.items()):
                gone = listing is not None and self._witness.gone(run.container_id, listing)
                if (gone or self._witness.has_ended(run)) and not self._is_half_restarted(
                    notification, record, gone=gone
                ):
                    self._drop(notification, account, record, seen_anew=not gone)

    def _is_half_restarted(self, notification: Action, record: RunRecord, *, gone: bool) -> bool:
        if not record.restart_begun:
            return False
        if (notification, record.run.container_id) in self._schedule.under_way:
            return True
        return not gone and self._witness.current_run(record.run.container_id) is None

    def _drop(self, notification: Action, account: Account, record: RunRecord, *, seen_anew: bool) -> None:
        del account.runs[record.run]
        if record.restart_begun and seen_anew:
            self._journal.restart_seen(notification, record)

    def _read(self, attempt: Attempt, reading: Reading) -> None:
        state, container_id = reading.state, attempt.task.run.container_id
        runs = state is not None and state.running and not state.restarting
        run = Run(container_id, state.started_at) if state is not None and runs else None
        self._witness.read(container_id, run, reading.begun_at_s)
        if state is not None:
            self._witness.engine_clock(attempt.task.engine, reading.begun_at_s, state.engine_ns_max)

    def _count(self, attempt: Attempt, report: Report) -> None:
        if isinstance(report.outcome, Delivered):
            self._observer.attempt(attempt.notification, "success", report.duration_s)
        elif isinstance(report.outcome, Failed):
            self._observer.attempt(attempt.notification, "error", report.duration_s)

    def _settle(self, account: Account, attempt: Attempt, record: RunRecord, report: Report, now_s: float) -> None:
        match report.outcome:
            case Delivered() as outcome:
                self._delivered(attempt, record, outcome, now_s)
            case RunEnded() as outcome:
                account.runs.pop(record.run, None)
                self._journal.ended(attempt, record.name, outcome)
            case Held(why):
                self._nothing_sent(attempt, record)
                plan = self._schedule.failed(attempt.key, now_s, trouble=why, held=True)
                if plan is not None:
                    self._journal.held(attempt, record.name, why, plan)
            case Failed() as outcome:
                self._failed(attempt, record, outcome, now_s)

    def _delivered(self, attempt: Attempt, record: RunRecord, outcome: Delivered, now_s: float) -> None:
        """The run knows the content, unless the file was replaced during the delivery: it may have loaded either."""
        record.told = UNKNOWN if attempt.changed_since_epoch_s else self._ledger.content
        record.since_epoch_s = attempt.changed_since_epoch_s
        record.restart_begun = False
        record.policy_lost = record.policy_lost or outcome.policy_lost
        if attempt.notification.restarts:
            self._schedule.chains.restarted(attempt.place, now_s)
        self._journal.delivered(attempt, record.name, outcome, self._schedule.plans.get(attempt.key))
        self._schedule.succeeded(attempt.key)

    def _failed(self, attempt: Attempt, record: RunRecord, outcome: Failed, now_s: float) -> None:
        if not outcome.acted:
            self._nothing_sent(attempt, record)
        if outcome.restart_undone:
            record.restart_begun = False
        record.policy_lost = record.policy_lost or outcome.policy_lost
        plan = self._schedule.failed(attempt.key, now_s, trouble=outcome.message, held=False)
        self._journal.failed(attempt, record.name, outcome.message, plan)

    @staticmethod
    def _nothing_sent(attempt: Attempt, record: RunRecord) -> None:
        """The run still knows what it knew before the try."""
        record.told = attempt.told_before
        record.restart_begun = attempt.task.restart_begun
