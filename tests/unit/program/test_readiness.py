"""`/healthz` and `/readyz`."""

from __future__ import annotations

from reconciler.loop.heartbeat import STILL_S_MAX, Heartbeat
from reconciler.readiness import PATIENCE_S, STALE_RESYNCS, Readiness
from templating.outcome import TemplateFailure
from tests.unit.loop.parts import Stage


def _readiness(stage: Stage) -> tuple[Readiness, Heartbeat]:
    heartbeat = Heartbeat(stage.scene.clock)
    informer, clock = stage.scene.informer, stage.scene.clock
    return Readiness(informer, [stage.job], heartbeat, resync_s=30.0, clock=clock), heartbeat


def test_not_ready_before_the_first_snapshot() -> None:
    """A proxy's file that was never rendered is no reason to send traffic."""
    stage = Stage()
    readiness, _ = _readiness(stage)
    assert readiness.ready() == (False, "the engine's state was not read yet")
    stage.reconcile()
    assert readiness.ready() == (True, "ok: the state is complete and fresh")


def test_not_ready_with_an_old_snapshot() -> None:
    """Two resyncs without an answer, and a little patience."""
    stage = Stage()
    readiness, _ = _readiness(stage)
    stage.reconcile()
    stage.scene.clock.now_s += STALE_RESYNCS * 30 + PATIENCE_S
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


def test_healthy_while_the_loop_moves() -> None:
    """Whatever the engine and the template do."""
    stage = Stage()
    readiness, heartbeat = _readiness(stage)
    assert readiness.healthy() == (True, "ok: the loop moves")
    stage.scene.clock.now_s += STILL_S_MAX + 5
    assert readiness.healthy() == (False, "the loop has not moved for 50 s")
    heartbeat.beat()
    assert readiness.healthy()[0]
