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
from tests.unit.informer.informer_harness import InformerHarness
from tests.unit.loop.job_harness import JobHarness
from tests.unit.loop.test_reconciler import RecordedErrors

if TYPE_CHECKING:
    from collections.abc import Callable

HUP = Signal("nginx", "SIGHUP")


class SlowJobHarness(JobHarness):
    """Its workers work when they are let."""

    def __init__(self, upstream: InformerHarness) -> None:
        self.workers: list[Callable[[], None]] = []
        super().__init__(HUP, upstream=upstream)

    def _spawn(self, work: Callable[[], None]) -> None:
        self.workers.append(work)


class WorkingInbox(Inbox[Wakeup]):
    """Waiting lets a worker of the second job work; when it has none, time passes."""

    def __init__(self, upstream: InformerHarness, harness: SlowJobHarness) -> None:
        super().__init__(upstream.clock)
        self.upstream = upstream
        self.harness = harness

    def take(self, until_s: float, *, not_before_s: float = 0.0) -> list[Wakeup]:
        if not self.harness.workers:
            self.upstream.pass_by(max(0.0, until_s - self.upstream.clock.now_s))
            return []
        self.harness.workers.pop()()
        return [DeliveryEnded()]


def test_the_second_job_is_told_while_the_first_one_s_engine_hangs() -> None:
    """Neither waits for the other: the first one's delivery never ends, and stays owed."""
    upstream = InformerHarness()
    upstream.world.add_container("nginx")
    harnesses = [SlowJobHarness(upstream), SlowJobHarness(upstream)]
    for harness in harnesses:
        harness.reconcile()
    log = logging.getLogger("test.loop")
    loop = Reconciler(
        harnesses[0].states,
        [],
        [harness.job for harness in harnesses],
        inbox=WorkingInbox(upstream, harnesses[1]),
        clock=upstream.clock,
        wall_clock=upstream.clock,
        chance=lambda: 0.0,
        duty_cycle=DutyCycle(upstream.clock, lambda: 0.0),
        unexpected=UnexpectedErrors(RecordedErrors(), log),
        heartbeat=Heartbeat(upstream.clock),
        resync_s=30.0,
        publish=harnesses[0].observer.passed,
        before_pass=lambda _: None,
        after_pass=lambda: None,
        log=log,
    )
    assert not loop.flush(upstream.clock.now_s + 4)
    assert [harness.port.signals for harness in harnesses] == [[], [("nginx", "SIGHUP")]]
    assert [len(harness.notifier.pending()) for harness in harnesses] == [1, 0]
