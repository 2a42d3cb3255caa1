"""The desired content of a target: rendered anew only when the state or the template is different from before.

Rendering happens elsewhere (`reconciler.loop.render_worker`), and nothing here waits for it. What a pass needs and is
not there yet is begun, and the pass ends for its job; the arrival wakes the loop, which then finds it here. While a
render is under way the state may go on changing: the content of the state that it saw is used when it arrives, so that
changes which never end can't keep the target from following them. A state that differs from the rendered one only in
what the template did not read needs no render.
"""

from __future__ import annotations

from dataclasses import field, replace
from typing import TYPE_CHECKING

from models.frozen import frozen
from models.log_fields import fields
from models.pass_report import RenderReport
from reconciler.loop.render_worker import LoadEnded, RenderEnded
from templating.outcome import TemplateFailure
from templating.reads import Reads, look_alike

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Mapping, Sequence

    from models.snapshot import Snapshot
    from reconciler.backoff import Backoff
    from reconciler.loop.render_worker import RenderWorker
    from templating.outcome import Rendered

# More new notes of one render than this make a log that nobody reads; all of them are counted.
_NOTES_LOGGED_MAX = 50
# Likewise for elements that begin to fail in one render.
_ELEMENTS_LOGGED_MAX = 20


@frozen
class Content:
    """What a target should hold.

    Attributes:
        text: the bytes.
        revision: of the state that was rendered.
        render_s: how long it took, where it has just arrived; else 0.
        chosen: for each expression of a notification the ids of the containers that it chooses in that state.
        is_partial: whether some elements have no file in it, because they failed.
    """

    text: bytes
    revision: int
    render_s: float = 0.0
    chosen: Mapping[str, frozenset[str]] = field(default_factory=dict)
    is_partial: bool = False


class Desired:
    """One template's latest content, and why there is none.

    Attributes:
        failure: why the last load or render gave none; None where it gave one.
        is_partial: whether `failure` is about some elements only, and there is a content for the others.
        template_changed: whether the template was loaded anew since the target was last as it should be.
        notes: what the template noted in the last render that gave a content.
    """

    def __init__(
        self,
        target: str,
        worker: RenderWorker,
        *,
        clock: Callable[[], float],
        backoff: Backoff,
        publish: Callable[[RenderReport], object],
        log: logging.Logger,
    ) -> None:
        """Take the parts.

        Args:
            target: the label for metrics and messages.
            worker: loads and renders.
            clock: monotonic, seconds.
            backoff: between renders that failed for a reason that may pass.
            publish: takes what became of each render.
            log: where failures are told.
        """
        self.failure: TemplateFailure | None = None
        self.is_partial = False
        self.template_changed = False
        self.parses = False
        self.notes: tuple[str, ...] = ()
        self._target = target
        self._worker = worker
        self._clock = clock
        self._backoff = backoff
        self._publish = publish
        self._log = log
        self._content: Content | None = None
        self._rendered: int | None = None
        self._asked: int | None = None
        self._basis: tuple[Snapshot, Reads] | None = None
        self._has_news = False
        self._is_fresh = self._is_new = False
        self._retry_at_s: float | None = None
        self._is_loading = False
        self._told_elements: Mapping[str, None] = {}
        self._warned: set[str] = set()

    @property
    def is_pending(self) -> bool:
        """Whether a render that a pass needed has not arrived yet."""
        return self._asked is not None

    def is_awaited(self, revision: int) -> bool:
        """Whether a render is on its way that a pass asked for, or that begins what a state needs."""
        return self.is_pending or self._worker.is_asked(revision)

    @property
    def is_settled(self) -> bool:
        """Whether nothing is on its way that could change the content of the last state: no load and no render."""
        return not (self._is_loading or self._has_news or self.is_pending or self._worker.has_arrivals())

    @property
    def revision(self) -> int:
        """Of the state to which the content belongs; 0 where there is none."""
        return 0 if self._content is None else self._content.revision

    def next_due(self) -> float | None:
        """Say when a pass would find something new here, on the monotonic clock; None where only the state can tell."""
        if self._has_news or self._worker.has_arrivals():
            return self._clock()
        return self._retry_at_s

    def has_news(self) -> bool:
        """Say whether something has arrived that is not what there was before."""
        return self._worker.has_news()

    def first_load(self) -> TemplateFailure | None:
        """Load the template, and wait for it: for the start, when nothing else is to be done.

        Returns:
            None, or why it can't be loaded.
        """
        self._worker.ask_load()
        self._worker.settle()
        self._take()
        return self.failure

    def load(self) -> None:
        """Have the template loaded anew, because somebody asked.

        A template that can't be loaded leaves the last good content alone, and the target with it.
        """
        self._is_loading = True
        self._worker.ask_load()

    def refresh(self) -> None:
        """Have the template loaded again if it was edited, and see what became of it the last time."""
        self._take()
        self._worker.ask_look()

    def anticipate(self, snapshot: Snapshot, revision: int) -> bool:
        """Begin the render of a state before a pass asks for it. From any thread.

        Args:
            snapshot: the whole state.
            revision: as in `content`.

        Returns:
            Whether no pass is needed now: the render could only be the same, or is begun, and wakes the loop when it
            arrives.
        """
        basis = self._basis
        if basis is None:
            return False
        if not look_alike(basis[0], snapshot, basis[1]):
            self._worker.ask_render(snapshot, revision)
        return True

    def passes_by(self, snapshot: Snapshot, revision: int) -> bool:
        """Tell whether no pass over the target is needed for a state, and ask for nothing.

        Either it leaves the content as it is, which is that state's then, or its render is on its way and says so.

        Args:
            snapshot: the whole state.
            revision: as in `content`.
        """
        self._take()
        if self._content is None or self._is_new or self._asked is not None or self._retry_at_s is not None:
            return False
        if self._rendered != revision:
            if not self._would_be_the_same(snapshot):
                return self._worker.is_asked(revision)
            self._rendered = revision
            self._content = replace(self._content, revision=revision)
        self._has_news = self._is_fresh = False
        return True

    def content(self, snapshot: Snapshot, revision: int) -> Content | None:
        """Say what the target should hold, and begin the render of this state and template where there was none.

        Args:
            snapshot: the whole state.
            revision: a number that differs whenever the snapshot does.

        Returns:
            The content, of this state or of one before; None where the template fails, see `failure`, or has to be
            waited for, see `is_pending`.
        """
        self._take()
        if self._retry_at_s is not None and self._clock() >= self._retry_at_s:
            self._retry_at_s = self._rendered = None
            if not self.parses:
                self._worker.ask_load()
        if self._asked is None and revision != self._rendered and self._would_be_the_same(snapshot):
            self._rendered = revision
            self._content = None if self._content is None else replace(self._content, revision=revision)
        if revision not in {self._rendered, self._asked}:
            self._asked = revision
            self._worker.ask_render(snapshot, revision)
            self._take()
        self._has_news = False
        fresh, self._is_fresh = self._is_fresh, False
        if self._asked is not None and not fresh:
            return None
        self._is_new = False
        content = self._content
        if content is None or fresh:
            return content
        return replace(content, render_s=0.0)

    def _would_be_the_same(self, snapshot: Snapshot) -> bool:
        """Whether a render of this state could only give the content that is here."""
        return self._basis is not None and look_alike(self._basis[0], snapshot, self._basis[1])

    def _take(self) -> None:
        for arrived in self._worker.take():
            self._has_news = True
            match arrived:
                case LoadEnded(failure):
                    self._loaded(failure)
                case RenderEnded():
                    self._ended(arrived)

    def _loaded(self, failure: TemplateFailure | None) -> None:
        self._is_new = True
        self.parses = failure is None
        self._is_loading = False
        self._basis = None
        if failure is not None:
            self._publish(RenderReport(self._target, ok=False, duration_s=0.0))
            self._retry_later(failure)
            self._fail(failure)
            return
        self.template_changed = True
        # A render that is still asked for, or under way before the load, is of no use.
        self._rendered = self._asked = None
        self._is_fresh = False

    def _ended(self, arrived: RenderEnded) -> None:
        self._rendered = arrived.revision
        if self._asked is not None and self._asked <= arrived.revision:  # a later one may have taken its place
            self._asked = None
        outcome = arrived.outcome
        if isinstance(outcome, TemplateFailure):
            self._publish(RenderReport(self._target, ok=False, duration_s=arrived.duration_s))
            self._content = self._basis = None
            self._retry_later(outcome)
            self._fail(outcome)
            return
        if outcome.is_repeated and self._content is not None:
            self._content = replace(self._content, revision=arrived.revision, render_s=0.0, chosen=outcome.chosen)
            self._basis = arrived.snapshot, outcome.reads
            self._is_fresh = True
            return
        self._is_new = True
        undefined, notes = len(outcome.undefined_names), len(outcome.notes)
        is_whole = not outcome.failed
        self._publish(RenderReport(self._target, is_whole, arrived.duration_s, undefined, notes))
        if self.failure is not None and is_whole:
            self._log.info("the template for %s renders again", self._target, extra=fields(target=self._target))
        self.parses = True
        self.failure = None if is_whole else _of_elements(outcome)
        self.is_partial = not is_whole
        self._tell_elements(outcome.failed)
        self._retry_at_s = None
        self._backoff.reset()
        self._content = Content(
            outcome.text, arrived.revision, arrived.duration_s, outcome.chosen, is_partial=not is_whole
        )
        self._basis = arrived.snapshot, outcome.reads
        self._is_fresh = True
        self._warn_of(outcome.undefined_names)
        self._tell_notes(outcome.notes)

    def _retry_later(self, failure: TemplateFailure) -> None:
        self._retry_at_s = self._clock() + self._backoff.next_delay_s() if failure.may_pass else None

    def _warn_of(self, names: tuple[str, ...]) -> None:
        for name in names:
            if name not in self._warned:
                self._warned.add(name)
                self._log.warning(
                    "the template for %s uses %s, which is not defined and reads as empty; --strict makes it an error",
                    self._target,
                    name,
                )

    def _tell_notes(self, notes: tuple[str, ...]) -> None:
        """Log what the render before did not note; one that comes back is told anew."""
        known = frozenset(self.notes)
        self.notes = notes
        new = [note for note in notes if note not in known]
        for note in new[:_NOTES_LOGGED_MAX]:
            self._log.warning("the template for %s notes: %s", self._target, note, extra=fields(target=self._target))
        if len(new) > _NOTES_LOGGED_MAX:
            self._log.warning(
                "the template for %s makes %s further notes; the status page lists the first ones",
                self._target,
                f"{len(new) - _NOTES_LOGGED_MAX:,}",
                extra=fields(target=self._target),
            )

    def _tell_elements(self, failed: Sequence[TemplateFailure]) -> None:
        """Log which elements have no file, each once for as long as it fails."""
        now = {str(each): None for each in failed}
        for each in [each for each in now if each not in self._told_elements][:_ELEMENTS_LOGGED_MAX]:
            self._log.error(
                "%s; its file is left as it is, and the others of %s are kept in sync",
                each,
                self._target,
                extra=fields(target=self._target),
            )
        self._told_elements = now

    def _fail(self, failure: TemplateFailure) -> None:
        if self.failure is None or str(self.failure) != str(failure):
            self._log.error(
                "%s; %s is left as it is until this is fixed",
                failure,
                self._target,
                extra=fields(target=self._target),
            )
        self.failure = failure
        self.is_partial = False


def _of_elements(outcome: Rendered) -> TemplateFailure:
    """Why some elements have no file, as one failure that names the first of them."""
    first, more = outcome.failed[0], outcome.failed_count - 1
    return replace(first, message=f"{first.message} (and {more} more)") if more else first
