"""`/healthz` and `/readyz`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.loop.heartbeat import STILL_S_MAX, Heartbeat
from reconciler.readiness import PATIENCE_S, STALE_RESYNCS, Readiness
from templating.outcome import TemplateFailure
from tests.unit.loop.job_harness import JobHarness

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.loop.job import Job
    from reconciler.loop.pass_input import EngineStates


@dataclass
class FakeLoop:
    """What is asked of a loop."""

    states: EngineStates
    jobs: Sequence[Job]
    unexpected_failure: str = ""


def _readiness(harness: JobHarness) -> tuple[Readiness, Heartbeat]:
    heartbeat = Heartbeat(harness.upstream.clock)
    loop = FakeLoop(harness.states, [harness.job])
    return Readiness(loop, heartbeat, resync_s=30.0, clock=harness.upstream.clock), heartbeat


def test_not_ready_before_the_first_snapshot() -> None:
    """A proxy's file that was never rendered is no reason to send traffic."""
    harness = JobHarness()
    readiness, _ = _readiness(harness)
    assert readiness.ready() == (False, "the engine's state has not been read yet")
    harness.reconcile()
    assert readiness.ready() == (True, "ok: the state is complete and fresh")


def test_not_ready_with_an_old_snapshot() -> None:
    """Two resyncs without an answer, and a little patience."""
    harness = JobHarness()
    readiness, _ = _readiness(harness)
    harness.reconcile()
    harness.upstream.clock.now_s += STALE_RESYNCS * 30 + PATIENCE_S - 0.1
    assert readiness.ready()[0]
    harness.upstream.clock.now_s += 1
    assert readiness.ready() == (False, "the engine's state is 71 s old")


def test_not_ready_with_a_template_that_does_not_parse() -> None:
    """Until it is mended."""
    harness = JobHarness()
    readiness, _ = _readiness(harness)
    harness.reconcile()
    harness.renderer.load_failure = TemplateFailure("unexpected", "t.j2", 1)
    harness.renderer.edited = True
    for _ in range(2):
        harness.desired.refresh()
    assert readiness.ready() == (False, "the template for /made/up.conf can't be loaded")


def test_not_ready_while_passes_fail_for_a_reason_that_nobody_foresaw() -> None:
    """Somebody has to look at it."""
    harness = JobHarness()
    harness.reconcile()
    loop = FakeLoop(harness.states, [harness.job], "MemoryError")
    readiness = Readiness(loop, Heartbeat(harness.upstream.clock), resync_s=30.0, clock=harness.upstream.clock)
    assert readiness.ready() == (False, "a pass failed unexpectedly (MemoryError)")
    loop.unexpected_failure = ""
    assert readiness.ready()[0]


def test_healthy_while_the_loop_moves() -> None:
    """Whatever the engine and the template do."""
    harness = JobHarness()
    readiness, heartbeat = _readiness(harness)
    assert readiness.healthy() == (True, "ok: the loop is running")
    harness.upstream.clock.now_s += STILL_S_MAX + 5
    assert readiness.healthy() == (False, "the loop has been stuck for 50 s")
    heartbeat.beat()
    assert readiness.healthy()[0]
