"""What a pass and the end of a delivery mean for the outbox: who is known, who knows what, and when a run is over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.run import Run
from notify.delivery import ContainerReading, Delivered, Failed, Held, Report, RunEnded
from notify.outbox import UNKNOWN, NotificationState, Outbox, RunRecord

if TYPE_CHECKING:
    from notify.actions.action import Action
    from notify.delivery_log import DeliveryLog
    from notify.rollout import Rollouts
    from notify.schedule import Attempt, Schedule
    from notify.start_order import CompleteList, Observations, StartOrder


class Acknowledger:
    """Writes what is observed, and how deliveries ended, into the outbox."""

    def __init__(
        self,
        outbox: Outbox,
        schedule: Schedule,
        start_order: StartOrder,
        delivery_log: DeliveryLog,
        rollouts: Rollouts,
    ) -> None:
        self._outbox = outbox
        self._schedule = schedule
        self._start_order = start_order
        self._delivery_log = delivery_log
        self._rollouts = rollouts

    def observe(self, observations: Observations, listing: CompleteList | None, now_s: float) -> None:
        """Take a pass's readings, then judge each run that is new by them."""
        everything = [observation for matching in observations.values() for observation in matching]
        for observation in everything:
            self._start_order.read(observation.container_id, observation.run, observation.read_at_s)
        going = {each.container_id for each in everything if each.run is not None and not each.paused}
        self._schedule.unpaused(going, now_s)
        if listing is not None:
            self._start_order.listed(everything, listing)
        self.drop_ended(listing)
        for notification, state in self._outbox.states.items():
            matching = observations.get(notification, ())
            for observation in matching:
                self.register(notification, state, observation.container_id, observation.engine, observation.name)
            self._drop_unmatched(state, {observation.container_id for observation in matching})
            self._delivery_log.matched(notification, matching)

    def take(self, report: Report, now_s: float) -> None:
        """Take one worker's report."""
        attempt = self._schedule.ended(report.attempt_id)
        state = self._outbox.states[attempt.notification]
        for reading in report.readings:
            self._read(attempt, reading)
        self._delivery_log.tried(attempt, report)
        record = state.runs.get(attempt.task.run)
        if record is None:  # the run ended meanwhile, as a pass has seen; what is left is to say how it went
            record = RunRecord(attempt.task.run, attempt.task.engine, attempt.name, self._outbox.content)
        # A container may be owed several notifications, and what was read of it counts for each.
        concerned = {attempt.notification: state, **self._states_of(attempt.task.run.container_id)}
        self._settle(state, attempt, record, report, now_s)
        self.drop_ended(None)
        for notification, each in concerned.items():
            self.register(notification, each, attempt.task.run.container_id, record.engine, record.name)

    def _states_of(self, container_id: str) -> dict[Action, NotificationState]:
        states = self._outbox.states.items()
        return {n: state for n, state in states if any(run.container_id == container_id for run in state.runs)}

    def register(
        self, notification: Action, state: NotificationState, container_id: str, engine: str, name: str
    ) -> None:
        """Know a matching container's current run; a new one owes nothing only if it surely loaded the content.

        While a delivery to an earlier run is under way a new one that may owe is not judged: it is mostly our own
        restart's doing, and what the delivery saw before that proves it. The end of the delivery comes back to it.
        """
        run = self._start_order.current_run(container_id)
        if run is None:
            return
        record = state.runs.get(run)
        if record is not None:
            record.name, record.engine = name, engine
            return
        certain = state.standing == "settled" and self._outbox.prepared is None
        informed = certain and self._start_order.started_after(engine, run)
        under_way = self._schedule.under_way.get((notification, container_id))
        if informed or under_way is None or under_way.task.run == run:
            state.runs[run] = RunRecord(run, engine, name, acked_digest=self._outbox.content if informed else UNKNOWN)

    def drop_ended(self, listing: CompleteList | None) -> None:
        """Forget every run that is over; one that a restart of ours stopped is not, until it runs again."""
        for notification, state in self._outbox.states.items():
            for run, record in list(state.runs.items()):
                gone = listing is not None and self._start_order.gone(run.container_id, listing)
                if (gone or self._start_order.has_ended(run)) and not self._is_half_restarted(
                    notification, record, gone=gone
                ):
                    self._drop(notification, state, record, seen_anew=not gone)

    def _drop_unmatched(self, state: NotificationState, container_ids: set[str]) -> None:
        """Forget runs that match no longer, unless they are owed: a debt ends by delivery or by the run's end only."""
        for run, record in list(state.runs.items()):
            kept = state.standing == "settled" and self._outbox.is_pending(record)
            if run.container_id not in container_ids and not kept:
                del state.runs[run]

    def _is_half_restarted(self, notification: Action, record: RunRecord, *, gone: bool) -> bool:
        if not record.restart_begun:
            return False
        if (notification, record.run.container_id) in self._schedule.under_way:
            return True
        return not gone and self._start_order.current_run(record.run.container_id) is None

    def _drop(self, notification: Action, state: NotificationState, record: RunRecord, *, seen_anew: bool) -> None:
        del state.runs[record.run]
        if record.restart_begun and seen_anew:
            self._delivery_log.restart_seen(notification, record)

    def _read(self, attempt: Attempt, reading: ContainerReading) -> None:
        state, container_id = reading.state, attempt.task.run.container_id
        runs = state is not None and state.running and not state.restarting
        run = Run(container_id, state.started_at) if state is not None and runs else None
        self._start_order.read(container_id, run, reading.begun_at_s)
        if state is not None:
            self._start_order.engine_clock(attempt.task.engine, reading.begun_at_s, state.engine_ns_max)

    def _settle(
        self, state: NotificationState, attempt: Attempt, record: RunRecord, report: Report, now_s: float
    ) -> None:
        match report.outcome:
            case Delivered() as outcome:
                self._delivered(attempt, record, outcome, report.shared_with, now_s)
            case RunEnded() as outcome:
                self._rollouts.nothing_sent(attempt)
                state.runs.pop(record.run, None)
                self._delivery_log.ended(attempt, record.name, outcome)
            case Held(why):
                self._nothing_sent(attempt, record)
                self._held(attempt, record, why, now_s)
            case Failed() as outcome:
                self._failed(attempt, record, outcome, now_s)

    def _delivered(
        self, attempt: Attempt, record: RunRecord, outcome: Delivered, shared_with: str, now_s: float
    ) -> None:
        """The run knows the content, unless the file was replaced during the delivery: it may have loaded either."""
        record.acked_digest = UNKNOWN if attempt.changed_since_epoch_s else self._outbox.content
        record.since_epoch_s = attempt.changed_since_epoch_s
        record.restart_begun = False
        record.policy_lost = record.policy_lost or outcome.policy_lost
        if attempt.notification.restarts:
            self._schedule.throttle.restarted(attempt.place, now_s)
        plan = self._schedule.plan(attempt.notification, attempt.task.run)
        self._delivery_log.delivered(attempt, record.name, outcome, plan, shared_with)
        self._rollouts.delivered(attempt, now_s)
        self._schedule.succeeded(attempt, now_s)

    def _held(self, attempt: Attempt, record: RunRecord, why: str, now_s: float) -> None:
        plan = self._schedule.plan(attempt.notification, attempt.task.run)
        if plan is not None and not plan.held:
            self._delivery_log.held(attempt, record.name, why)
        self._schedule.failed(attempt, now_s, trouble=why, held=True)

    def _failed(self, attempt: Attempt, record: RunRecord, outcome: Failed, now_s: float) -> None:
        if outcome.acted:
            self._rollouts.failed(attempt)
        else:
            self._nothing_sent(attempt, record)
        if outcome.restart_undone:
            record.restart_begun = False
        record.policy_lost = record.policy_lost or outcome.policy_lost
        plan = self._schedule.failed(attempt, now_s, trouble=outcome.message, held=False)
        self._delivery_log.failed(attempt, record.name, outcome, plan)

    def _nothing_sent(self, attempt: Attempt, record: RunRecord) -> None:
        """The run still knows what it knew before the try."""
        self._rollouts.nothing_sent(attempt)
        record.acked_digest = attempt.acked_before
        record.restart_begun = attempt.task.restart_begun
