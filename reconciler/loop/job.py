"""One job: a template, a target and who is told. `reconcile` compares what should be with what is, and acts on it.

Nothing here knows why it was called. Desired is a render of the whole state as it is now, current is what the target
holds now; where they differ the debts are put on disk, then the target is replaced, then the batch begins.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from models.notification import Notification
from notify.start_order import ContainerObservation
from reconciler.log_fields import fields
from reconciler.target.diff import LineCounts, count_lines
from reconciler.target.outcome import Missing, Present, Reading, Unreadable, WriteFailed, Written

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable

    from models.event import Change
    from models.write import Cause
    from notify.notifier import Notifier
    from reconciler.backoff import Backoff
    from reconciler.loop.desired import Content, Desired
    from reconciler.loop.pass_input import PassInput
    from reconciler.loop.sightings import Sightings
    from reconciler.target.target import Target

# The containers of each notification.
Matching = Mapping[Notification, Sequence[ContainerObservation]]

# More than this makes a log line that nobody reads.
_CHANGES_NAMED_MAX = 4
# And this many are kept for the status page.
_CHANGES_KEPT_MAX = 50


class JobObserver(Protocol):
    """What is counted of a job."""

    def differed(self, target: str, cause: Cause, *, added: int, removed: int) -> None:
        """Count a difference, once for each write that it leads to, with its lines."""

    def wrote(self, target: str, mode: str, *, ok: bool) -> None:
        """Count a write."""

    def reconciled(self, target: str, *, ok: bool, duration_s: float, at_epoch_s: float) -> None:
        """Count a pass."""


@dataclass(frozen=True, slots=True)
class Applied:
    """A change that is in the target.

    Attributes:
        cause: what kind of difference it was.
        why: the same for people: `web-2 started`, `template edited`, `drift`.
        lines: added and removed.
        at_epoch_s: when it was written, seconds since the epoch.
        changes: what happened in the state, where that was the cause; the first ones of very many.
    """

    cause: Cause
    why: str
    lines: LineCounts
    at_epoch_s: float
    changes: tuple[str, ...]


class Job:
    """One job of the program. All methods belong to the loop's thread."""

    def __init__(
        self,
        *,
        desired: Desired,
        target: Target,
        notifier: Notifier,
        sightings: Sightings,
        clock: Callable[[], float],
        wall_clock: Callable[[], float],
        backoff: Backoff,
        observer: JobObserver,
        log: logging.Logger,
    ) -> None:
        """Hand in the parts.

        Args:
            desired: what the target should hold.
            target: what it holds.
            notifier: who is told when it changed.
            sightings: which containers that means.
            clock: monotonic, seconds.
            wall_clock: seconds since the epoch, for a metric's timestamp.
            backoff: between failed writes.
            observer: counts.
            log: one line for each applied change, and for what goes wrong.
        """
        self.desired = desired
        self.target = target
        self.notifier = notifier
        self.write_failure: str | None = None
        self.last_applied: Applied | None = None
        self.was_reconciled = False
        self._sightings = sightings
        self._clock = clock
        self._wall_clock = wall_clock
        self._backoff = backoff
        self._observer = observer
        self._log = log
        self._changes: list[tuple[int, Change]] = []
        self._true_digest: str | None = None
        self._digested: tuple[bytes | None, str] = (None, "")
        self._retry_at_s: float | None = None

    @property
    def name(self) -> str:
        """The target as configured; the label of its metrics."""
        return self.target.path

    @property
    def is_true(self) -> bool:
        """Whether the last pass left the target as it should be; not before there was one."""
        return self._true_digest is not None and self.desired.failure is None and self.write_failure is None

    def next_due(self) -> float | None:
        """Say when there is something to do that no state tells of, on our monotonic clock: a retry, or a render."""
        due = [due_s for due_s in (self._retry_at_s, self.desired.next_due()) if due_s is not None]
        return min(due, default=None)

    def restore(self) -> None:
        """Remember what is owed; called once, after the target was taken and before the first pass."""
        reading = self.target.read()
        self.notifier.restore(self._digest(reading.content) if isinstance(reading, Present) else None)

    def reconcile(self, view: PassInput) -> bool:
        """Make the target what it should be.

        Returns:
            Whether it is. Where its content has to be waited for (`desired.is_pending`) it is not, and the pass is not
            counted: the one that follows the arrival is.
        """
        begun_s = self._clock()
        self._changes.extend((view.revision, change) for change in view.changes)
        content = self.desired.content(view.snapshot, view.revision)
        if content is None and self.desired.is_pending:
            return False
        begun_s -= 0.0 if content is None else content.render_s
        ok = content is not None and self._converge(content, view, begun_s)
        self.was_reconciled = True  # only now: whoever waits for readiness finds the file and its debts
        self._observer.reconciled(self.name, ok=ok, duration_s=self._clock() - begun_s, at_epoch_s=self._wall_clock())
        return ok

    def _converge(self, desired: Content, view: PassInput, begun_s: float) -> bool:
        content = desired.text
        digest = self._digest(content)
        sightings = self._sightings.of(view.readings, view.snapshot.own_container_id)
        reading = self.target.read()
        if isinstance(reading, Present) and reading.content == content:
            self.notifier.unchanged(digest, sightings, listing=view.listed)
            self._is_true(digest, desired.revision)
            return True
        if isinstance(reading, Unreadable):
            self._observer.wrote(self.name, "replace", ok=False)
            return self._failed(f"{self.name} can't be read: {reading.reason}")
        if self._retry_at_s is not None and self._clock() < self._retry_at_s:
            return False
        outcome = self._replace(desired, reading, sightings, view)
        return self._conclude(outcome, desired, begun_s)

    def _replace(
        self, desired: Content, reading: Present | Missing, sightings: Matching, view: PassInput
    ) -> Applied | WriteFailed:
        content = desired.text
        digest, cause = self._digest(content), self._cause(reading)
        rendered = [change for revision, change in self._changes if revision <= desired.revision]
        changed = {change.subject for change in rendered} if cause == "state" else None
        self.notifier.prepare(digest, cause, sightings, listing=view.listed, changed=changed)
        outcome = self.target.write(content)
        self._observer.wrote(self.name, outcome.mode, ok=isinstance(outcome, Written))
        if isinstance(outcome, WriteFailed):
            self.notifier.abandoned(digest)
            return outcome
        self.notifier.replaced(digest, sightings, self._clock(), listing=view.listed)
        lines = count_lines(reading.content if isinstance(reading, Present) else b"", content)
        self._observer.differed(self.name, cause, added=lines.added, removed=lines.removed)
        changes = distinct(rendered)[:_CHANGES_KEPT_MAX] if cause == "state" else ()
        return Applied(cause, self._why(cause, rendered), lines, self._wall_clock(), changes)

    def _conclude(self, outcome: Applied | WriteFailed, desired: Content, begun_s: float) -> bool:
        if isinstance(outcome, WriteFailed):
            return self._failed(f"{self.name} can't be written: {outcome.reason}")
        self._tell(outcome, self._clock() - begun_s)
        self._is_true(self._digest(desired.text), desired.revision)
        return True

    def _cause(self, reading: Reading) -> Cause:
        if isinstance(reading, Missing):
            return "missing"
        if isinstance(reading, Present) and self._is_drift(self._digest(reading.content)):
            return "drift"
        return "template" if self.desired.template_changed and self._true_digest is not None else "state"

    def _is_drift(self, digest: str) -> bool:
        """Tell by what this process left there, or before its first pass by what the one before did."""
        return self.notifier.is_drift(digest) if self._true_digest is None else digest != self._true_digest

    def _why(self, cause: Cause, changes: Sequence[Change]) -> str:
        if cause == "drift":
            return "drift"
        if cause == "template":
            return "template edited"
        if self._true_digest is None:
            return "first render" if cause == "state" else "no file yet"
        if cause == "missing":
            return "the file was missing"
        return changes_in_words(changes)

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

    def _is_true(self, digest: str, revision: int) -> None:
        if self.write_failure is not None:
            self._log.info("%s can be kept true again", self.name, extra=fields(target=self.name))
        self._true_digest = digest
        self.write_failure = None
        self._retry_at_s = None
        self._backoff.reset()
        self._changes = [(seen, change) for seen, change in self._changes if seen > revision]
        self.desired.template_changed = False

    def _failed(self, message: str) -> bool:
        if self._retry_at_s is None or self._clock() >= self._retry_at_s:
            self._retry_at_s = self._clock() + self._backoff.next_delay_s()
        if message != self.write_failure:
            self._log.error("%s; it is tried again", message, extra=fields(target=self.name))
        self.write_failure = message
        return False

    def _digest(self, content: bytes) -> str:
        if self._digested[0] is not content:
            self._digested = (content, hashlib.sha256(content).hexdigest())
        return self._digested[1]


def distinct(changes: Sequence[Change]) -> tuple[str, ...]:
    """Say what changed, each once, in order."""
    return tuple(dict.fromkeys(str(change) for change in changes))


def changes_in_words(changes: Sequence[Change]) -> str:
    """Say what changed, the first few by name: `web-2 started, db became healthy and 3 more`."""
    words = distinct(changes)
    if not words:
        return "the state changed"
    named, more = words[:_CHANGES_NAMED_MAX], len(words) - _CHANGES_NAMED_MAX
    return ", ".join(named) + (f" and {more} more" if more > 0 else "")
