"""What people and machines learn of notifications.

Each log line says what, where, and what to do; none is repeated endlessly. What is counted and shown is collected into
a `NotifyReport`, published once after each step that changed something.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.log_fields import fields
from models.matching import DOCKER_SHORT_ID_DIGITS
from models.notification import DeliveryResult, NotificationStanding, NotifyReport
from notify.delivery import Delivered, Failed, RunEnded

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from notify.actions.action import Action
    from notify.delivery import Report
    from notify.outbox import Outbox, RunRecord
    from notify.schedule import Attempt, Plan
    from notify.start_order import ContainerObservation


_NAMES = "a container's name or id, a Compose or Swarm service, or the value of the label pygen.target"


class DeliveryLog:
    """Writes one job's lines, and publishes its reports."""

    def __init__(
        self,
        job: str,
        notifications: Sequence[Action],
        log: logging.Logger,
        publish: Callable[[NotifyReport], None],
    ) -> None:
        self._job = job
        self._log = log
        self._publish = publish
        self._results: list[DeliveryResult] = []
        self._matches: dict[Action, int] = dict.fromkeys(notifications, 0)
        self._standings: tuple[NotificationStanding, ...] = ()
        self._unmatched: dict[Action, bool] = {}
        self._advised: set[tuple[Action, str]] = set()

    def publish(self, outbox: Outbox) -> None:
        """Publish the deliveries that ended, and how things stand, unless all is as it was."""
        standings = tuple(_standings(outbox, self._matches))
        if self._results or standings != self._standings:
            results, self._results, self._standings = tuple(self._results), [], standings
            self._publish(NotifyReport(self._job, results, standings))

    def tried(self, attempt: Attempt, report: Report) -> None:
        """A delivery ended; one that found its container ended or paused is not counted, and a shared one once."""
        if isinstance(report.outcome, Delivered | Failed) and not report.shared_with:
            ok = isinstance(report.outcome, Delivered)
            self._results.append(DeliveryResult(attempt.notification, ok, report.duration_s))

    def delivered(
        self, attempt: Attempt, name: str, outcome: Delivered, plan: Plan | None, shared_with: str = ""
    ) -> None:
        """A run was told; after failures also that the trouble is over."""
        how = f"{outcome.how}, together with {shared_with}" if shared_with else outcome.how
        after = f", after {_times(plan.tries)} without success" if plan is not None and plan.tries else ""
        self._log.info(
            "%s delivered%s (%s)%s",
            attempt.notification,
            f" to {name}" if name else "",
            how,
            after,
            extra=fields(target=self._job),
        )
        place = (attempt.notification, attempt.task.run.container_id)
        if outcome.advice and place not in self._advised:
            self._advised.add(place)
            self._log.warning(
                "%s: 'docker kill' had to be used for %s and %s",
                attempt.notification,
                name,
                outcome.advice,
                extra=fields(target=self._job),
            )

    def ended(self, attempt: Attempt, name: str, outcome: RunEnded) -> None:
        """The run is over, and its debt with it."""
        self._log.info(
            "%s is no longer pending for %s: %s",
            attempt.notification,
            name,
            outcome.why,
            extra=fields(target=self._job),
        )

    def held(self, attempt: Attempt, name: str, why: str) -> None:
        """Nothing was sent for now."""
        self._log.info(
            "%s waits for %s: %s",
            attempt.notification,
            name,
            why,
            extra=fields(target=self._job),
        )

    def failed(self, attempt: Attempt, name: str, outcome: Failed, plan: Plan | None) -> None:
        """A try failed: the first, second, fourth, eighth, ... in a row is written."""
        tries = 1 if plan is None else plan.tries
        if tries & (tries - 1):
            return
        self._log.warning(
            "%s failed%s (%s, retried until it succeeds): %s",
            attempt.notification,
            f" for {name}" if name else "",
            _times(tries),
            f"{outcome.message}: {outcome.output}" if outcome.output else outcome.message,
            extra=fields(target=self._job),
        )

    def restart_seen(self, notification: Action, record: RunRecord) -> None:
        """A restart that was thought failed turned out to have happened."""
        self._log.info(
            "%s delivered to %s (a restart that the engine did not confirm)",
            notification,
            record.name,
            extra=fields(target=self._job),
        )

    def rollout_stops(self, notification: Action, name: str, trouble: str) -> None:
        """A container that was told is not well."""
        self._log.warning(
            "%s stops at %s, which %s: no further container is told until it is well again or removed; a content that"
            " heals it is told to it at once",
            notification,
            name,
            trouble,
            extra=fields(target=self._job),
        )

    def rollout_goes_on(self, notification: Action, name: str, why: str) -> None:
        """The container at which it stopped is no hindrance any more."""
        self._log.info(
            "%s goes on: %s %s",
            notification,
            name,
            why,
            extra=fields(target=self._job),
        )

    def chained(self, notification: Action, container_id: str) -> None:
        """Restarts cause each other."""
        self._log.warning(
            "each %s changes %s, which causes the next one (container %s): these restarts are spaced out now, up to"
            " 30 s apart; keep what changes with the container's own restart out of the template",
            notification,
            self._job,
            container_id[:DOCKER_SHORT_ID_DIGITS],
            extra=fields(target=self._job),
        )

    def matched(self, notification: Action, observations: Sequence[ContainerObservation]) -> None:
        """Nothing matches what was configured: once, until something does."""
        self._matches[notification] = sum(observation.run is not None for observation in observations)
        unmatched = not observations
        if unmatched and not self._unmatched.get(notification):
            self._log.warning(
                "no container matches %r, so the %s for %s has no recipient yet; give %s",
                notification.match or notification.container,
                notification.action,
                self._job,
                "an expression that is true for one" if notification.match else _NAMES,
                extra=fields(target=self._job),
            )
        elif not unmatched and self._unmatched.get(notification):
            self._log.info("%r is matched by %s now", notification.whom, observations[0].name)
        self._unmatched[notification] = unmatched


def _times(count: int) -> str:
    return "1 try" if count == 1 else f"{count} tries"


def _standings(outbox: Outbox, matches: Mapping[Action, int]) -> Iterator[NotificationStanding]:
    """How each notification stands; those of one configured name share the risk, as they share the metric."""
    owed: dict[Action, list[float]] = {notification: [] for notification in matches}
    for notification, record in outbox.pending():
        owed[notification].append(record.since_epoch_s)
    risky = {
        notification.whom
        for notification, state in outbox.states.items()
        if any(record.policy_lost for record in state.runs.values())
    }
    stopped = {n for n, state in outbox.states.items() if any(each.trouble for each in state.unproven.values())}
    for notification, since in owed.items():
        oldest_epoch_s, at_risk = min(since, default=0.0), notification.whom in risky
        is_stopped = notification in stopped
        yield NotificationStanding(notification, matches[notification], len(since), oldest_epoch_s, at_risk, is_stopped)
