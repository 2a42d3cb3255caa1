"""A second thread, with a process of its own, serves jobs while another job keeps the first one busy."""

from __future__ import annotations

import os
import signal
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from models.snapshot import Snapshot
from reconciler.cli.commands import Run
from reconciler.cli.options import parse
from reconciler.composition.program import Program
from reconciler.loop.render_threads import RenderThreads
from reconciler.loop.render_worker import RenderEnded, RenderWorker
from reconciler.loop.wakeups import StopAsked
from templating.host import RenderHost
from templating.outcome import Rendered
from tests.support.fake_engine import FakeEngine
from tests.support.waiting import wait_for
from tests.unit.loop.job_harness import FakeRenderer
from tests.unit.templating.support import container

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from models.container import Container
    from templating.outcome import TemplateFailure

_LOOP = "{% for each in range(9999) %}"
ENDLESS = f"{_LOOP * 3}{'{% endfor %}' * 3}"
NAMES = "{{ containers | map(attribute='name') | join(' ') }}"
EMPTY = Snapshot.of([])
HOUR_S = 3600.0


class TwoJobs:
    """The program with two jobs, `a` and `b`, each with a template and a target, and an engine; its loop runs."""

    def __init__(self, folder: Path, engine: FakeEngine) -> None:
        self.folder = folder
        for name in "ab":
            self.edit(name, f"{name}: {NAMES}")
        command = parse(["--template", "a.j2", "--docker-address", engine.address, "--render-time-limit", "3600"], {})
        assert isinstance(command, Run)
        (job,) = command.settings.jobs
        jobs = tuple(replace(job, template=f"{folder}/{name}.j2", target=f"{folder}/{name}.out") for name in "ab")
        self.program = Program(replace(command.settings, jobs=jobs), {})
        for built in self.program.jobs.built:
            assert built.lock() is None
            assert built.job.desired.first_load() is None
            built.job.restore()
        self.program.start_engines()
        self._loop = threading.Thread(target=self.program.reconciler.run, daemon=True)
        self._loop.start()

    def edit(self, name: str, text: str) -> None:
        """Replace a template."""
        unfinished = self.folder / f"{name}.new"
        unfinished.write_text(text)
        unfinished.rename(self.folder / f"{name}.j2")

    def target(self, name: str) -> str:
        """What a target holds; '' where it is not there."""
        path = self.folder / f"{name}.out"
        return path.read_text() if path.exists() else ""

    def pids(self) -> list[int | None]:
        """The process of each thread."""
        hosts = [host for host in self.program._renders._hosts if host is not None]
        return [None if host.current is None else host.current.process.pid for host in hosts]

    def is_pending(self, name: str) -> bool:
        """Whether a job waits for its render."""
        return self.program.jobs[f"{self.folder}/{name}.out"].job.desired.is_pending

    def close(self) -> None:
        """End it."""
        self.program.shared.inbox.put(StopAsked())
        self._loop.join(60)
        self.program.close()


@pytest.fixture
def engine() -> Iterator[FakeEngine]:
    """An engine with one container."""
    with FakeEngine() as made:
        made.add_container("one")
        yield made


@pytest.mark.processes
def test_a_second_process_serves_a_job_while_another_keeps_the_first_busy(tmp_path: Path, engine: FakeEngine) -> None:
    """Job a's template loops until its limit, an hour; b's edit and then a new container are in b's file meanwhile."""
    tmp_path.chmod(0o755)
    two = TwoJobs(tmp_path, engine)
    try:
        wait_for(lambda: (two.target("a"), two.target("b")) == ("a: one", "b: one"))
        first, second = two.pids()
        assert first is not None
        assert second is None, "one process serves both, as long as neither has to wait"
        two.edit("a", ENDLESS)
        wait_for(lambda: int(Path(f"/proc/{first}/stat").read_text().rpartition(")")[2].split()[11]) > 100)
        two.edit("b", f"edited b: {NAMES}")
        wait_for(lambda: two.target("b") == "edited b: one")
        engine.add_container("two")
        wait_for(lambda: two.target("b") == "edited b: one two")
        assert two.target("a") == "a: one"
        busy, second = two.pids()
        assert busy == first
        assert second is not None
        two.edit("a", f"mended a: {NAMES}")
        os.kill(first, signal.SIGKILL)
        wait_for(lambda: two.target("a") == "mended a: one two")
        wait_for(lambda: not two.is_pending("a") and not two.is_pending("b"))
    finally:
        two.close()
    assert two.pids() == [None, None]


class HeldRenderer(FakeRenderer):
    """Renders when it is let, and knows where."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = threading.Semaphore(0)
        self.let = threading.Semaphore(0)
        self.hosts: list[RenderHost] = []
        self.closed = 0

    def use(self, host: RenderHost) -> None:
        self.hosts.append(host)

    def render(self, snapshot: Snapshot) -> Rendered | TemplateFailure:
        self.begun.release()
        self.let.acquire()
        return super().render(snapshot)

    def close(self) -> None:
        self.closed += 1


class Host(RenderHost):
    """Needs no process, and counts how often one was ended for want of work."""

    def __init__(self) -> None:
        super().__init__(body_max=1, warn=print)
        self.rests = 0

    def rest(self) -> None:
        self.rests += 1


class Served:
    """Jobs with made-up renderers, on two threads."""

    def __init__(self, jobs: int, *, busy_s: float = 0.0, idle_s: float = HOUR_S) -> None:
        self.hosts = [Host(), Host()]
        self.threads = RenderThreads(self.hosts, clock=time.monotonic, busy_s=busy_s, idle_s=idle_s)
        self.renderers = [HeldRenderer() for _ in range(jobs)]
        self.workers = [
            RenderWorker(each, clock=time.monotonic, wake=lambda: None, unexpected=print, threads=self.threads)
            for each in self.renderers
        ]
        self.threads.start()

    def revisions(self, job: int) -> list[int]:
        """Of a job's renders that have arrived."""
        return [each.revision for each in self.workers[job].take() if isinstance(each, RenderEnded)]


def test_one_job_never_has_a_second_thread() -> None:
    """Nor have several that do not have to wait."""
    served = Served(2)
    for job in (0, 1, 0):
        for revision in (1, 2):
            served.workers[job].ask_render(EMPTY, revision)
        served.renderers[job].let.release(2)
        served.workers[job].settle()
    assert len(served.threads._threads) == 1
    assert set(served.renderers[0].hosts) == {served.hosts[0]}
    served.threads.close()
    assert [each.closed for each in served.renderers] == [1, 1]


def test_a_job_is_served_by_one_thread_at_a_time() -> None:
    """What it asks for while it is served is done by whichever thread is free then, and nothing twice."""
    served = Served(2)
    first, second = served.renderers
    served.workers[0].ask_render(EMPTY, 1)
    first.begun.acquire()
    served.workers[0].ask_render(EMPTY, 2)
    served.workers[1].ask_render(EMPTY, 1)
    second.begun.acquire()
    assert not first.begun.acquire(blocking=False)
    second.let.release()
    served.workers[1].settle()
    assert served.revisions(1) == [1]
    assert (first.hosts, second.hosts) == ([served.hosts[0]], [served.hosts[1]])
    first.let.release(2)
    served.workers[0].settle()
    assert served.revisions(0) == [1, 2]
    served.threads.close()


def test_others_wait_while_both_are_busy() -> None:
    """There is no third; the order is that in which they asked."""
    served = Served(4)
    for number, worker in enumerate(served.workers):
        worker.ask_render(EMPTY, number)
        if number < 2:
            served.renderers[number].begun.acquire()
    served.renderers[0].let.release()
    served.renderers[2].begun.acquire()
    assert not served.renderers[3].begun.acquire(blocking=False)
    for renderer in served.renderers[1:]:
        renderer.let.release()
    for worker in served.workers:
        worker.settle()
    assert [served.revisions(job) for job in range(4)] == [[0], [1], [2], [3]]
    served.threads.close()


def test_a_second_process_that_nothing_needs_any_more_is_ended() -> None:
    """Its thread stays, for the next time."""
    served = Served(2, idle_s=0.05)
    served.workers[0].ask_render(EMPTY, 1)
    served.renderers[0].begun.acquire()
    served.workers[1].ask_render(EMPTY, 1)
    served.renderers[1].let.release()
    served.workers[1].settle()
    wait_for(lambda: served.hosts[1].rests > 0)
    assert served.hosts[0].rests == 0
    served.workers[1].ask_render(EMPTY, 2)
    served.renderers[1].let.release()
    served.workers[1].settle()
    assert served.renderers[1].hosts == [served.hosts[1]] * 2
    served.renderers[0].let.release()
    served.threads.close()


def test_a_render_that_is_quick_is_waited_for() -> None:
    """The second is for a first one that is busy for long."""
    served = Served(2, busy_s=HOUR_S)
    served.workers[0].ask_render(EMPTY, 1)
    served.renderers[0].begun.acquire()
    served.workers[1].ask_render(EMPTY, 1)
    for renderer in served.renderers:
        renderer.let.release()
    for worker in served.workers:
        worker.settle()
    assert served.renderers[1].hosts == [served.hosts[0]]
    served.threads.close()


class Foreseeing(Host):
    """Keeps what it is given ahead."""

    def __init__(self) -> None:
        super().__init__()
        self.foreseen: list[list[Container]] = []

    def foresee(self, containers: Sequence[Container]) -> None:
        self.foreseen.append(list(containers))


def test_containers_are_read_ahead_of_the_first_state_only() -> None:
    """In frames of a hundred, those that run; what is left over comes with the state."""
    host = Foreseeing()
    threads = RenderThreads([host, Host()], clock=time.monotonic)
    renderer = HeldRenderer()
    worker = RenderWorker(renderer, clock=time.monotonic, wake=lambda: None, unexpected=print, threads=threads)
    threads.start()
    running = [container(f"c{number}") for number in range(250)]
    for each in (*running[:150], container("off", running=False), *running[150:]):
        threads.foresee(each)
    wait_for(lambda: sum(map(len, host.foreseen)) >= 200)
    renderer.let.release()
    worker.ask_render(EMPTY, 1)
    worker.settle()
    for each in running:
        threads.foresee(each)
    worker.ask_look()
    worker.settle()
    assert [each for frame in host.foreseen for each in frame] == running[: sum(map(len, host.foreseen))]
    assert sum(map(len, host.foreseen)) in range(200, 251)
    assert len(threads._threads) == 1
    threads.close()


class RepeatingRenderer(FakeRenderer):
    """Renders what it rendered before, unless the job is concerned."""

    is_concerned = False

    def render(self, snapshot: Snapshot) -> Rendered | TemplateFailure:
        outcome = super().render(snapshot)
        assert isinstance(outcome, Rendered)
        return replace(outcome, is_repeated=not self.is_concerned)


@pytest.mark.parametrize(("concerned", "expected"), [(None, [4]), (0, [1, 4]), (2, [3, 4]), (3, [4])])
def test_jobs_that_a_change_does_not_concern_wake_nobody_before_all_are_served(
    concerned: int | None, expected: list[int]
) -> None:
    """The one that it does concern wakes the loop at once; at each wake-up so many renders had been made."""
    renderers, woken = [RepeatingRenderer() for _ in range(4)], list[int]()
    if concerned is not None:
        renderers[concerned].is_concerned = True
    threads = RenderThreads((), clock=time.monotonic)
    wake = lambda: woken.append(sum(each.renders for each in renderers))  # noqa: E731 - it is a call back
    workers = [
        RenderWorker(each, clock=time.monotonic, wake=wake, unexpected=print, threads=threads) for each in renderers
    ]
    for worker in workers:
        worker.ask_render(EMPTY, 1)
    threads.start()
    wait_for(lambda: woken and woken[-1] == len(workers))
    threads.close()
    assert woken == expected
    assert [worker.has_news() for worker in workers] == [number == concerned for number in range(len(workers))]
    assert all(worker.has_arrivals() for worker in workers)
