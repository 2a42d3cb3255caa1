"""The thread that renders: what is asked for is done, the latest of it only, and nobody waits."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from models.snapshot import Snapshot
from reconciler.loop.render_worker import LoadEnded, RenderEnded, RenderWorker
from templating.outcome import TemplateFailure
from tests.support.waiting import wait_for
from tests.unit.loop.job_harness import FakeRenderer

if TYPE_CHECKING:
    from templating.outcome import Rendered

EMPTY = Snapshot.of([])


class SlowRenderer(FakeRenderer):
    """Renders when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = threading.Semaphore(0)
        self.let = threading.Semaphore(0)
        self.closed = threading.Event()

    def render(self, snapshot: Snapshot) -> Rendered | TemplateFailure:
        self.begun.release()
        self.let.acquire()
        return super().render(snapshot)

    def close(self) -> None:
        self.closed.set()


def running(surprises: list[Exception] | None = None) -> tuple[SlowRenderer, RenderWorker, list[int]]:
    """A renderer, the thread that uses it, and how often it woke somebody; surprises are kept where they are wanted."""
    renderer, woken = SlowRenderer(), list[int]()
    met: list[Exception] = [] if surprises is None else surprises
    worker = RenderWorker(renderer, clock=time.monotonic, wake=lambda: woken.append(1), unexpected=met.append)
    worker.start()
    return renderer, worker, woken


def revisions(worker: RenderWorker) -> list[int]:
    """Of the renders that have arrived."""
    return [each.revision for each in worker.take() if isinstance(each, RenderEnded)]


def test_what_is_asked_for_arrives_and_wakes() -> None:
    """A load, then a render; each is taken once."""
    renderer, worker, woken = running()
    worker.ask_load()
    worker.settle()
    assert worker.take() == [LoadEnded(None)]
    worker.ask_render(EMPTY, 1)
    renderer.let.release()
    wait_for(worker.has_arrivals)
    assert revisions(worker) == [1]
    assert not worker.take()
    wait_for(lambda: len(woken) == 2)
    worker.close()


def test_what_was_overtaken_is_not_rendered() -> None:
    """Of the states that come while one is rendered only the last is."""
    renderer, worker, _ = running()
    worker.ask_render(EMPTY, 1)
    renderer.begun.acquire()
    for revision in (2, 3, 4):
        worker.ask_render(EMPTY, revision)
    renderer.let.release(2)
    worker.settle()
    assert renderer.renders == 2
    assert revisions(worker) == [1, 4]
    worker.close()


def test_a_load_goes_before_what_waits_to_be_rendered() -> None:
    """So that no state is rendered with a template that is known to be old."""
    renderer, worker, _ = running()
    worker.ask_render(EMPTY, 1)
    renderer.begun.acquire()
    worker.ask_render(EMPTY, 2)
    worker.ask_load()
    renderer.let.release(2)
    worker.settle()
    assert renderer.renders == 2
    assert [type(each) for each in worker.take()] == [RenderEnded, LoadEnded, RenderEnded]
    worker.close()


def test_a_look_at_what_was_not_edited_says_nothing() -> None:
    """Nothing arrives, and nobody is woken, until it was."""
    renderer, worker, woken = running()
    worker.ask_look()
    worker.settle()
    assert not worker.take()
    assert not woken
    renderer.edited = True
    worker.ask_look()
    worker.settle()
    assert worker.take() == [LoadEnded(None)]
    worker.close()


def test_the_end_waits_for_no_render() -> None:
    """It is closed when it comes back; one that is idle is closed at once."""
    renderer, worker, _ = running()
    worker.ask_render(EMPTY, 1)
    renderer.begun.acquire()
    worker.close()
    assert not renderer.closed.is_set()
    renderer.let.release()
    assert renderer.closed.wait(60)
    idle, worker, _ = running()
    worker.close()
    assert idle.closed.wait(60)


def test_what_nobody_foresaw_is_a_failure_that_may_pass() -> None:
    """In a load, a look or a render: it is handed on, and the thread goes on."""
    surprises: list[Exception] = []
    renderer, worker, _ = running(surprises)
    for ask, broken in (
        (worker.ask_load, "load"),
        (worker.ask_look, "stale"),
        (lambda: worker.ask_render(EMPTY, 7), "render"),
    ):
        ordinary = getattr(renderer, broken)
        setattr(renderer, broken, _fail)
        ask()
        worker.settle()
        setattr(renderer, broken, ordinary)
        (ended,) = worker.take()
        failure = ended.failure if isinstance(ended, LoadEnded) else ended.outcome
        assert isinstance(failure, TemplateFailure)
        assert failure.may_pass
        assert failure.message == "it failed unexpectedly (MemoryError)"
    assert [type(error) for error in surprises] == [MemoryError] * 3
    renderer.let.release()
    worker.ask_render(EMPTY, 8)
    wait_for(worker.has_arrivals)
    assert revisions(worker) == [8]
    worker.close()


def _fail(*_: object) -> None:
    raise MemoryError
