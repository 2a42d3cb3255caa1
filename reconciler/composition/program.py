"""The whole program: its engines and jobs by name, and the loop over them."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from metrics.instruments import Metrics
from notify.engine_ports import one_port
from notify.host_process import end_all as end_commands
from reconciler.backend.address import EngineAddress
from reconciler.cli.settings import template_name
from reconciler.composition.engine import build_engine
from reconciler.composition.jobs import Jobs
from reconciler.composition.reload import Reload
from reconciler.composition.renders import build_renders
from reconciler.composition.shared import Shared, log
from reconciler.loop.anticipation import Anticipation
from reconciler.loop.heartbeat import Heartbeat
from reconciler.loop.one_shot import OneShot
from reconciler.loop.pass_input import EngineStates
from reconciler.loop.reconciler import Reconciler
from reconciler.loop.wakeups import ConfigurationRead, ReloadAsked, StatePublished, StatusAsked
from reconciler.readiness import Readiness
from reconciler.status.board import Board
from reconciler.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from models.pass_report import PassReport
    from reconciler.child.gate import ChildGate
    from reconciler.child.process import Child
    from reconciler.cli.commands import ConfigurationFiles
    from reconciler.cli.settings import Settings
    from reconciler.composition.engine import Engine
    from reconciler.composition.reload import ConfigurationState
    from reconciler.loop.wakeups import Wakeup
    from reconciler.status.values import Status
    from reconciler.target.outcome import LockedElsewhere
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
        jobs: by the target as configured; they come and go with the configuration.
    """

    def __init__(
        self,
        settings: Settings,
        environ: Mapping[str, str],
        render_process: RenderProcess | None = None,
        files: ConfigurationFiles | None = None,
    ) -> None:
        """Make the parts.

        Args:
            settings: checked.
            environ: for the engines' TLS settings and for `read_config`.
            render_process: was started already; None has it started now.
            files: where the settings can be read again.
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
        hosts, self._renders = build_renders(settings, self.shared, render_process)
        engines = [
            build_engine(each, self.shared, self._renders.foresee, published=self._state_published)
            for each in settings.engines
        ]
        self.engines: dict[str, Engine] = {engine.reader.name: engine for engine in engines}
        port = one_port({name: engine.port for name, engine in self.engines.items()})
        self.child: Child | None = None
        self._gate: ChildGate | None = None
        if settings.program.child:
            from reconciler.composition.child import build_child  # late: most programs have none

            self.child, port, self._gate = build_child(self.shared, port, lambda: self.reconciler.jobs)
        self.jobs = Jobs(settings, self.shared, port, hosts, self._renders, child=self.child)
        self._wanted: Settings | None = None
        self._reload: Reload | None = None
        if files is not None:
            self._reload = Reload(
                files,
                wake=self.shared.wake(ConfigurationRead()),
                publish=self._configuration_read,
                wall_clock=self.shared.wall_clock,
            )
        self._renders.start()
        self._states = EngineStates([engine.published for engine in engines])
        duty_cycle = self.shared.duty_cycle()
        self._anticipation = Anticipation(
            self._states, wake=self.shared.wake(StatePublished()), is_resting=duty_cycle.is_resting
        )
        self.board = Board(
            self._begin_status, blank=self._blank_status, clock=self.shared.clock, wake=self.shared.wake(StatusAsked())
        )
        self.reconciler = Reconciler(
            self._states,
            [engine.informer for engine in engines],
            self.jobs.jobs,
            inbox=self.shared.inbox,
            clock=self.shared.clock,
            wall_clock=self.shared.wall_clock,
            chance=self.shared.chance,
            duty_cycle=duty_cycle,
            unexpected=self.shared.unexpected,
            heartbeat=self._heartbeat,
            resync_s=settings.program.resync_s,
            publish=self._publish,
            before_pass=self._before_pass,
            after_pass=self._after_pass,
            log=log,
        )
        self.readiness = Readiness(
            self.reconciler, self._heartbeat, resync_s=settings.program.resync_s, clock=self.shared.clock
        )

    def lock_targets(self) -> LockedElsewhere | None:
        """Take the targets for ourselves; a value where another program has one that has to be had."""
        locked = self.jobs.lock()
        self.reconciler.set_jobs(self.jobs.jobs)
        return locked

    def start_engines(self) -> None:
        """Begin to read the engines: all of the time, or once for a single pass."""
        for engine in self.engines.values():
            engine.start(self.shared, watched=not self.settings.program.one_shot)
        if self._reload is not None:
            self.shared.start_thread("configuration", self._reload.run)

    def one_shot(self) -> OneShot:
        """The single pass."""
        return OneShot(
            self._states,
            self.jobs.jobs,
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
        if self._reload is not None:
            self._reload.stop()
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
        self.jobs.close()

    def _state_published(self) -> None:
        """In an informer's thread."""
        self._anticipation.state_published()

    def _before_pass(self, wakeups: Sequence[Wakeup]) -> None:
        """Change the jobs where the configuration did."""
        reload = self._reload
        if reload is None:
            return
        if any(isinstance(wakeup, ReloadAsked) for wakeup in wakeups):
            reload.ask()
        if (settings := reload.take()) is not None:
            self._wanted = settings
            self._tell_what_needs_a_restart(settings)
        if self._wanted is not None and self.jobs.change(self._wanted):
            self.settings, self._wanted = self._wanted, None
            self.reconciler.set_jobs(self.jobs.jobs)
        elif self.jobs.retry():
            self.reconciler.set_jobs(self.jobs.jobs)

    def _tell_what_needs_a_restart(self, wanted: Settings) -> None:
        now, then = asdict(self.settings.program), asdict(wanted.program)
        for before, after in zip(self.settings.engines, wanted.engines, strict=True):  # always one
            now |= asdict(before)
            then |= asdict(after)
        for name in now:
            if now[name] != then[name]:
                log.warning("%s is another one in the configuration: that needs a restart of pygen", name)

    def _configuration_read(self, state: ConfigurationState) -> None:
        """In the thread that reads."""
        self.metrics.loop.configuration(is_valid=not state.problems, loaded_epoch_s=state.loaded_epoch_s)

    def _after_pass(self) -> None:
        if self._gate is not None:
            self._gate.after_pass()
        self._anticipation.after_pass(self.reconciler.jobs)
        if self.settings.program.status_page:
            self.board.update()

    def _publish(self, report: PassReport) -> None:
        self.metrics.loop.publish(report)
        for each in report.jobs:
            if each.job in self.jobs:
                self.jobs[each.job].record.publish(each)

    def _configuration_problems(self) -> tuple[str, ...]:
        problems = () if self._reload is None else self._reload.state.problems
        return (*problems, *(f"job {name}: {why}" for name, why in self.jobs.locked_out.items()))

    def _blank_status(self) -> Status:
        from reconciler.status.values import Status  # as below

        return Status(VERSION, self._started_epoch_s, self.shared.wall_clock())

    def _begin_status(self) -> Callable[[], Status]:
        from reconciler.status.gathering import Gathering, WatchedEngine, WatchedJob  # late: for who looks at it

        clock = self.shared.clock
        engines = [WatchedEngine(each.published, each.record, clock=clock) for each in self.engines.values()]

        def jobs() -> list[WatchedJob]:
            return [
                WatchedJob(
                    each.job,
                    name=each.settings.name,
                    template=template_name(each.settings.template),
                    notifications=each.settings.notifications,
                    record=each.record,
                    notified=each.notified,
                    clock=clock,
                )
                for each in self.jobs.built
            ]

        return Gathering(
            engines,
            jobs,
            problems=self._configuration_problems,
            version=VERSION,
            started_epoch_s=self._started_epoch_s,
            wall_clock=self.shared.wall_clock,
        ).status
