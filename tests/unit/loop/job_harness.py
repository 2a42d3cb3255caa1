"""A job whose edges are made up: a template in the test's hands, a target in memory, an engine that delivers."""

from __future__ import annotations

import logging
from collections import Counter
from typing import TYPE_CHECKING

from notify.dispatcher import Runtime
from notify.interval import Interval
from notify.notifier import Notifier, NotifySettings
from notify.port import ContainerState, EngineRefused, Executed
from notify.together import flush
from reconciler.backoff import Backoff
from reconciler.loop.desired import Desired
from reconciler.loop.job import Job
from reconciler.loop.pass_input import EngineStates
from reconciler.loop.recipients import RecipientMatcher
from reconciler.loop.render_worker import RenderWorker
from reconciler.target.diff import LineCounts, count_lines
from reconciler.target.outcome import Locked, Missing, PartlyWritten, Present, Unreadable, WriteFailed, Written
from reconciler.target.state_file import MemoryStore
from templating.outcome import Rendered, TemplateFailure
from templating.reads import EVERYTHING
from tests.unit.informer.informer_harness import InformerHarness

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from models.notification import NotifyReport
    from models.pass_report import PassReport, ReconcileReport, RenderReport
    from models.snapshot import Snapshot
    from notify.actions.action import Action
    from reconciler.target.outcome import LockOutcome, TargetContent
    from templating.host import RenderHost


class FakeRenderer:
    """Renders the names of the running containers, after a heading that an edit changes."""

    def __init__(self) -> None:
        self.heading = "names"
        self.load_failure: TemplateFailure | None = None
        self.render_failure: TemplateFailure | None = None
        self.undefined_names: tuple[str, ...] = ()
        self.notes: tuple[str, ...] = ()
        self.failed: tuple[TemplateFailure, ...] = ()
        self.edited = False
        self.is_empty = False
        self.is_repeating = False
        self.reads = EVERYTHING
        self.loads = 0
        self.renders = 0
        self._loaded = "names"

    @property
    def parses(self) -> bool:
        return self.load_failure is None

    def load(self) -> TemplateFailure | None:
        self.loads += 1
        self.edited = False
        if self.load_failure is None:
            self._loaded = self.heading
        return self.load_failure

    def render(self, snapshot: Snapshot) -> Rendered | TemplateFailure:
        self.renders += 1
        failure = self.load_failure or self.render_failure
        if failure is not None:
            return failure
        if self.is_empty:
            return Rendered(b"", (), reads=self.reads)
        lines = [self._loaded, *(container.name for container in snapshot.containers)]
        text = "".join(f"{line}\n" for line in lines).encode()
        count = len(self.failed)
        return Rendered(
            text,
            self.undefined_names,
            self.notes,
            self.reads,
            is_repeated=self.is_repeating,
            failed=self.failed,
            failed_count=count,
        )

    def stale(self) -> bool:
        return self.edited

    def use(self, host: RenderHost) -> None:
        """It needs no process."""

    def close(self) -> None:
        """Nothing is open."""


def _raise(error: Exception) -> None:
    raise error


class SynchronousRenderWorker(RenderWorker):
    """Does what is asked for before the asker goes on, unless it is held."""

    def __init__(self, renderer: FakeRenderer, *, clock: Callable[[], float]) -> None:
        super().__init__(renderer, clock=clock, wake=lambda: None, unexpected=_raise)
        self.is_held = False

    def step_once(self) -> None:
        """Do one thing of what was asked for."""
        self.serve(None)

    def release(self) -> None:
        """Do what was asked for meanwhile."""
        self.is_held = False
        self._catch_up()

    def ask_load(self) -> None:
        super().ask_load()
        self._catch_up()

    def ask_look(self) -> None:
        super().ask_look()
        self._catch_up()

    def ask_render(self, snapshot: Snapshot, revision: int) -> None:
        super().ask_render(snapshot, revision)
        self._catch_up()

    def _catch_up(self) -> None:
        while not self.is_held and self.has_work():
            self.serve(None)


class MemoryTarget:
    """A target that holds what it is given, or refuses."""

    def __init__(self, path: str = "/made/up.conf") -> None:
        self.path = path
        self.beside = path
        self.problem = ""
        self.files: int | None = None
        self.content: bytes | None = None
        self.unreadable = ""
        self.refusal = ""
        self.has_drifted = False
        self.partial = ""  # why the last line of what is written is not there
        self.is_file = True
        self.writes: list[bytes] = []
        self.tries = 0

    def lock(self) -> LockOutcome:
        return Locked()

    def read(self) -> TargetContent:
        if self.unreadable:
            return Unreadable(self.unreadable)
        return Missing() if self.content is None else Present(self.content, self.has_drifted)

    def wanted(self, content: bytes) -> bytes:
        return content

    def line_counts(self, old: bytes, new: bytes) -> LineCounts:
        return count_lines(old, new)

    def write(self, content: bytes) -> Written | PartlyWritten | WriteFailed:
        self.tries += 1
        if self.partial:
            self.content = b"".join(content.splitlines(keepends=True)[:-1])
            return PartlyWritten("replace", self.content, self.partial)
        if self.refusal:
            return WriteFailed("replace", self.refusal)
        self.content, self.has_drifted = content, False
        self.writes.append(content)
        return Written("replace")

    def close(self) -> None:
        """Nothing is open."""

    @property
    def lines(self) -> list[str]:
        assert self.content is not None
        return self.content.decode().splitlines()


class FakeNotifyPort:
    """Delivers everything at once to containers of the fake engine."""

    def __init__(self, upstream: InformerHarness) -> None:
        self.upstream = upstream
        self.signals: list[tuple[str, str]] = []
        self.restarts: list[str] = []
        self.refuses = False
        self.on_told: Callable[[str], object] = lambda name: None

    def inspect(self, engine: str, container_id: str, *, timeout_s: float) -> ContainerState | None:
        container = self.upstream.world.container(container_id)
        return ContainerState(container.running, container.restarting, container.paused, container.started_at)

    def kill(self, engine: str, container_id: str, signal: str, *, timeout_s: float) -> None:
        if self.refuses:
            raise EngineRefused("no", 500)
        name = self.upstream.world.container(container_id).name
        self.signals.append((name, signal))
        self.on_told(name)

    def restart(self, engine: str, container_id: str, *, stop_timeout_s: int | None, timeout_s: float) -> None:
        self.restarts.append(self.upstream.world.container(container_id).name)
        self.upstream.world.restart(container_id)

    def start(self, engine: str, container_id: str, *, timeout_s: float) -> None:
        self.upstream.world.start_container(container_id)

    def execute(
        self, engine: str, container_id: str, command: Sequence[str], *, user: str = "", timeout_s: float
    ) -> Executed:
        raise AssertionError("no container of these tests has a policy to be spared")


class RecordingJobObserver:
    """Everything that a job counts."""

    def __init__(self) -> None:
        self.passes: Counter[bool] = Counter()
        self.renders: Counter[bool] = Counter()
        self.writes: Counter[bool] = Counter()
        self.causes: Counter[str] = Counter()
        self.lines: list[tuple[int, int]] = []
        self.undefined: list[int] = []
        self.notes: list[int] = []
        self.matching: dict[str, int] = {}
        self.states: dict[str, int] = {}

    def rendered(self, report: RenderReport) -> None:
        self.renders[report.ok] += 1
        self.undefined.append(report.undefined_names)
        self.notes.append(report.notes)

    def reconciled(self, report: ReconcileReport) -> None:
        """A pass over a target is over."""
        self.passes[report.ok] += 1
        if report.write is not None:
            self.writes[report.write.ok] += 1
        if report.difference is not None:
            self.causes[report.difference.cause] += 1
            self.lines.append((report.difference.added, report.difference.removed))

    def passed(self, report: PassReport) -> None:
        """A pass of the loop is over."""
        for job in report.jobs:
            self.reconciled(job)
        if report.containers is not None:
            self.states = dict(report.containers)

    def publish(self, report: NotifyReport) -> None:
        for standing in report.standings:
            self.matching[standing.notification.container] = standing.matches


class JobHarness:
    """One job over an informer, stepped by the test."""

    def __init__(
        self,
        *notifications: Action,
        upstream: InformerHarness | None = None,
        observer: RecordingJobObserver | None = None,
        store: MemoryStore | None = None,
        path: str = "/made/up.conf",
        after: Sequence[str] = (),
    ) -> None:
        self.upstream = upstream or InformerHarness()
        self.renderer = FakeRenderer()
        self.target = MemoryTarget(path)
        self.port = FakeNotifyPort(self.upstream)
        self.observer = observer or RecordingJobObserver()
        self.store = store or MemoryStore()
        self.woken = 0
        log = logging.getLogger("test.job")
        clock = self.upstream.clock
        self.notifier = Notifier(
            NotifySettings(self.target.path, notifications, Interval(0.5, 2.0)),
            self.port,
            self.store,
            Runtime(clock, clock, lambda: 0.0, self._spawn, self._wake, log),
            self.observer.publish,
        )
        self.renders = SynchronousRenderWorker(self.renderer, clock=clock)
        self.desired = Desired(
            self.target.path,
            self.renders,
            clock=clock,
            backoff=Backoff(lambda: 0.0),
            publish=self.observer.rendered,
            log=log,
        )
        self.job = Job(
            desired=self.desired,
            target=self.target,
            notifier=self.notifier,
            recipients=RecipientMatcher(notifications, log=log),
            clock=clock,
            wall_clock=clock,
            log=log,
            after=after,
        )
        self.states = EngineStates([self.upstream.published])
        self.job.restore()
        assert self.desired.first_load() is None

    def _spawn(self, work: Callable[[], None]) -> None:
        work()

    def _wake(self) -> None:
        self.woken += 1

    def flush(self) -> bool:
        """Deliver what is owed now; the workers have done so when they were started."""
        return flush([self.notifier], self.upstream.clock.now_s, clock=self.upstream.clock, wait=lambda until_s: None)

    def reconcile(self) -> bool:
        """Bring the informer up to date, and make one pass; whether the target is in sync now."""
        self.upstream.informer.on_reload()
        assert self.upstream.informer.sync()
        view = self.states.take()
        assert view is not None
        self.job.observe(view)
        report = self.job.reconcile(view)
        if report is None:
            return False
        self.observer.reconciled(report)
        return report.ok
