"""What one job wants of its template: to be loaded, looked at, rendered. A thread of `render_threads` does it.

The loop asks and goes on; what it asked for arrives later, and wakes it up. Only the latest of what is asked for
counts: a state that was overtaken before its render began is never rendered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from models.frozen import frozen
from reconciler.loop.render_threads import RenderThreads
from templating.outcome import TemplateFailure

if TYPE_CHECKING:
    from collections.abc import Callable

    from models.snapshot import Snapshot
    from templating.host import RenderHost
    from templating.outcome import Rendered


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

    def use(self, host: RenderHost) -> None:
        """Render in another process from now on."""

    def close(self) -> None:
        """Let go of what is open."""


@frozen
class LoadEnded:
    """The template was read anew; `failure` says why it can't be used."""

    failure: TemplateFailure | None


@frozen
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
    """Renders for one job. The loop's thread asks and takes; one other thread at a time serves."""

    def __init__(
        self,
        renderer: TemplateRenderer,
        *,
        clock: Callable[[], float],
        wake: Callable[[], None],
        unexpected: Callable[[Exception], object],
        threads: RenderThreads | None = None,
    ) -> None:
        """Take what renders.

        Args:
            renderer: only ever used by the thread that serves, once the threads are started.
            clock: monotonic, seconds.
            wake: called when something has arrived.
            unexpected: takes what nobody foresaw, which is survived.
            threads: serve this job and others; None has a thread for it alone.
        """
        self._renderer = renderer
        self._clock = clock
        self._wake = wake
        self._unexpected = unexpected
        self._wants_load = False
        self._wants_look = False
        self._wanted: tuple[Snapshot, int] | None = None
        self._rendering: int | None = None
        self._arrived: list[LoadEnded | RenderEnded] = []
        self._threads = threads or RenderThreads((), clock=clock)
        self._changed = self._threads.changed
        self._threads.add(self)

    def start(self) -> None:
        """Begin to serve, where that has not begun yet."""
        self._threads.start()

    def ask_load(self) -> None:
        """Have the template loaded anew."""
        with self._changed:
            self._wants_load = True
            self._threads.due(self)

    def ask_look(self) -> None:
        """Have the template loaded anew if it was edited."""
        with self._changed:
            self._wants_look = True
            self._threads.due(self)

    def ask_render(self, snapshot: Snapshot, revision: int) -> None:
        """Have a state rendered, in place of any that still waits, unless it was asked for before. From any thread."""
        with self._changed:
            if self._is_asked(revision):
                return
            self._wanted = snapshot, revision
            self._threads.end_foresight()
            self._threads.due(self)

    def has_arrivals(self) -> bool:
        """Tell whether `take` would return something."""
        return bool(self._arrived)

    def has_news(self) -> bool:
        """Tell whether `take` would return something that is not what there was before."""
        with self._changed:
            return not all(map(_is_repeated, self._arrived))

    def is_asked(self, revision: int) -> bool:
        """Tell whether the render of a state is on its way."""
        with self._changed:
            return self._is_asked(revision)

    def take(self) -> list[LoadEnded | RenderEnded]:
        """Hand over what has ended, in order."""
        with self._changed:
            arrived, self._arrived = self._arrived, []
        return arrived

    def settle(self) -> None:
        """Wait until nothing is asked for any more; for the start, when there is nothing else to do."""
        self._threads.settle(self)

    def has_work(self) -> bool:
        """Tell whether anything is asked for."""
        return self._wants_load or self._wants_look or self._wanted is not None

    def serve(self, host: RenderHost | None) -> None:
        """Do the most urgent thing: a load before a look before a render.

        Args:
            host: where to render; None leaves that to the renderer.
        """
        if host is not None:
            self._renderer.use(host)
        arrived = self._step()
        has_news = not all(map(_is_repeated, arrived))
        with self._changed:
            self._arrived += arrived
            self._rendering = None
            if arrived:
                # Of the many jobs that a change does not concern, none is to get between it and the one that it does.
                self._threads.wake_when_idle(None if has_news else self._wake)
        if has_news:
            self._wake()

    def leave(self) -> None:
        """Nothing more is asked for, and nothing that arrives is of use: the job is gone."""
        self._threads.remove(self)

    def close(self) -> None:
        """End, where it has its own thread, without waiting for a render that is under way."""
        self._threads.close()

    def let_go(self) -> None:
        """Let go of what is open; from the thread that served last."""
        self._renderer.close()

    def _is_asked(self, revision: int) -> bool:
        """Whether the render of a state waits, is under way or has arrived, and no load came after."""
        if self._wanted is not None:
            return self._wanted[1] == revision
        last = self._arrived[-1] if self._arrived else None
        return self._rendering == revision or (isinstance(last, RenderEnded) and last.revision == revision)

    def _step(self) -> list[LoadEnded | RenderEnded]:
        with self._changed:
            load, look, wanted = self._wants_load, self._wants_look, self._wanted
            self._wants_load = self._wants_look = False
            if not (load or look):
                self._wanted = None
                self._rendering = None if wanted is None else wanted[1]
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


def _is_repeated(arrived: LoadEnded | RenderEnded) -> bool:
    return (
        isinstance(arrived, RenderEnded)
        and not isinstance(arrived.outcome, TemplateFailure)
        and arrived.outcome.is_repeated
    )
