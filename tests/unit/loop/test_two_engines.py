"""Two jobs over two engines in one loop: what is slow, broken or silent with one costs the other nothing."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from notify.actions.signal import Signal
from notify.dispatcher import Runtime
from notify.engine_ports import EnginePorts
from notify.interval import Interval
from notify.notifier import Notifier, NotifySettings
from notify.port import EngineUnavailable
from reconciler.backoff import Backoff
from reconciler.duty_cycle import DutyCycle
from reconciler.inbox import Inbox
from reconciler.loop.desired import Desired
from reconciler.loop.heartbeat import Heartbeat
from reconciler.loop.job import Job
from reconciler.loop.pass_input import EngineStates
from reconciler.loop.recipients import RecipientMatcher
from reconciler.loop.reconciler import TEMPLATE_POLL_S, Reconciler
from reconciler.loop.wakeups import StatePublished, Wakeup
from reconciler.target.state_file import MemoryStore
from reconciler.unexpected import UnexpectedErrors
from tests.support.fake_clock import FakeClock
from tests.unit.informer.informer_harness import InformerHarness, failure
from tests.unit.loop.job_harness import FakeNotifyPort, FakeRenderer, MemoryTarget, SynchronousRenderWorker
from tests.unit.metrics.scraping import metrics_of, value

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from models.pass_report import PassReport
    from notify.port import ContainerState
    from reconciler.target.outcome import PartlyWritten, WriteFailed, Written

FIRST, SECOND = "unix:///first.sock", "unix:///second.sock"
HUP = Signal("reader", "SIGHUP")
LABELS = {"action": "signal", "container": "reader"}


class SilenceError(BaseException):
    """A request that is never answered: whoever made it waits for the rest of the test."""


class Port(FakeNotifyPort):
    """One engine's; it may fall silent."""

    def __init__(self, upstream: InformerHarness, journal: list[str]) -> None:
        super().__init__(upstream)
        self.journal = journal
        self.is_silent = False

    def inspect(self, engine: str, container_id: str, *, timeout_s: float) -> ContainerState | None:
        if self.is_silent:
            raise SilenceError
        return super().inspect(engine, container_id, timeout_s=timeout_s)

    def kill(self, engine: str, container_id: str, signal: str, *, timeout_s: float) -> None:
        super().kill(engine, container_id, signal, timeout_s=timeout_s)
        self.journal.append(f"told {self.signals[-1][0]}")


class Target(MemoryTarget):
    """One job's; it may fail in a way that nobody foresaw."""

    def __init__(self, path: str, journal: list[str]) -> None:
        super().__init__(path)
        self.journal = journal
        self.fault: Exception | None = None

    def write(self, content: bytes) -> Written | PartlyWritten | WriteFailed:
        if self.fault is not None:
            raise self.fault
        self.journal.append(f"wrote {self.path}")
        return super().write(content)


class TwoByTwo:
    """Two engines, two jobs that see both, one loop. Workers run when the loop waits."""

    def __init__(self, *, interval: Interval | None = None, stores: Sequence[MemoryStore] = ()) -> None:
        self.clock = FakeClock()
        self.journal: list[str] = []
        self.engines = {name: InformerHarness(clock=self.clock, engine=name) for name in (FIRST, SECOND)}
        self.ports = {name: Port(engine, self.journal) for name, engine in self.engines.items()}
        self.port = EnginePorts(self.ports)
        self.workers: list[Callable[[], None]] = []
        self.metrics = metrics_of(["/a", "/b"], notifications=[HUP])
        self.surprises: list[str] = []
        self.reports: list[PassReport] = []
        self.log = logging.getLogger("test.two")
        self.interval = interval or Interval(0.5, 2.0)
        self.stores = stores or (MemoryStore(), MemoryStore())
        self.renderers = [FakeRenderer(), FakeRenderer()]
        self.targets = [Target(path, self.journal) for path in ("/a", "/b")]
        self.jobs = list(map(self._job, self.targets, self.renderers, self.stores))
        self.loop = Reconciler(
            EngineStates([engine.published for engine in self.engines.values()]),
            [],
            self.jobs,
            inbox=Inbox[Wakeup](self.clock),
            clock=self.clock,
            wall_clock=self.clock,
            chance=lambda: 0.0,
            duty_cycle=DutyCycle(self.clock, lambda: 0.0),
            unexpected=UnexpectedErrors(self, self.log),
            heartbeat=Heartbeat(self.clock),
            resync_s=30.0,
            publish=self._publish,
            before_pass=lambda _: None,
            after_pass=lambda: None,
            log=self.log,
        )

    def unexpected(self, part: str) -> None:
        self.surprises.append(part)

    def read_engines(self, *names: str) -> None:
        """These engines' informers list, inspect and publish; then the loop comes by."""
        for name in names or self.engines:
            self.engines[name].informer.on_reload()
            assert self.engines[name].informer.sync()
        self.come_by()

    def come_by(self) -> None:
        """One pass, and one more for what workers have reported after it."""
        self.loop.run_once([StatePublished()])
        self.work()
        self.loop.run_once([])

    def work(self) -> bool:
        """Let all workers work; one whose engine is silent does not come back. Whether any did."""
        begun, self.workers = self.workers, []
        came_back = False
        for worker in begun:
            try:
                worker()
            except SilenceError:
                continue
            came_back = True
        return came_back

    def pass_by(self, seconds: float) -> None:
        self.clock.now_s += seconds
        for engine in self.engines.values():
            engine.world.clock.offset_ns += int(seconds * 1e9)

    def wait(self, until_s: float) -> None:
        """How the loop waits while it flushes."""
        if not self.work():
            self.pass_by(max(0.0, until_s - self.clock.now_s))

    def written(self) -> list[int]:
        return [len(target.writes) for target in self.targets]

    def pending(self) -> list[int]:
        return [len(job.notifier.pending()) for job in self.jobs]

    def shown(self, name: str, **labels: str) -> float:
        return value(self.metrics, name, **(labels or LABELS))

    def _publish(self, report: PassReport) -> None:
        self.reports.append(report)
        self.metrics.loop.publish(report)

    def _job(self, target: Target, renderer: FakeRenderer, store: MemoryStore) -> Job:
        runtime = Runtime(
            self.clock, self.clock, lambda: 0.0, self._spawn, lambda: None, self.log, self._raise_unforeseen
        )
        job = Job(
            desired=Desired(
                target.path,
                SynchronousRenderWorker(renderer, clock=self.clock),
                clock=self.clock,
                backoff=Backoff(lambda: 0.0),
                publish=self.metrics.loop.rendered,
                log=self.log,
            ),
            target=target,
            notifier=Notifier(
                NotifySettings(target.path, [HUP], self.interval),
                self.port,
                store,
                runtime,
                self.metrics.notify.publish,
            ),
            recipients=RecipientMatcher([HUP], log=self.log),
            clock=self.clock,
            wall_clock=self.clock,
            log=self.log,
        )
        assert job.desired.first_load() is None
        job.restore()
        return job

    def _spawn(self, work: Callable[[], None]) -> None:
        self.workers.append(work)

    @staticmethod
    def _raise_unforeseen(error: Exception) -> None:
        raise error


def running(*, interval: Interval | None = None, readers: tuple[int, int] = (1, 1)) -> TwoByTwo:
    """Both engines are read, both files written, and all readers told."""
    two = TwoByTwo(interval=interval)
    for engine, count, letter in zip(two.engines.values(), readers, "xy", strict=True):
        for number in range(count):
            engine.world.add_container(f"{letter}{number}", labels={"pygen.target": "reader"})
    two.read_engines()
    two.pass_by(5)
    two.come_by()
    assert two.pending() == [0, 0]
    two.journal.clear()
    return two


def test_both_files_are_written_from_one_state_before_anybody_is_told() -> None:
    """Even where notifications wait for nothing: a reader of both files finds them to match."""
    two = running(interval=Interval(0.0, 0.0))
    two.engines[FIRST].world.add_container("web")
    two.engines[SECOND].world.add_container("db")
    two.read_engines()
    assert two.journal[:2] == ["wrote /a", "wrote /b"]
    assert sorted(two.journal[2:]) == ["told x0", "told y0"]
    assert two.targets[0].lines == two.targets[1].lines == ["names", "db", "web", "x0", "y0"]


def test_an_edited_template_touches_its_own_job_only() -> None:
    """The other one is not rendered, not compared, not written, and nothing is owed for it."""
    two = running()
    renders, passes = two.renderers[0].renders, len(two.reports)
    two.renderers[1].heading, two.renderers[1].edited = "hosts", True
    two.pass_by(TEMPLATE_POLL_S)
    two.come_by()
    assert two.journal == ["wrote /b"]
    assert two.renderers[0].renders == renders
    assert [job.job for report in two.reports[passes:] for job in report.jobs] == ["/b"]
    assert two.pending() == [0, 2]
    two.pass_by(0.5)
    two.come_by()
    assert sorted(two.journal) == ["told x0", "told y0", "wrote /b"]


def test_what_is_due_to_one_engine_is_on_time_while_the_other_answers_nothing() -> None:
    """Neither its list, nor an inspect, nor a delivery is waited for; what it is owed stays so, and is told later."""
    two = running()
    two.ports[SECOND].is_silent = True
    two.engines[SECOND].reader.broken["list"] = failure(reason="timeout")
    two.engines[SECOND].informer.on_reload()
    for number in (1, 2, 3):
        two.engines[FIRST].world.add_container(f"web-{number}")
        two.read_engines(FIRST)
        assert two.written() == [1 + number, 1 + number]
        two.pass_by(0.5)
        two.come_by()
        assert two.ports[FIRST].signals.count(("x0", "SIGHUP")) == 1 + number
        assert two.pending() == [1, 1]
    assert "y0" in two.targets[0].lines
    assert len(two.ports[SECOND].signals) == 1


def test_what_was_owed_before_the_start_is_told_while_another_engine_was_never_read() -> None:
    """Files wait for a complete state of all engines; deliveries wait only until one can't be read."""
    before = running()
    before.engines[FIRST].world.add_container("web")
    before.read_engines(FIRST)
    after = TwoByTwo(stores=before.stores)
    for name, engine in before.engines.items():
        engine.clock = after.clock
        after.engines[name].world, after.ports[name].upstream = engine.world, engine
    for target, found, job in zip(after.targets, before.targets, after.jobs, strict=True):
        target.content = found.content
        job.restore()
    after.ports[SECOND].is_silent = True
    after.pass_by(0.5)
    after.come_by()
    assert after.journal == []
    after.engines[SECOND].reader.broken["list"] = failure(reason="timeout")
    after.engines[SECOND].informer.on_reload()
    assert not after.engines[SECOND].informer.sync()
    after.come_by()
    assert after.journal == ["told x0"]
    assert after.pending() == [1, 1]


@pytest.mark.parametrize("silent", [FIRST, SECOND])
def test_at_the_end_both_jobs_are_flushed_side_by_side(silent: str) -> None:
    """An engine that hangs takes no time from the other one: all of it is told before the first waiting is over."""
    two = running(readers=(2, 2))
    two.engines[FIRST].world.add_container("web")
    two.read_engines(FIRST)
    two.ports[silent].is_silent = True
    told_before = {name: len(port.signals) for name, port in two.ports.items()}
    begun: list[int] = []

    def take(until_s: float) -> list[Wakeup]:
        begun.append(len(two.workers))
        two.wait(until_s)
        return []

    two.loop._inbox.take = take  # type: ignore[method-assign, assignment] # waits on the made-up clock
    assert not two.loop.flush(two.clock.now_s + 4)
    assert begun[0] == 4
    told = {name: len(port.signals) - told_before[name] for name, port in two.ports.items()}
    assert told == {name: 0 if name == silent else 2 for name in two.ports}
    assert two.pending() == [2, 2]


def test_gauges_of_both_jobs_add_up() -> None:
    """A job that owes nothing does not hide what the other owes, whichever of them reports last."""
    two = running(readers=(2, 1))
    assert two.shown("pygen_notification_matches") == 6
    two.renderers[0].heading, two.renderers[0].edited = "hosts", True
    two.pass_by(TEMPLATE_POLL_S)
    two.come_by()
    assert two.pending() == [3, 0]
    assert two.shown("pygen_notifications_pending") == 3
    oldest_epoch_s = two.shown("pygen_notification_oldest_pending_timestamp_seconds")
    assert oldest_epoch_s > 0
    two.engines[SECOND].world.die("y0")
    two.read_engines(SECOND)
    assert two.pending() == [2, 2]
    assert two.shown("pygen_notifications_pending") == 4
    assert two.shown("pygen_notification_oldest_pending_timestamp_seconds") == oldest_epoch_s
    two.pass_by(3)
    two.come_by()
    assert two.shown("pygen_notifications_pending") == 0
    assert two.shown("pygen_notification_oldest_pending_timestamp_seconds") == 0


def test_a_fault_of_ours_in_one_job_costs_the_other_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """It is counted for that job, shown, tried again with backoff, and over with the first pass that succeeds."""
    two = running()
    two.targets[0].fault = RuntimeError("surprise")
    failed_before = two.shown("pygen_reconcile_total", target="/b", result="error")
    for number in (1, 2, 3):
        two.engines[FIRST].world.add_container(f"web-{number}")
        two.read_engines()
        two.pass_by(0.5)
        two.come_by()
    assert two.journal.count("wrote /b") == 3
    assert two.journal.count("told x0") == two.journal.count("told y0") == 3
    assert two.shown("pygen_reconcile_total", target="/b", result="error") == failed_before
    assert two.shown("pygen_reconcile_total", target="/a", result="error") == len(two.surprises) == 3
    assert two.loop.unexpected_failure == "RuntimeError"
    two.targets[0].fault = None
    two.pass_by(2)
    two.come_by()
    assert two.targets[0].lines == two.targets[1].lines
    assert two.loop.unexpected_failure == ""
    assert "surprise" not in caplog.text


def test_an_engine_that_is_not_configured_any_more_is_named() -> None:
    """What is owed to its containers stays owed; the error says what to do."""
    ports = EnginePorts(running().ports)
    with pytest.raises(EngineUnavailable, match=r"unix:///third.sock is not among the engines"):
        ports.inspect("unix:///third.sock", "0" * 64, timeout_s=1)
