"""The threads that render, each with a process: one for all jobs, and a second while a job keeps the first one busy.

Most programs never need the second: its process is started when a job has to wait for another's render, is fed from the
same states, and is ended once nothing has needed it for a while. A template that loops until its limit, then, holds up
no other job's file. The threads live as long as the program, because a render process ends with the thread that started
it.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Protocol

from models.work_queue import WorkQueue

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from models.container import Container
    from templating.host import RenderHost

BUSY_S = 0.25
"""A render that takes longer keeps the first process busy; most take a few milliseconds, and are waited for."""
IDLE_S = 60.0
"""The second process is ended when nothing has needed it for so long."""
_FORESEEN_AT_ONCE = 100
"""Containers: enough that a frame costs little, and few enough that not many are left for the first state."""
# A process that is in the middle of a render when the program ends is killed with it.
_CLOSE_S = 0.2


class Served(Protocol):
    """What a job's `RenderWorker` is to the threads."""

    def __hash__(self) -> int:
        """One job, one key of the queue."""

    def has_work(self) -> bool:
        """Tell whether anything is asked for; called with `changed` held."""

    def serve(self, host: RenderHost | None) -> None:
        """Do one thing that is asked for."""

    def let_go(self) -> None:
        """Let go of what is open, for good."""


class RenderThreads:
    """Serves jobs. A job is served by one thread at a time, in the order in which they asked.

    Attributes:
        changed: held where a job's wishes are read or changed.
    """

    def __init__(
        self, hosts: Sequence[RenderHost], *, clock: Callable[[], float], busy_s: float = BUSY_S, idle_s: float = IDLE_S
    ) -> None:
        """Take where renders happen.

        Args:
            hosts: the first one for all jobs, the second for those that wait; none leaves it to the jobs' renderers.
            clock: monotonic, seconds.
            busy_s: after so long a render keeps its thread busy.
            idle_s: the second process is ended after so long.
        """
        self.changed = threading.Condition()
        self._hosts: Sequence[RenderHost | None] = hosts or (None,)
        self._clock = clock
        self._busy_s = busy_s
        self._idle_s = idle_s
        self._queue: WorkQueue[Served] = WorkQueue(_no_delay)
        self._jobs: list[Served] = []
        self._leaving: list[Served] = []
        self._threads: list[threading.Thread] = []
        self._busy_since_s: float | None = None
        self._is_started = self._is_closing = False
        self._foreseen: list[Container] | None = []
        self._wake: Callable[[], None] | None = None

    def add(self, job: Served) -> None:
        """Serve one more job."""
        with self.changed:
            self._jobs.append(job)

    def remove(self, job: Served) -> None:
        """Serve a job no more, and have it let go: at once, or by the thread that serves it when that is done."""
        with self.changed:
            self._jobs = [each for each in self._jobs if each is not job]
            if self._queue.is_processing(job):
                self._leaving.append(job)
                return
            self._queue.remove(job)
        job.let_go()

    def start(self) -> None:
        """Begin to serve, where that has not begun yet."""
        with self.changed:
            if not self._is_started:
                self._is_started = True
                self._begin(self._first)

    def foresee(self, container: Container) -> None:
        """Have the process read a container that the first state is going to hold, while others are being inspected.

        From any thread. Nothing happens once a state was asked to be rendered: what changed is then fed with it.
        """
        if self._foreseen is None or not container.is_current or self._hosts[0] is None:
            return
        with self.changed:
            if self._foreseen is not None:
                self._foreseen.append(container)
                if len(self._foreseen) >= _FORESEEN_AT_ONCE:
                    self.changed.notify_all()

    def end_foresight(self) -> None:
        """A state is complete; called with `changed` held."""
        self._foreseen = None

    def due(self, job: Served) -> None:
        """Have a job served that wants something; called with `changed` held."""
        self._queue.add(job, self._clock())
        self._have_a_second()
        self.changed.notify_all()

    def wake_when_idle(self, wake: Callable[[], None] | None) -> None:
        """Call `wake`, which is the same for all jobs, once no job is due; None where that is done now.

        Called with `changed` held.
        """
        self._wake = wake

    def settle(self, job: Served) -> None:
        """Wait until a job wants nothing any more, or the end has come."""
        with self.changed:
            self.changed.wait_for(
                lambda: self._is_closing or not (self._queue.is_processing(job) or job.has_work()),
            )

    def close(self) -> None:
        """End, without waiting for a render that is under way."""
        with self.changed:
            self._is_closing = True
            self.changed.notify_all()
        for thread in self._threads:
            thread.join(_CLOSE_S)
        if not self._threads:
            self._let_go()

    def _begin(self, body: Callable[[], None]) -> None:
        thread = threading.Thread(target=body, name="renders", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _have_a_second(self) -> None:
        """Have a second thread wait where the first one is at work and another job is due."""
        is_needed = self._busy_since_s is not None and self._queue.next_due() is not None
        if is_needed and len(self._threads) == 1 < len(self._hosts):
            self._begin(self._second)

    def _first(self) -> None:
        while (job := self._next()) is not None:
            self._serve(job, self._hosts[0])
            with self.changed:
                self._busy_since_s = None
        self._end(self._hosts[0])

    def _next(self) -> Served | None:
        """The next job for the first thread, None at the end."""
        with self.changed:
            while not self._is_closing:
                now_s = self._clock()
                job = self._queue.get(now_s)
                if job is not None:
                    self._busy_since_s = now_s
                    self._have_a_second()
                    self.changed.notify_all()
                    return job
                if self._foreseen is not None and len(self._foreseen) >= _FORESEEN_AT_ONCE:
                    foreseen, self._foreseen = self._foreseen, []
                    return _Foresight(foreseen)
                self.changed.wait()
        return None

    def _second(self) -> None:
        host = self._hosts[1]
        assert host is not None  # noqa: S101 - else there is one host only
        served_at_s = self._clock()
        while not self._is_closing:
            job = self._next_that_waits(served_at_s)
            if job is not None:
                self._serve(job, host)
                served_at_s = self._clock()
            elif self._clock() >= served_at_s + self._idle_s:
                host.rest()
                served_at_s = self._clock()
        self._end(host)

    def _next_that_waits(self, served_at_s: float) -> Served | None:
        """The next job for the second thread; None at the end, and where the process was of no use for long."""
        with self.changed:
            while not self._is_closing:
                now_s, at_s = self._clock(), served_at_s + self._idle_s
                if self._busy_since_s is not None and self._queue.next_due() is not None:
                    at_s = self._busy_since_s + self._busy_s
                    if now_s >= at_s:
                        return self._queue.get(now_s)
                elif now_s >= at_s:
                    return None
                self.changed.wait(at_s - now_s)
        return None

    def _serve(self, job: Served, host: RenderHost | None) -> None:
        job.serve(host)
        with self.changed:
            self._queue.done(job)
            is_leaving = job in self._leaving
            if is_leaving:
                self._leaving.remove(job)
                self._queue.remove(job)
            elif job.has_work():
                self._queue.add(job, self._clock())
            wake = None if len(self._queue) else self._wake
            if wake is not None:
                self._wake = None
            self.changed.notify_all()
        if wake is not None:
            wake()
        if is_leaving:
            job.let_go()

    def _end(self, host: RenderHost | None) -> None:
        if host is not None:
            host.close()
        self._let_go()

    def _let_go(self) -> None:
        """Close each job that no thread serves now; one that is served is closed when that is over."""
        with self.changed:
            idle = [job for job in self._jobs if not self._queue.is_processing(job)]
            self._jobs = [job for job in self._jobs if job not in idle]
        for job in idle:
            job.let_go()


class _Foresight:
    """Containers that were read before the first state is complete."""

    def __init__(self, containers: Sequence[Container]) -> None:
        self._containers = containers

    def has_work(self) -> bool:
        """Only once."""
        return False

    def serve(self, host: RenderHost | None) -> None:
        """Have them read."""
        if host is not None:
            host.foresee(self._containers)

    def let_go(self) -> None:
        """Nothing is open."""


def _no_delay(_failures: int) -> float:
    return 0.0
