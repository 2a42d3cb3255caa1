"""One engine: what reads it, what keeps its state, and what tells its containers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.backend.address import EngineAddress
from reconciler.backend.beside import Beside
from reconciler.backend.open_engine import open_notify_port, open_reader
from reconciler.backend.own_container import OwnContainer
from reconciler.composition.shared import Shared, log, spawn
from reconciler.inbox import Inbox
from reconciler.informer import thread
from reconciler.informer.informer import Informer
from reconciler.informer.state import PublishedState
from reconciler.informer.thread import InformerThread
from reconciler.informer.watcher import Watcher
from reconciler.status.records import EngineRecord

if TYPE_CHECKING:
    from collections.abc import Callable

    from models.container import Container
    from notify.port import NotifyPort
    from reconciler.backend.port import EngineReader
    from reconciler.cli.settings import EngineSettings


@dataclass(frozen=True)
class Engine:
    """The parts of one engine.

    Attributes:
        reader: asks it.
        port: tells its containers.
        published: its latest state.
        watcher: hears its events.
        informer: keeps its state, in a thread of its own.
        record: what was heard of it, for the status page.
    """

    reader: EngineReader
    port: NotifyPort
    published: PublishedState
    watcher: Watcher
    informer: InformerThread
    record: EngineRecord

    def start(self, shared: Shared, *, watched: bool = True) -> None:
        """Begin to read; without a subscription to events the engine is listed once."""
        if watched:
            shared.start_thread("events", self.watcher.run)
        else:
            self.informer.relist()
        shared.start_thread("informer", self.informer.run)

    def stop(self) -> None:
        """Let everything end that waits for the engine; from any thread, without waiting."""
        self.watcher.stop()
        self.informer.stop()
        self.reader.close()


def build_engine(
    settings: EngineSettings,
    shared: Shared,
    foresee: Callable[[Container], None],
    published: Callable[[], object],
) -> Engine:
    """Make the parts of an engine; nothing is connected yet.

    Args:
        settings: the engine's.
        shared: the program's.
        foresee: is given each container as soon as it is read.
        published: called after each state that is published, in the informer's thread.
    """
    one_shot = shared.settings.one_shot
    observer = shared.metrics.engine
    reader = open_reader(
        EngineAddress.parse(settings.docker_address, shared.environ),
        clock=shared.clock,
        sleep=shared.pause,
        chance=shared.chance,
        observer=observer,
        beside=Beside(spawn=spawn, unexpected=shared.unexpected.handle),
        remaining_s=shared.remaining_s if one_shot else None,
    )
    port = open_notify_port(EngineAddress.parse(settings.notify_docker_address, shared.environ), observer=observer)
    state = PublishedState(reader.name, published)
    inbox: Inbox[thread.Message] = Inbox(shared.clock, ends_waiting=thread.ends_waiting)
    record = EngineRecord(reader.name, observer, shared.wall_clock)
    informer = Informer(
        reader,
        state,
        resync_s=shared.settings.resync_s,
        clock=shared.clock,
        backoff=shared.backoff(),
        chance=shared.chance,
        observer=observer,
        own_id_of=OwnContainer.of_this_process().among,
        late=inbox.put,
        log=log,
        foresee=foresee,
    )
    informer_thread = InformerThread(informer, inbox, duty_cycle=shared.duty_cycle(), observer=record, log=log)
    watcher = Watcher(
        reader,
        informer_thread,
        clock=shared.clock,
        wait=shared.stopping.wait,
        backoff=shared.backoff(),
        log=log,
    )
    informer_thread.hears(watcher)
    return Engine(reader, port, state, watcher, informer_thread, record)
