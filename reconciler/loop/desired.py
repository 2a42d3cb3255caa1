"""The desired content of a target: rendered anew only when the state or the template is different from before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from reconciler.cli.logging_setup import fields
from templating.outcome import Rendered, TemplateFailure

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable

    from models.snapshot import Snapshot

# More new notes of one render than this make a log that nobody reads; all of them are counted.
_NOTES_LOGGED_MAX = 50


class TemplateRenderer(Protocol):
    """What a job needs of `templating.renderer.Renderer`."""

    @property
    def parses(self) -> bool:
        """Whether the template that was last loaded can be rendered at all."""

    def load(self) -> TemplateFailure | None:
        """Read and compile the template anew."""

    def render(self, snapshot: Snapshot) -> Rendered | TemplateFailure:
        """Render the state."""

    def stale(self) -> bool:
        """Whether a file or address that the template is made from has changed since it was read."""


class DesiredObserver(Protocol):
    """What is counted of renders."""

    def rendered(self, target: str, *, ok: bool, duration_s: float, undefined_names: int = 0, notes: int = 0) -> None:
        """Count a render, or a load that failed; of a good one the undefined names that it met and its notes."""


class Desired:
    """One template's latest content, and why there is none.

    Attributes:
        failure: why the last load or render gave none; None where it gave one.
        template_changed: whether the template was loaded anew since the target was last as it should be.
        notes: what the template noted in the last render that gave a content.
    """

    def __init__(
        self,
        target: str,
        renderer: TemplateRenderer,
        *,
        clock: Callable[[], float],
        observer: DesiredObserver,
        log: logging.Logger,
    ) -> None:
        """Hand in the edges.

        Args:
            target: the label for metrics and messages.
            renderer: loads and renders.
            clock: monotonic, seconds.
            observer: counts.
            log: where failures are told.
        """
        self.failure: TemplateFailure | None = None
        self.template_changed = False
        self.notes: tuple[str, ...] = ()
        self._target = target
        self._renderer = renderer
        self._clock = clock
        self._observer = observer
        self._log = log
        self._content: bytes | None = None
        self._rendered_revision: int | None = None
        self._warned: set[str] = set()

    @property
    def parses(self) -> bool:
        """Whether the template can be rendered, for readiness."""
        return self._renderer.parses

    def load(self) -> TemplateFailure | None:
        """Load the template, at the start, when it was edited, or because somebody asked.

        A template that can't be loaded leaves the last good content alone, and the target with it.
        """
        failure = self._renderer.load()
        if failure is not None:
            self._observer.rendered(self._target, ok=False, duration_s=0.0)
            self._fail(failure)
            return failure
        self.template_changed = True
        self._rendered_revision = None
        return None

    def refresh(self) -> bool:
        """Load the template again if it was edited.

        Returns:
            Whether it was.
        """
        if not self._renderer.stale():
            return False
        self.load()
        return True

    def content(self, snapshot: Snapshot, revision: int) -> bytes | None:
        """Render, unless that was done for this state and template.

        Args:
            snapshot: the whole state.
            revision: a number that differs whenever the snapshot does.

        Returns:
            The content; None where the template fails, see `failure`.
        """
        if revision != self._rendered_revision:
            self._rendered_revision = revision
            self._render(snapshot)
        return self._content

    def _render(self, snapshot: Snapshot) -> None:
        begun_s = self._clock()
        outcome = self._renderer.render(snapshot)
        duration_s = self._clock() - begun_s
        if isinstance(outcome, TemplateFailure):
            self._observer.rendered(self._target, ok=False, duration_s=duration_s)
            self._content = None
            self._fail(outcome)
            return
        self._observer.rendered(
            self._target,
            ok=True,
            duration_s=duration_s,
            undefined_names=len(outcome.undefined_names),
            notes=len(outcome.notes),
        )
        if self.failure is not None:
            self._log.info("the template for %s renders again", self._target, extra=fields(target=self._target))
        self.failure = None
        self._content = outcome.text
        self._warn_of(outcome.undefined_names)
        self._tell_notes(outcome.notes)

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

    def _fail(self, failure: TemplateFailure) -> None:
        if self.failure is None or str(self.failure) != str(failure):
            self._log.error(
                "%s; %s is left as it is until this is mended",
                failure,
                self._target,
                extra=fields(target=self._target),
            )
        self.failure = failure
