"""What all engines and jobs of a program share, and where time, chance and threads come from."""

from __future__ import annotations

import logging
import random
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from reconciler.backoff import Backoff
from reconciler.duty_cycle import DutyCycle
from reconciler.inbox import Inbox
from reconciler.loop.one_shot import BUDGET_S
from reconciler.loop.wakeups import Wakeup, ends_waiting
from reconciler.unexpected import Survivor, UnexpectedErrors

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from metrics.instruments import Metrics
    from reconciler.cli.settings import ProgramSettings

log = logging.getLogger("pygen")

T = TypeVar("T")


def spawn(work: Callable[[], None]) -> None:
    """Run something in a thread of its own that does not keep the process alive."""
    threading.Thread(target=work, name="worker", daemon=True).start()


def to_all(*takers: Callable[[T], object]) -> Callable[[T], None]:
    """What gives a report to each of several that take it."""

    def publish(report: T) -> None:
        for take in takers:
            take(report)

    return publish


@dataclass(frozen=True)
class Shared:
    """One for each program.

    Attributes:
        settings: the program's.
        environ: the environment.
        metrics: what is counted.
        unexpected: takes what nobody foresaw; from any thread.
        inbox: what wakes the loop up.
        stopping: set once the program ends.
        clock: monotonic, seconds.
        wall_clock: seconds since the epoch.
        chance: random numbers in [0, 1).
        deadline_s: the end of the budget of a single pass, on the monotonic clock.
    """

    settings: ProgramSettings
    environ: Mapping[str, str]
    metrics: Metrics
    unexpected: UnexpectedErrors
    inbox: Inbox[Wakeup]
    stopping: threading.Event = field(default_factory=threading.Event)
    clock: Callable[[], float] = time.monotonic
    wall_clock: Callable[[], float] = time.time
    chance: Callable[[], float] = random.random
    deadline_s: float = field(default_factory=lambda: time.monotonic() + BUDGET_S)

    @classmethod
    def of(cls, settings: ProgramSettings, environ: Mapping[str, str], metrics: Metrics) -> Shared:
        """What a program shares."""
        inbox: Inbox[Wakeup] = Inbox(time.monotonic, ends_waiting=ends_waiting)
        return cls(settings, environ, metrics, UnexpectedErrors(metrics.loop, log), inbox)

    def wake(self, wakeup: Wakeup) -> Callable[[], None]:
        """What wakes the loop up in this way; to be called from any thread."""
        return lambda: self.inbox.put(wakeup)

    def unexpected_in(self, part: str) -> Callable[[Exception], None]:
        """What takes the errors of one of `metrics.known.PARTS`."""
        return lambda error: self.unexpected.handle(part, error)

    def backoff(self) -> Backoff:
        """A new count of failures."""
        return Backoff(self.chance)

    def duty_cycle(self) -> DutyCycle:
        """A new measure of a thread's work."""
        return DutyCycle(self.clock, time.process_time)

    def pause(self, seconds: float) -> None:
        """Sleep, but not beyond the end of the program."""
        self.stopping.wait(seconds)

    def remaining_s(self) -> float:
        """Seconds that are left of the budget of a single pass."""
        return max(0.0, self.deadline_s - self.clock())

    def start_thread(self, part: str, body: Callable[[], None]) -> None:
        """Run the body of a thread that lives as long as the program, whatever it raises meanwhile.

        Args:
            part: its name in the metrics.
            body: returns when the program ends.
        """
        survivor = Survivor(part, self.unexpected, backoff=self.backoff(), wait=self._wait_after_error)
        threading.Thread(target=survivor.run, args=(body,), name=part, daemon=True).start()

    def _wait_after_error(self, seconds: float) -> bool:
        """Wait before a thread goes on; one is needed to the very end, and all end with the process."""
        self.stopping.wait(seconds)
        return False
