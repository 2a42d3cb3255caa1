"""The end of the loop: what every job owes is sent at once, side by side."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from notify.actions.signal import Signal
from reconciler.duty_cycle import DutyCycle
from reconciler.inbox import Inbox
from reconciler.loop.heartbeat import Heartbeat
from reconciler.loop.reconciler import Reconciler
from reconciler.loop.wakeups import DeliveryEnded, Wakeup
from reconciler.unexpected import UnexpectedErrors
from tests.unit.informer.world import Scene
from tests.unit.loop.parts import Stage
from tests.unit.loop.test_reconciler import Surprises

if TYPE_CHECKING:
    from collections.abc import Callable

HUP = Signal("nginx", "SIGHUP")


class SlowStage(Stage):
    """Its workers work when they are let."""

    def __init__(self, scene: Scene) -> None:
        self.workers: list[Callable[[], None]] = []
        super().__init__(HUP, scene=scene)

    def _spawn(self, work: Callable[[], None]) -> None:
        self.workers.append(work)


class WorkingInbox(Inbox[Wakeup]):
    """Waiting lets a worker of the second job work; when it has none, time passes."""

    def __init__(self, scene: Scene, stage: SlowStage) -> None:
        super().__init__(scene.clock)
        self.scene = scene
        self.stage = stage

    def take(self, until_s: float, *, not_before_s: float = 0.0) -> list[Wakeup]:
        if not self.stage.workers:
            self.scene.pass_by(max(0.0, until_s - self.scene.clock.now_s))
            return []
        self.stage.workers.pop()()
        return [DeliveryEnded()]


def test_the_second_job_is_told_while_the_first_one_s_engine_hangs() -> None:
    """Neither waits for the other: the first one's delivery never ends, and stays owed."""
    scene = Scene()
    scene.world.add_container("nginx")
    stages = [SlowStage(scene), SlowStage(scene)]
    for stage in stages:
        stage.reconcile()
    log = logging.getLogger("test.loop")
    loop = Reconciler(
        stages[0].states,
        [],
        [stage.job for stage in stages],
        inbox=WorkingInbox(scene, stages[1]),
        clock=scene.clock,
        wall_clock=scene.clock,
        chance=lambda: 0.0,
        duty_cycle=DutyCycle(scene.clock, lambda: 0.0),
        unexpected=UnexpectedErrors(Surprises(), log),
        heartbeat=Heartbeat(scene.clock),
        resync_s=30.0,
        publish=stages[0].counted.passed,
        after_pass=lambda: None,
        log=log,
    )
    assert not loop.flush(scene.clock.now_s + 4)
    assert [stage.port.signals for stage in stages] == [[], [("nginx", "SIGHUP")]]
    assert [len(stage.notifier.pending()) for stage in stages] == [1, 0]
