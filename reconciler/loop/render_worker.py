"""The thread that renders: it loads a job's template, renders it, and looks whether it was edited, one at a time.

The loop asks and goes on; what it asked for arrives later, and wakes it up. Only the latest of what is asked for
counts: a state that was overtaken before its render began is never rendered. The thread lives as long as the program,
because a render process ends with the thread that started it.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from templating.outcome import TemplateFailure

if TYPE_CHECKING:
    from collections.abc import Callable

    from models.snapshot import Snapshot
    from templating.outcome import Rendered

# A process that is in the middle of a render when the program ends is killed with it.
_CLOSE_S = 0.2


class TemplateRenderer(Protocol):
    """What is needed of `templating.renderer.Renderer`."""

    @property
    def parses(self) -> bool:
        """Whether the template that was last loaded can be rendered at all."""

    def load(self) -> TemplateFailure | None:
        """Read and compile the template anew."""

    def render(self, snapshot: Snapshot) -> Rendered | TemplateFailure:
        """Render the state."""

    def stale(self) -> bool:
        """Whether a file or address that the template is made from has changed since it was read."""

    def close(self) -> None:
        """Let go of what is open."""


@dataclass(frozen=True, slots=True)
class LoadEnded:
    """The template was read anew; `failure` says why it can't be used."""

    failure: TemplateFailure | None


@dataclass(frozen=True, slots=True)
class RenderEnded:
    """A state was rendered.

    Attributes:
        snapshot: the state.
        revision: the state's.
        outcome: the content, or why there is none.
        duration_s: how long that took.
    """

    snapshot: Snapshot
    revision: int
    outcome: Rendered | TemplateFailure
    duration_s: float


class RenderWorker:
    """Renders for one job. The loop's thread asks and takes; one other thread runs."""

    def __init__(
        self,
        renderer: TemplateRenderer,
        *,
        clock: Callable[[], float],
        wake: Callable[[], None],
        unexpected: Callable[[Exception], object],
    ) -> None:
        """Take what renders.

        Args:
            renderer: only ever used by the thread that runs, once that is started.
            clock: monotonic, seconds.
            wake: called when something has arrived.
            unexpected: takes what nobody foresaw, which is survived.
        """
        self._renderer = renderer
        self._clock = clock
        self._wake = wake
        self._unexpected = unexpected
        self._changed = threading.Condition()
        self._wants_load = False
        self._wants_look = False
        self._wanted: tuple[Snapshot, int] | None = None
        self._is_busy = False
        self._is_closing = False
        self._arrived: list[LoadEnded | RenderEnded] = []
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to serve."""
        self._thread = threading.Thread(target=self._run, name="renders", daemon=True)
        self._thread.start()

    def ask_load(self) -> None:
        """Have the template loaded anew."""
        with self._changed:
            self._wants_load = True
            self._changed.notify_all()

    def ask_look(self) -> None:
        """Have the template loaded anew if it was edited."""
        with self._changed:
            self._wants_look = True
            self._changed.notify_all()

    def ask_render(self, snapshot: Snapshot, revision: int) -> None:
        """Have a state rendered, in place of any that still waits."""
        with self._changed:
            self._wanted = snapshot, revision
            self._changed.notify_all()

    def has_arrivals(self) -> bool:
        """Tell whether `take` would return something."""
        return bool(self._arrived)

    def take(self) -> list[LoadEnded | RenderEnded]:
        """Hand over what has ended, in order."""
        with self._changed:
            arrived, self._arrived = self._arrived, []
        return arrived

    def settle(self) -> None:
        """Wait until nothing is asked for any more; for the start, when there is nothing else to do."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_closing or not (self._is_busy or self._has_work()))

    def close(self) -> None:
        """End, without waiting for a render that is under way."""
        with self._changed:
            self._is_closing = True
            self._changed.notify_all()
        if self._thread is None:
            self._renderer.close()
        else:
            self._thread.join(_CLOSE_S)

    def _has_work(self) -> bool:
        return self._wants_load or self._wants_look or self._wanted is not None

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._is_closing or self._has_work())
                if self._is_closing:
                    break
                self._is_busy = True
            arrived = self._step()
            with self._changed:
                self._is_busy = False
                self._arrived += arrived
                self._changed.notify_all()
            if arrived:
                self._wake()
        self._renderer.close()

    def _step(self) -> list[LoadEnded | RenderEnded]:
        """Do the most urgent thing: a load before a look before a render."""
        with self._changed:
            load, look, wanted = self._wants_load, self._wants_look, self._wanted
            self._wants_load = self._wants_look = False
            if not (load or look):
                self._wanted = None
        try:
            if load or look:
                return [LoadEnded(self._renderer.load())] if load or self._renderer.stale() else []
            return [] if wanted is None else [self._render(*wanted)]
        except Exception as error:  # noqa: BLE001 - this thread goes on, whatever it meets
            failure = self._unforeseen(error)
            return [LoadEnded(failure) if load or look or wanted is None else RenderEnded(*wanted, failure, 0.0)]

    def _render(self, snapshot: Snapshot, revision: int) -> RenderEnded:
        begun_s = self._clock()
        outcome = self._renderer.render(snapshot)
        return RenderEnded(snapshot, revision, outcome, self._clock() - begun_s)

    def _unforeseen(self, error: Exception) -> TemplateFailure:
        kind = type(error).__name__
        self._unexpected(error)
        return TemplateFailure(f"it failed unexpectedly ({kind})", "the template", may_pass=True)
