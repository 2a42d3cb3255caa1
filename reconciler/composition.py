"""The composition root: the one place where the parts are made, and where time, chance and threads come from."""

from __future__ import annotations

import logging
import os
import random
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from metrics.instruments import Metrics
from notify.dispatcher import Runtime
from notify.interval import Interval
from notify.notifier import Notifier, NotifySettings
from reconciler.backend.address import EngineAddress
from reconciler.backend.beside import Beside
from reconciler.backend.open_engine import open_notify_port, open_reader
from reconciler.backend.own_container import OwnContainer
from reconciler.backoff import Backoff
from reconciler.cli.settings import template_name
from reconciler.duty_cycle import DutyCycle
from reconciler.inbox import Inbox
from reconciler.informer import thread as informer_thread
from reconciler.informer.informer import Informer
from reconciler.informer.state import PublishedState
from reconciler.informer.thread import InboxListener, InformerThread
from reconciler.informer.watcher import Watcher
from reconciler.loop.desired import Desired
from reconciler.loop.heartbeat import Heartbeat
from reconciler.loop.job import Job
from reconciler.loop.one_shot import BUDGET_S
from reconciler.loop.pass_input import EngineStates
from reconciler.loop.reconciler import Reconciler
from reconciler.loop.render_worker import RenderWorker
from reconciler.loop.sightings import Sightings
from reconciler.loop.wakeups import DeliveryEnded, RenderArrived, StatePublished, StatusAsked, Wakeup, ends_waiting
from reconciler.readiness import Readiness
from reconciler.status.board import Board
from reconciler.status.records import EngineRecord, JobRecord, LoopRecord, NotifyRecord
from reconciler.target.state_file import open_store
from reconciler.target.target import Target, open_target
from reconciler.unexpected import Survivor, UnexpectedErrors
from reconciler.version import VERSION
from templating.renderer import Renderer
from templating.runtime import SourceRuntime
from templating.source import open_source

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reconciler.cli.settings import Settings
    from reconciler.status.values import Status
    from templating.process import RenderProcess

log = logging.getLogger("pygen")


def spawn(work: Callable[[], None]) -> None:
    """Run something in a thread of its own that does not keep the process alive."""
    threading.Thread(target=work, name="worker", daemon=True).start()


class Program:
    """Everything that one run consists of, made from its settings and not yet started, but for the render process.

    Making it opens nothing else and reads nothing but what tells whether the target is a file: a template that can't be
    loaded, a lock that somebody else holds and a port that is taken are found, and told, by `reconciler.main`.
    """

    def __init__(
        self, settings: Settings, environ: Mapping[str, str], render_process: RenderProcess | None = None
    ) -> None:
        """Make the parts.

        Args:
            settings: checked.
            environ: for the engine's TLS settings and for `read_config`.
            render_process: was started already; None has it started now.
        """
        self.settings = settings.program
        (self._engine_settings,), (self._job_settings,) = settings.engines, settings.jobs
        self.clock = time.monotonic
        self.stopping = threading.Event()
        self.started_epoch_s = time.time()
        self.inbox: Inbox[Wakeup] = Inbox(self.clock, ends_waiting=ends_waiting)
        self.heartbeat = Heartbeat(self.clock)
        self.address = EngineAddress.parse(self._engine_settings.docker_address, environ)
        self.notify_address = EngineAddress.parse(self._engine_settings.notify_docker_address, environ)
        self.metrics = Metrics(
            version=VERSION,
            targets=[self._job_settings.target],
            notifications=self._job_settings.notifications,
            engines=[self.address.name],
        )
        self.unexpected = UnexpectedErrors(self.metrics.loop, log)
        self.job_record = JobRecord(self.metrics.loop, time.time)
        self.notify_record = NotifyRecord(self.metrics.notify, time.time)
        self.engine_record = EngineRecord(self.metrics.engine, time.time)
        self.loop_record = LoopRecord(self.metrics.loop)
        self.target: Target = open_target(
            self._job_settings.target, warn=log.warning, limit_bytes=self._job_settings.render_size_limit_bytes
        )
        state_dir = None if self.settings.state_dir is None else str(self.settings.state_dir)
        self.store = open_store(self.target, state_dir, warn=log.warning)
        self.renderer = self._renderer(environ)
        self.renderer.start(render_process)
        self.deadline_s = self.clock() + BUDGET_S
        self.reader = open_reader(
            self.address,
            clock=self.clock,
            sleep=self._pause,
            chance=random.random,
            observer=self.metrics.engine,
            beside=Beside(spawn=spawn, unexpected=self.unexpected.handle),
            remaining_s=self._remaining_s if self.settings.one_shot else None,
        )
        self.port = open_notify_port(self.notify_address, observer=self.metrics.engine)
        self.published = PublishedState(self.reader.name, lambda: self.inbox.put(StatePublished()))
        self._informer_inbox: Inbox[informer_thread.Message] = Inbox(
            self.clock, ends_waiting=informer_thread.ends_waiting
        )
        self.watcher = Watcher(
            self.reader,
            InboxListener(self._informer_inbox),
            clock=self.clock,
            wait=self.stopping.wait,
            backoff=self._backoff(),
            log=log,
        )
        self.informer = self._informer()
        self.renders = RenderWorker(
            self.renderer,
            clock=self.clock,
            wake=lambda: self.inbox.put(RenderArrived()),
            unexpected=lambda error: self.unexpected.handle("render", error),
        )
        self.renders.start()
        self.job = self._job()
        self.reconciler = Reconciler(
            EngineStates([self.published]),
            [self.informer],
            [self.job],
            inbox=self.inbox,
            clock=self.clock,
            duty_cycle=DutyCycle(self.clock, time.process_time),
            unexpected=self.unexpected,
            backoff=self._backoff(),
            heartbeat=self.heartbeat,
            resync_s=self.settings.resync_s,
            observer=self.loop_record,
            log=log,
        )
        self.readiness = Readiness(self.reconciler, self.heartbeat, resync_s=self.settings.resync_s, clock=self.clock)
        self.board = self._board()
        if self.settings.status_page:
            self.loop_record.after_pass = self.board.update

    def start_thread(self, part: str, body: Callable[[], None]) -> None:
        """Run the body of a thread that lives as long as the program, whatever it raises meanwhile.

        Args:
            part: its name in the metrics.
            body: returns when the program ends.
        """
        survivor = Survivor(part, self.unexpected, backoff=self._backoff(), wait=self._wait_after_error)
        threading.Thread(target=survivor.run, args=(body,), name=part, daemon=True).start()

    def stop(self) -> None:
        """Let everything end that sleeps, or waits for an engine's state; from any thread, without waiting."""
        self.stopping.set()
        self.watcher.stop()
        self.informer.stop()
        self.reader.close()

    def close(self) -> None:
        """Let go of everything that was opened."""
        self.stop()
        self.renders.close()
        self.target.close()
        self.store.close()

    def _renderer(self, environ: Mapping[str, str]) -> Renderer:
        settings = self._job_settings
        runtime = SourceRuntime(self.clock, time.time, self._pause, spawn, log.warning)
        return Renderer(
            open_source(settings.template, runtime, copies=self._copies()),
            strict=settings.strict,
            time_limit_s=settings.render_time_limit_s,
            size_limit_bytes=settings.render_size_limit_bytes,
            memory_limit_bytes=settings.render_memory_limit_bytes,
            keep_rights=self.settings.render_user == "root",
            replaced=lambda: self.metrics.loop.render_process_restarted(settings.target),
            warn=log.warning,
            environ=environ,
        )

    def _copies(self) -> Path | None:
        """The folder for copies of fetched templates: where the state is, or beside the target."""
        if self.settings.state_dir is not None:
            return self.settings.state_dir
        return Path(os.path.abspath(self.target.path)).parent if self.target.is_file else None  # noqa: PTH100 - links stay

    def _informer(self) -> InformerThread:
        informer = Informer(
            self.reader,
            self.published,
            resync_s=self.settings.resync_s,
            clock=self.clock,
            backoff=self._backoff(),
            chance=random.random,
            observer=self.metrics.engine,
            own_id_of=OwnContainer.of_this_process().among,
            late=self._informer_inbox.put,
            log=log,
        )
        return InformerThread(
            informer,
            self.watcher,
            self._informer_inbox,
            duty_cycle=DutyCycle(self.clock, time.process_time),
            observer=self.engine_record,
            log=log,
        )

    def _job(self) -> Job:
        settings, name = self._job_settings, self.target.path
        notifier = Notifier(
            NotifySettings(name, settings.notifications, Interval(*settings.interval), settings.signal_via),
            self.port,
            self.store,
            Runtime(
                self.clock,
                time.time,
                random.random,
                spawn,
                lambda: self.inbox.put(DeliveryEnded()),
                log,
                unexpected=lambda error: self.unexpected.handle("delivery", error),
            ),
            self.notify_record.publish,
        )
        return Job(
            desired=Desired(
                name,
                self.renders,
                clock=self.clock,
                backoff=self._backoff(),
                observer=self.job_record,
                log=log,
            ),
            target=self.target,
            notifier=notifier,
            sightings=Sightings(settings.notifications, log=log),
            clock=self.clock,
            wall_clock=time.time,
            backoff=self._backoff(),
            observer=self.job_record,
            log=log,
        )

    def _board(self) -> Board:
        return Board(
            self._begin_status,
            blank=self._blank_status,
            clock=self.clock,
            wake=lambda: self.inbox.put(StatusAsked()),
        )

    def _blank_status(self) -> Status:
        from reconciler.status.values import Status  # as below

        return Status(VERSION, self.started_epoch_s, time.time())

    def _begin_status(self) -> Callable[[], Status]:
        from reconciler.status.gathering import Gathering, WatchedJob  # no start waits for what nobody looks at

        watched = WatchedJob(
            self.job,
            template=template_name(self._job_settings.template),
            notifications=self._job_settings.notifications,
            record=self.job_record,
            notified=self.notify_record,
            clock=self.clock,
        )
        gathering = Gathering(
            self.published,
            self.engine_record,
            self.loop_record,
            [watched],
            version=VERSION,
            started_epoch_s=self.started_epoch_s,
            clock=self.clock,
            wall_clock=time.time,
        )
        return gathering.status

    def _backoff(self) -> Backoff:
        return Backoff(random.random)

    def _wait_after_error(self, seconds: float) -> bool:
        """Wait before a thread goes on; one is needed to the very end, and all end with the process."""
        self.stopping.wait(seconds)
        return False

    def _pause(self, seconds: float) -> None:
        """Sleep, but not beyond the end of the program."""
        self.stopping.wait(seconds)

    def _remaining_s(self) -> float:
        return max(0.0, self.deadline_s - self.clock())
