"""`/healthz` and `/readyz`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.loop.heartbeat import STILL_S_MAX, Heartbeat
from reconciler.readiness import PATIENCE_S, STALE_RESYNCS, Readiness
from templating.outcome import TemplateFailure
from tests.unit.loop.parts import Stage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.loop.job import Job
    from reconciler.loop.pass_input import EngineStates


@dataclass
class Loop:
    """What is asked of a loop."""

    states: EngineStates
    jobs: Sequence[Job]
    unexpected_failure: str = ""


def _readiness(stage: Stage) -> tuple[Readiness, Heartbeat]:
    heartbeat = Heartbeat(stage.scene.clock)
    loop = Loop(stage.states, [stage.job])
    return Readiness(loop, heartbeat, resync_s=30.0, clock=stage.scene.clock), heartbeat


def test_not_ready_before_the_first_snapshot() -> None:
    """A proxy's file that was never rendered is no reason to send traffic."""
    stage = Stage()
    readiness, _ = _readiness(stage)
    assert readiness.ready() == (False, "the engine's state has not been read yet")
    stage.reconcile()
    assert readiness.ready() == (True, "ok: the state is complete and fresh")


def test_not_ready_with_an_old_snapshot() -> None:
    """Two resyncs without an answer, and a little patience."""
    stage = Stage()
    readiness, _ = _readiness(stage)
    stage.reconcile()
    stage.scene.clock.now_s += STALE_RESYNCS * 30 + PATIENCE_S - 0.1
    assert readiness.ready()[0]
    stage.scene.clock.now_s += 1
    assert readiness.ready() == (False, "the engine's state is 71 s old")


def test_not_ready_with_a_template_that_does_not_parse() -> None:
    """Until it is mended."""
    stage = Stage()
    readiness, _ = _readiness(stage)
    stage.reconcile()
    stage.renderer.load_failure = TemplateFailure("unexpected", "t.j2", 1)
    stage.renderer.edited = True
    for _ in range(2):
        stage.desired.refresh()
    assert readiness.ready() == (False, "the template for /made/up.conf can't be loaded")


def test_not_ready_while_passes_fail_for_a_reason_that_nobody_foresaw() -> None:
    """Somebody has to look at it."""
    stage = Stage()
    stage.reconcile()
    loop = Loop(stage.states, [stage.job], "MemoryError")
    readiness = Readiness(loop, Heartbeat(stage.scene.clock), resync_s=30.0, clock=stage.scene.clock)
    assert readiness.ready() == (False, "a pass failed unexpectedly (MemoryError)")
    loop.unexpected_failure = ""
    assert readiness.ready()[0]


def test_healthy_while_the_loop_moves() -> None:
    """Whatever the engine and the template do."""
    stage = Stage()
    readiness, heartbeat = _readiness(stage)
    assert readiness.healthy() == (True, "ok: the loop is running")
    stage.scene.clock.now_s += STILL_S_MAX + 5
    assert readiness.healthy() == (False, "the loop has been stuck for 50 s")
    heartbeat.beat()
    assert readiness.healthy()[0]
