"""One job: a template, a target and who is told. `reconcile` compares what should be with what is, and acts on it.

Nothing here knows why it was called, or when it is called again: what became of a pass is its result. Desired is a
render of the whole state as it is now, current is what the target holds now; where they differ the debts are put on
disk, then the target is replaced, then the batch begins.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from models.frozen import frozen
from models.log_fields import fields
from models.pass_report import Difference, ReconcileReport, TargetWrite
from reconciler.loop.applied import Applied, kept_changes, why
from reconciler.target.diff import LineCounts
from reconciler.target.outcome import Missing, PartlyWritten, Present, TargetContent, Unreadable, WriteFailed, Written

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Sequence

    from models.event import Change
    from models.write import Cause
    from notify.notifier import Notifier
    from notify.start_order import Observations
    from reconciler.loop.desired import Content, Desired
    from reconciler.loop.order import Waiting
    from reconciler.loop.pass_input import PassInput
    from reconciler.loop.recipients import RecipientMatcher
    from reconciler.target.target import Target


def _at_once(_job: Job, _revision: int) -> None:
    """Nothing comes before it."""


@frozen
class _Convergence:
    """What a comparison of desired and current came to."""

    ok: bool
    write: TargetWrite | None = None
    applied: Applied | None = None


class Job:
    """One job of the program. All methods belong to the loop's thread.

    Attributes:
        desired: what the target should hold.
        target: what it holds.
        notifier: who is told when it changed.
        write_failure: why the last try to write failed; None where the target is as it should be.
        last_applied: the last change.
        is_partial: whether the target is as it should be but for a part of it, which is in `write_failure`.
        after: the names of jobs that have to be in sync before it is written.
        waiting: for which of them the last pass left it unwritten; None where it did not.
        was_reconciled: whether a pass came to an end, however it ended.
    """

    def __init__(
        self,
        *,
        desired: Desired,
        target: Target,
        notifier: Notifier,
        recipients: RecipientMatcher,
        clock: Callable[[], float],
        wall_clock: Callable[[], float],
        log: logging.Logger,
        after: Sequence[str] = (),
    ) -> None:
        """Take the parts.

        Args:
            desired: what the target should hold.
            target: what it holds.
            notifier: who is told when it changed.
            recipients: which containers that means.
            clock: monotonic, seconds.
            wall_clock: seconds since the epoch, for people.
            log: one line for each applied change, and for what goes wrong.
            after: the names of jobs that have to be in sync before it is written.
        """
        self.desired = desired
        self.target = target
        self.notifier = notifier
        self.write_failure: str | None = None
        self.last_applied: Applied | None = None
        self.after = tuple(after)
        self.waiting: Waiting | None = None
        self.was_reconciled = False
        self.is_partial = False
        self._recipients = recipients
        self._clock = clock
        self._wall_clock = wall_clock
        self._log = log
        self._changes: list[tuple[int, Change]] = []
        self._synced_digest: str | None = None
        self._synced_revision = -1
        self._told_waiting = ""
        self._digested: tuple[bytes | None, str] = (None, "")

    @property
    def name(self) -> str:
        """The target as configured; the label of its metrics."""
        return self.target.path

    @property
    def in_sync(self) -> bool:
        """Whether the last pass left the target as it should be; not before there was one."""
        failed = self.desired.failure is not None or self.write_failure is not None or self.waiting is not None
        return self._synced_digest is not None and not failed

    @property
    def is_usable(self) -> bool:
        """Whether the last pass left the target as it should be but for elements that failed: their fault is theirs."""
        renders = self.desired.failure is None or self.desired.is_partial
        is_written = self.write_failure is None or self.is_partial
        return self._synced_digest is not None and renders and is_written and self.waiting is None

    def holds_up(self, revision: int) -> str | None:
        """Why what comes after this job waits.

        Args:
            revision: of the state that is to be written there.

        Returns:
            What is wrong; '' where it only takes its time; None where its file is as that state wants it, or a later
            one, and nothing is owed for it.
        """
        if self.desired.failure is not None and not self.desired.is_partial:
            return "whose template fails"
        if self.write_failure is not None and not self.is_partial:
            return "which can't be written"
        if self.waiting is not None:
            return "which waits itself" if self.waiting.why else ""
        if self._synced_revision < revision or not self.desired.is_settled:
            return ""
        if self.notifier.owes_nothing:
            return None
        return "whose notifications fail" if any(debt.trouble for debt in self.notifier.pending()) else ""

    def wait(self, waiting: Waiting) -> None:
        """It is not written yet. What is wrong with the other job is told once, until it is in sync."""
        self.waiting = waiting
        if waiting.why and self._told_waiting != waiting.job + waiting.why:
            self._told_waiting = waiting.job + waiting.why
            self._log.warning("%s is not written yet: %s", self.name, waiting, extra=fields(target=self.name))
        # Whoever waits for readiness finds the file, unless something is wrong, which may last.
        self.was_reconciled = self.was_reconciled or bool(waiting.why)

    def restore(self) -> None:
        """Remember what is owed; called once, after the target was taken and before the first pass."""
        reading = self.target.read()
        self.notifier.restore(self._digest(reading.content) if isinstance(reading, Present) else None)

    def observe(self, view: PassInput) -> None:
        """Take what changed, for the words of the next write; each pass's once, whether or not the job is due in it."""
        self._changes.extend((view.revision, change) for change in view.changes)

    def passes_by(self, view: PassInput) -> bool:
        """Tell whether a new state does not concern the job, whose target then need not be compared before it is due.

        With many jobs most changes concern one of them.
        """
        if not (self.was_reconciled and self.in_sync and self.notifier.owes_nothing):
            return False
        if not (self._recipients.are_as_before(view.readings) and self.desired.passes_by(view.snapshot, view.revision)):
            return False
        self._forget_changes(self.desired.revision)
        self._synced_revision = max(self._synced_revision, self.desired.revision)  # for what comes after it
        return True

    def reconcile(
        self, view: PassInput, before: Callable[[Job, int], Waiting | None] = _at_once
    ) -> ReconcileReport | None:
        """Make the target what it should be.

        Args:
            view: what the pass sees.
            before: what has to be waited for before a content of a state is written.

        Returns:
            What became of it; None where the content has to be waited for (`desired.is_pending`), or other jobs
            (`waiting`): the pass that follows is the one that counts.
        """
        self.waiting = None
        begun_s = self._clock()
        content = self.desired.content(view.snapshot, view.revision)
        if content is None and self.desired.is_pending:
            return None
        begun_s -= 0.0 if content is None else content.render_s
        done = _Convergence(ok=False) if content is None else self._converge(content, view, before)
        if done is None:
            return None
        duration_s = self._clock() - begun_s
        if done.applied is not None:
            self._tell(done.applied, duration_s)
        self.was_reconciled = True  # only now: whoever waits for readiness finds the file and its debts
        difference = _difference(done.applied)
        return ReconcileReport(
            self.name, done.ok, self._wall_clock(), duration_s, done.write, difference, self.target.files
        )

    def _converge(
        self, desired: Content, view: PassInput, before: Callable[[Job, int], Waiting | None]
    ) -> _Convergence | None:
        """Compare, and write where there is a difference and nothing has to be waited for; None where it has."""
        observations = self._recipients.of(view.readings, view.snapshot.own_container_id, desired.chosen)
        wanted = self.target.wanted(desired.text)
        reading = self.target.read()
        if isinstance(reading, Unreadable):
            self._failed(f"{self.name} can't be read: {reading.reason}")
            return _Convergence(ok=False, write=TargetWrite("replace", ok=False))
        if isinstance(reading, Present) and reading.content == wanted:
            self.notifier.unchanged(self._digest(wanted), observations, listing=view.listed)
            if reading.has_drifted:
                return self._repair(desired, wanted)
            self._synced(self._digest(wanted), desired.revision, self.target.problem)
            return _Convergence(ok=not (self.target.problem or desired.is_partial))
        if self.after and (waiting := before(self, desired.revision)) is not None:
            self.wait(waiting)
            return None
        outcome = self._replace(desired, wanted, reading, observations, view)
        if isinstance(outcome, WriteFailed):
            return self._not_written(outcome)
        return self._written(desired, wanted, *outcome)

    def _repair(self, desired: Content, wanted: bytes) -> _Convergence:
        """Put back owner, group and mode. The content stays the same, so that its readers have nothing to load."""
        outcome = self.target.write(wanted)
        if isinstance(outcome, WriteFailed):
            return self._not_written(outcome)
        applied = Applied("drift", "drift of owner or mode", LineCounts(0, 0), self._wall_clock(), ())
        return self._written(desired, wanted, outcome, applied)

    def _not_written(self, outcome: WriteFailed) -> _Convergence:
        self._failed(f"{self.name} can't be written: {outcome.reason}")
        return _Convergence(ok=False, write=TargetWrite(outcome.mode, ok=False))

    def _written(
        self, desired: Content, wanted: bytes, outcome: Written | PartlyWritten, applied: Applied
    ) -> _Convergence:
        held, problem = wanted, self.target.problem
        if isinstance(outcome, PartlyWritten):
            held, problem = outcome.content, outcome.reason
        self._synced(self._digest(held), desired.revision, problem)
        write = TargetWrite(outcome.mode, ok=isinstance(outcome, Written))
        return _Convergence(ok=not (problem or desired.is_partial), write=write, applied=applied)

    def _replace(
        self, desired: Content, content: bytes, reading: Present | Missing, observations: Observations, view: PassInput
    ) -> tuple[Written | PartlyWritten, Applied] | WriteFailed:
        """Debts first, then the file, then what the write means for them."""
        digest, cause = self._digest(content), self._cause(reading)
        changes = [change for revision, change in self._changes if revision <= desired.revision]
        changed = {change.subject for change in changes} if cause == "state" else None
        also = self._also(changes)
        self.notifier.prepare(digest, cause, observations, listing=view.listed, changed=changed, also=also)
        outcome = self.target.write(content)
        if isinstance(outcome, WriteFailed):
            self.notifier.abandoned(digest)
            return outcome
        if isinstance(outcome, PartlyWritten):  # what it holds now is owed, whatever it is
            content = outcome.content
            digest = self._digest(content)
        self.notifier.replaced(digest, observations, self._clock(), listing=view.listed)
        lines = self.target.line_counts(reading.content if isinstance(reading, Present) else b"", content)
        words = why(cause, changes, is_first=self._synced_digest is None)
        return outcome, Applied(cause, words, lines, self._wall_clock(), kept_changes(cause, changes))

    def _cause(self, reading: TargetContent) -> Cause:
        if isinstance(reading, Missing):
            return "missing"
        if isinstance(reading, Present) and self._is_drift(self._digest(reading.content)):
            return "drift"
        return "template" if self.desired.template_changed and self._synced_digest is not None else "state"

    def _also(self, changes: Sequence[Change]) -> tuple[Cause, ...]:
        """What may have had a part in a new content, for notifications that react to that alone."""
        is_first = self._synced_digest is None  # what changed before this process is not known
        found: list[Cause] = ["state"] if changes or is_first else []
        return (*found, "template") if self.desired.template_changed or is_first else tuple(found)

    def _is_drift(self, digest: str) -> bool:
        """Tell by what this process left there, or before its first pass by what the one before did."""
        return self.notifier.is_drift(digest) if self._synced_digest is None else digest != self._synced_digest

    def _tell(self, applied: Applied, duration_s: float) -> None:
        self.last_applied = applied
        self._log.info(
            "target changed",
            extra=fields(
                target=self.name,
                cause=applied.why,
                lines_added=applied.lines.added,
                lines_removed=applied.lines.removed,
                duration_ms=duration_s * 1000,
            ),
        )

    def _synced(self, digest: str, revision: int, problem: str) -> None:
        """The target is as it should be, but for a part of it where there is a problem."""
        if problem:
            self._failed(problem)
        elif self.write_failure is not None or self._told_waiting:
            self._log.info("%s is in sync again", self.name, extra=fields(target=self.name))
        if not problem:
            self.write_failure = None
        self.is_partial = bool(problem)
        self._told_waiting = ""
        self._synced_digest = digest
        self._synced_revision = revision
        self._forget_changes(revision)
        self.desired.template_changed = False

    def _forget_changes(self, revision: int) -> None:
        self._changes = [(seen, change) for seen, change in self._changes if seen > revision]

    def _failed(self, message: str) -> None:
        if message != self.write_failure:
            self._log.error("%s; it is tried again", message, extra=fields(target=self.name))
        self.write_failure = message
        self.is_partial = False

    def _digest(self, content: bytes) -> str:
        if self._digested[0] is not content:
            self._digested = (content, hashlib.sha256(content).hexdigest())
        return self._digested[1]


def _difference(applied: Applied | None) -> Difference | None:
    return None if applied is None else Difference(applied.cause, applied.lines.added, applied.lines.removed)
