"""A made-up clock, engine, store and observer for the notifier, written like the real ones: nothing sleeps here."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from models.run import CHILD, NO_CONTAINER, Run
from notify.actions.restart import Restart
from notify.actions.signal import Signal
from notify.dispatcher import Runtime
from notify.interval import Interval
from notify.notifier import Notifier, NotifySettings
from notify.port import ContainerState, DeliveryError, EngineRefused, Executed
from notify.start_order import CompleteList, ContainerObservation
from notify.together import flush
from tests.support.fake_clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from models.notification import Notification, NotifyReport
    from models.write import Cause
    from notify.actions.action import Action, SignalVia

HUP = Signal("web", "SIGHUP")
RESTART = Restart("web")
ENGINE = "unix:///made/up.sock"
EPOCH = datetime(2024, 5, 1, tzinfo=UTC)  # the engine's clock is far from ours: comparing the two would show

When = Literal["before", "after", "halfway"]


@dataclass
class FakeContainer:
    """One container of the made-up engine."""

    container_id: str
    name: str
    running: bool = True
    restarting: bool = False
    paused: bool = False
    started_at: str = ""
    stop_signal: str = ""
    restart_policy: str = ""
    pid_mode: str = ""
    stop_timeout_s: int | None = None
    stopped_by_restart: bool = False
    health: str = ""

    @property
    def run(self) -> Run:
        return Run(self.container_id, self.started_at)


@dataclass
class Fault:
    """What goes wrong with the next call of an operation."""

    error: DeliveryError
    when: When = "before"


@dataclass
class Call:
    """One call of the engine's."""

    operation: str
    container_id: str
    detail: tuple[object, ...] = ()


class FakeEngine:
    """A NotifyPort whose containers start, stop and are told; it can refuse, time out, or do things by halves."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.containers: dict[str, FakeContainer] = {}
        self.calls: list[Call] = []
        self.faults: dict[str, list[Fault]] = {}
        self.exit_status: Callable[[Sequence[str], str], int] = lambda command, user: 0
        self.output = b""
        self.told: list[Run] = []
        self.on_told: Callable[[Run], None] = lambda run: None
        self.on_started: Callable[[Run], None] = lambda run: None
        self.date_slack_ns = 0  # a `Date` header counts whole seconds, so that its upper bound is a second later
        self._ids = 0

    # The world

    def now_ns(self) -> int:
        return int(self.clock.now_s * 1_000_000_000)

    def run_new(self, name: str = "web", **settings: object) -> FakeContainer:
        """`docker run`."""
        self._ids += 1
        container = FakeContainer(f"{self._ids:064x}", name)
        for key, value in settings.items():
            setattr(container, key, value)
        self.containers[container.container_id] = container
        self.begin_run(container)
        return container

    def begin_run(self, container: FakeContainer) -> None:
        self.clock.tick()
        container.running, container.restarting, container.paused = True, False, False
        container.stopped_by_restart = False
        container.started_at = self.timestamp(self.now_ns())
        self.on_started(container.run)
        self.clock.tick()

    def stop(self, container: FakeContainer) -> None:
        self.clock.tick()
        container.running, container.paused, container.stopped_by_restart = False, False, False

    def remove(self, container: FakeContainer) -> None:
        self.clock.tick()
        del self.containers[container.container_id]

    @staticmethod
    def timestamp(time_ns: int) -> str:
        moment = EPOCH + timedelta(seconds=time_ns // 1_000_000_000)
        return f"{moment:%Y-%m-%dT%H:%M:%S}.{time_ns % 1_000_000_000:09d}Z"

    def epoch_ns(self) -> int:
        """The engine's clock as its timestamps count."""
        return int(EPOCH.timestamp()) * 1_000_000_000 + self.now_ns()

    # The port

    def inspect(self, engine: str, container_id: str, *, timeout_s: float) -> ContainerState | None:
        self._note("inspect", container_id, engine, timeout_s)
        self._fail("inspect", "before")
        container = self.containers.get(container_id)
        if container is None:
            return None
        return ContainerState(
            running=container.running,
            restarting=container.restarting,
            paused=container.paused,
            started_at=container.started_at,
            stop_signal=container.stop_signal,
            restart_policy=container.restart_policy,
            pid_mode=container.pid_mode,
            stop_timeout_s=container.stop_timeout_s,
            health=container.health,
            engine_ns_max=self.epoch_ns() + self.date_slack_ns,
        )

    def kill(self, engine: str, container_id: str, signal: str, *, timeout_s: float) -> None:
        self._note("kill", container_id, signal, timeout_s)
        self._fail("kill", "before")
        self._tell(self._running(container_id))
        self._fail("kill", "after")

    def execute(
        self, engine: str, container_id: str, command: Sequence[str], *, user: str = "", timeout_s: float
    ) -> Executed:
        self._note("execute", container_id, tuple(command), user)
        self._fail("execute", "before")
        container = self._running(container_id)
        status = self.exit_status(command, user)
        if status == 0:
            self._tell(container)
        self._fail("execute", "after")
        return Executed(status, self.output)

    def restart(self, engine: str, container_id: str, *, stop_timeout_s: int | None, timeout_s: float) -> None:
        self._note("restart", container_id, stop_timeout_s, timeout_s)
        self._fail("restart", "before")
        container = self._there(container_id)
        self.stop(container)
        container.stopped_by_restart = True
        self._fail("restart", "halfway")
        self.begin_run(container)
        self._fail("restart", "after")

    def start(self, engine: str, container_id: str, *, timeout_s: float) -> None:
        self._note("start", container_id)
        self._fail("start", "before")
        container = self._there(container_id)
        if not container.running:
            self.begin_run(container)
        self._fail("start", "after")

    def ring(self) -> None:
        """What no container is needed for."""
        self._note("ring", "")
        self._fail("ring", "before")
        self.told.append(NO_CONTAINER)
        self.on_told(NO_CONTAINER)
        self._fail("ring", "after")

    # Inside

    def fail(self, operation: str, error: DeliveryError, when: When = "before") -> None:
        """Let the next call of the operation go wrong, before or after (or amid) its effect."""
        self.faults.setdefault(operation, []).append(Fault(error, when))

    def operations(self) -> list[str]:
        """What was called, without the looks."""
        return [call.operation for call in self.calls if call.operation != "inspect"]

    def _note(self, operation: str, container_id: str, *detail: object) -> None:
        self.clock.tick()
        self.calls.append(Call(operation, container_id, detail))

    def _fail(self, operation: str, when: When) -> None:
        waiting = self.faults.get(operation, [])
        if waiting and waiting[0].when == when:
            raise waiting.pop(0).error

    def _there(self, container_id: str) -> FakeContainer:
        container = self.containers.get(container_id)
        if container is None:
            raise EngineRefused("no such container", 404)
        return container

    def _running(self, container_id: str) -> FakeContainer:
        container = self._there(container_id)
        if not container.running:
            raise EngineRefused("the container is not running", 409)
        return container

    def _tell(self, container: FakeContainer) -> None:
        self.told.append(container.run)
        self.on_told(container.run)


class FakeStore:
    """A StateStore in memory; it can refuse, and what it did last can be looked at."""

    def __init__(self) -> None:
        self.data: bytes | None = None
        self.saves = 0
        self.error: OSError | None = None
        self.on_save: Callable[[], None] = lambda: None

    def load(self) -> bytes | None:
        return self.data

    def save(self, data: bytes, *, is_durable: bool) -> None:
        assert is_durable  # there are notifications
        if self.error is not None:
            raise self.error
        self.data = data
        self.saves += 1
        self.on_save()


@dataclass
class RecordedReports:
    """Remembers every result, and the last standing of each notification."""

    forward: Callable[[NotifyReport], None]
    attempts: list[tuple[Notification, str]] = field(default_factory=list)
    owed: dict[Notification, tuple[int, float]] = field(default_factory=dict)
    matched: dict[Notification, int] = field(default_factory=dict)
    at_risk: dict[Notification, bool] = field(default_factory=dict)
    reports: int = 0

    def publish(self, report: NotifyReport) -> None:
        self.reports += 1
        self.forward(report)
        for result in report.results:
            self.attempts.append((result.notification, "success" if result.ok else "error"))
        for standing in report.standings:
            self.owed[standing.notification] = (standing.pending, standing.oldest_epoch_s)
            self.matched[standing.notification] = standing.matches
            self.at_risk[standing.notification] = standing.policy_at_risk


class ManualWorkers:
    """Keeps what a thread would run until the test lets it."""

    def __init__(self) -> None:
        self.waiting: list[Callable[[], None]] = []

    def spawn(self, work: Callable[[], None]) -> None:
        self.waiting.append(work)

    def run(self, index: int = 0) -> None:
        self.waiting.pop(index)()

    def run_all(self) -> None:
        while self.waiting:
            self.run()


class RecordingHandler(logging.Handler):
    """Remembers log lines as `LEVEL text`."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.levelname} {record.getMessage()}")

    def matching(self, part: str) -> list[str]:
        return [line for line in self.lines if part in line]


class NotifierHarness:
    """One program around a notifier: an engine, a file, a state, and the loop's passes in small steps."""

    def __init__(
        self,
        *notifications: Action,
        interval: Interval | None = None,
        via: SignalVia = "auto",
        chance: Callable[[], float] = lambda: 0.0,
        clock: FakeClock | None = None,
        job: str = "/etc/made/up.conf",
        publish: Callable[[NotifyReport], None] = lambda report: None,
    ) -> None:
        self.notifications: tuple[Action, ...] = notifications or (HUP,)
        self.interval = interval or Interval(0.5, 2)
        self.via: SignalVia = via
        self.chance = chance
        self.clock = clock or FakeClock()
        self.job = job
        self.publish = publish
        self.engine = FakeEngine(self.clock)
        self.store = FakeStore()
        self.lines = RecordingHandler()
        self.disk: str | None = None
        self.start()

    def start(self, *, looks: bool = False) -> None:
        """Start the program, or start it again after a crash: only engine, disk and state are left of before.

        Args:
            looks: whether it looks at the file first thing.
        """
        self.workers = ManualWorkers()
        self.observer = RecordedReports(self.publish)
        self.unexpected: list[Exception] = []
        self.stuck = False
        self.wakes = 0
        log = logging.Logger("test", logging.DEBUG)  # noqa: LOG001 - one that nobody else finds by its name
        log.addHandler(self.lines)
        self.notifier = Notifier(
            NotifySettings(self.job, self.notifications, self.interval, self.via, child="nginx"),
            self.engine,
            self.store,
            Runtime(self.clock, self.clock.wall, self.chance, self._spawn, self._wake, log, self.unexpected.append),
            self.observer.publish,
            child_run=self.child_run,
        )
        self.notifier.restore(self.disk if looks else None)

    def child_run(self) -> Run | None:
        """The child's run: it is a container of the engine's, known as `CHILD`."""
        child = self.engine.containers.get(CHILD)
        return child.run if child is not None and child.running else None

    def observations(self) -> dict[Notification, list[ContainerObservation]]:
        """What a pass would show now; a notification matches by name."""
        self.clock.tick()
        shown: dict[Notification, list[ContainerObservation]] = {
            notification: [] for notification in self.notifications
        }
        for notification in self.notifications:
            for container in self.engine.containers.values():
                if container.name == notification.container:
                    shown[notification].append(self._observation(container))
        return shown

    def listing(self) -> CompleteList:
        """A complete list, begun and answered now."""
        self.clock.tick()
        return CompleteList(self.clock(), frozenset(self.engine.containers))

    def render(
        self,
        digest: str,
        *,
        changed: Collection[str] | None = None,
        cause: Cause | None = None,
        also: Collection[Cause] = (),
    ) -> None:
        """One whole pass in which the template gives this content, for changes of containers of these names."""
        if self.disk == digest:
            self.notifier.unchanged(digest, self.observations(), listing=self.listing())
            return
        shown = self.observations()
        self.notifier.prepare(digest, cause or self.cause(), shown, changed=changed, also=also)
        self.disk = digest
        self.clock.tick()
        self.notifier.replaced(digest, shown, self.clock())

    def cause(self) -> Literal["state", "drift", "missing"]:
        """Why the file is replaced, as the loop says it."""
        if self.disk is None:
            return "missing"
        return "drift" if self.notifier.is_drift(self.disk) else "state"

    def pump(self) -> None:
        """Let everything that is due now be delivered and acknowledged."""
        self.clock.tick()
        self.notifier.advance(self.clock())
        while self.workers.waiting:
            self.workers.run_all()
            self.clock.tick()
            self.notifier.advance(self.clock())

    def wait(self, seconds: float) -> None:
        """Let time pass, serving whatever becomes due on the way."""
        until_s = self.clock() + seconds
        self.pump()
        while (due_s := self.notifier.next_due()) is not None and due_s <= until_s:
            self.clock.now_s = max(due_s, self.clock())
            self.pump()
        self.clock.now_s = max(until_s, self.clock())

    def flush(self, deadline_s: float) -> bool:
        """What the loop does at its end, with this notifier alone."""
        return flush([self.notifier], deadline_s, clock=self.clock, wait=self.work_until)

    def work_until(self, moment_s: float) -> None:
        """Waiting lets a worker work, unless they are stuck; with nothing to do it moves the clock."""
        if self.workers.waiting and not self.stuck:
            self.workers.run()
        else:
            self.clock.now_s = max(moment_s, self.clock())

    def pending(self) -> int:
        """How many debts there are."""
        return len(self.notifier.pending())

    def _spawn(self, work: Callable[[], None]) -> None:
        self.workers.spawn(work)

    def _wake(self) -> None:
        self.wakes += 1

    def _observation(self, container: FakeContainer) -> ContainerObservation:
        runs = container.running and not container.restarting
        return ContainerObservation(
            container_id=container.container_id,
            name=container.name,
            engine=ENGINE,
            run=container.run if runs else None,
            read_at_s=self.clock(),
            paused=container.paused,
        )
