"""The whole program: its engines and jobs by name, and the loop over them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics.instruments import Metrics
from notify.engine_ports import one_port
from notify.host_process import end_all as end_commands
from reconciler.backend.address import EngineAddress
from reconciler.cli.settings import template_name
from reconciler.composition.engine import build_engine
from reconciler.composition.job import build_job
from reconciler.composition.renders import build_renders
from reconciler.composition.shared import Shared, log
from reconciler.loop.heartbeat import Heartbeat
from reconciler.loop.one_shot import OneShot
from reconciler.loop.pass_input import EngineStates
from reconciler.loop.reconciler import Reconciler
from reconciler.loop.wakeups import StatusAsked
from reconciler.readiness import Readiness
from reconciler.status.board import Board
from reconciler.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from models.pass_report import PassReport
    from reconciler.child.process import Child
    from reconciler.cli.settings import Settings
    from reconciler.composition.engine import Engine
    from reconciler.composition.job import BuiltJob
    from reconciler.status.values import Status
    from templating.process import RenderProcess

COMMANDS_GRACE_S = 0.4
"""What commands that still run are given to end: the loop's last deliveries and this stay within `signals.END_S`."""


class Program:
    """Everything that one run consists of, made from its settings and not yet started, but for the render process.

    Making it opens nothing else: a template that can't be loaded, a lock that somebody else holds and a port that is
    taken are found, and told, by `reconciler.running`.

    Attributes:
        settings: checked.
        metrics: what is counted.
        shared: what all engines and jobs have in common.
        engines: by name.
        jobs: by the target as configured.
    """

    def __init__(
        self, settings: Settings, environ: Mapping[str, str], render_process: RenderProcess | None = None
    ) -> None:
        """Make the parts.

        Args:
            settings: checked.
            environ: for the engines' TLS settings and for `read_config`.
            render_process: was started already; None has it started now.
        """
        self.settings = settings
        self.metrics = Metrics(
            version=VERSION,
            targets=[job.target for job in settings.jobs],
            notifications=[notification for job in settings.jobs for notification in job.notifications],
            engines=[EngineAddress.parse(each.docker_address, environ).name for each in settings.engines],
        )
        self.shared = Shared.of(settings.program, environ, self.metrics)
        self._started_epoch_s = self.shared.wall_clock()
        self._heartbeat = Heartbeat(self.shared.clock)
        host, self._renders = build_renders(settings, self.shared, render_process)
        engines = [build_engine(each, self.shared, self._renders.foresee) for each in settings.engines]
        self.engines: dict[str, Engine] = {engine.reader.name: engine for engine in engines}
        port = one_port({name: engine.port for name, engine in self.engines.items()})
        self.child: Child | None = None
        after_pass: Callable[[], object] = _nothing
        if settings.program.child:
            from reconciler.composition.child import build_child  # late: most programs have none

            self.child, port, gate = build_child(self.shared, port, lambda: self.reconciler.jobs)
            after_pass = gate.after_pass
        self.jobs: dict[str, BuiltJob] = {}
        for job_settings in settings.jobs:
            self.jobs[job_settings.target] = build_job(
                job_settings, self.shared, port, host, self._renders, child=self.child
            )
        self._renders.start()
        self._states = EngineStates([engine.published for engine in engines])
        self.board = Board(
            self._begin_status, blank=self._blank_status, clock=self.shared.clock, wake=self.shared.wake(StatusAsked())
        )
        self.reconciler = Reconciler(
            self._states,
            [engine.informer for engine in engines],
            [each.job for each in self.jobs.values()],
            inbox=self.shared.inbox,
            clock=self.shared.clock,
            wall_clock=self.shared.wall_clock,
            chance=self.shared.chance,
            duty_cycle=self.shared.duty_cycle(),
            unexpected=self.shared.unexpected,
            heartbeat=self._heartbeat,
            resync_s=settings.program.resync_s,
            publish=self._publish,
            after_pass=_in_turn(after_pass, self.board.update) if settings.program.status_page else after_pass,
            log=log,
        )
        self.readiness = Readiness(
            self.reconciler, self._heartbeat, resync_s=settings.program.resync_s, clock=self.shared.clock
        )

    def start_engines(self) -> None:
        """Begin to read the engines: all of the time, or once for a single pass."""
        for engine in self.engines.values():
            engine.start(self.shared, watched=not self.settings.program.one_shot)

    def one_shot(self) -> OneShot:
        """The single pass."""
        return OneShot(
            self._states,
            [each.job for each in self.jobs.values()],
            inbox=self.shared.inbox,
            clock=self.shared.clock,
            chance=self.shared.chance,
            heartbeat=self._heartbeat,
            log=log,
            deadline_s=self.shared.deadline_s,
        )

    def stop(self) -> None:
        """Let everything end that sleeps, or waits for an engine; from any thread, without waiting."""
        self.shared.stopping.set()
        for engine in self.engines.values():
            engine.stop()

    def end_child(self) -> int | None:
        """End the child, and wait for that; its exit status, None where there is none or it was never started."""
        return None if self.child is None else self.child.await_end()

    def close(self) -> None:
        """Let go of everything that was opened, the child included."""
        self.stop()
        self.end_child()
        end_commands(grace_s=COMMANDS_GRACE_S)
        self._renders.close()
        for job in self.jobs.values():
            job.close()

    def _publish(self, report: PassReport) -> None:
        self.metrics.loop.publish(report)
        for each in report.jobs:
            self.jobs[each.job].record.publish(each)

    def _blank_status(self) -> Status:
        from reconciler.status.values import Status  # as below

        return Status(VERSION, self._started_epoch_s, self.shared.wall_clock())

    def _begin_status(self) -> Callable[[], Status]:
        from reconciler.status.gathering import Gathering, WatchedEngine, WatchedJob  # late: for who looks at it

        clock = self.shared.clock
        engines = [WatchedEngine(each.published, each.record, clock=clock) for each in self.engines.values()]
        jobs = [
            WatchedJob(
                each.job,
                template=template_name(each.settings.template),
                notifications=each.settings.notifications,
                record=each.record,
                notified=each.notified,
                clock=clock,
            )
            for each in self.jobs.values()
        ]
        return Gathering(
            engines,
            jobs,
            version=VERSION,
            started_epoch_s=self._started_epoch_s,
            wall_clock=self.shared.wall_clock,
        ).status


def _in_turn(first: Callable[[], object], second: Callable[[], object]) -> Callable[[], object]:
    """Both, or the second alone where the first does nothing."""
    if first is _nothing:
        return second

    def both() -> None:
        first()
        second()

    return both


def _nothing() -> None:
    """No status page is served."""
