"""The promise, played by hypothesis: whatever happens, each run has loaded the last content, and quiet stays quiet."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from models.run import NO_CONTAINER
from notify.actions import ACTIONS
from notify.actions.restart import Restart
from notify.actions.signal import Signal
from notify.port import EngineRefused, EngineTimeout, EngineUnavailable
from notify.rules import Rules, reasons_of
from tests.support.examples import examples
from tests.unit.notify.fakes import ENGINE, HUP, RESTART, FakeContainer, NotifierHarness
from tests.unit.notify.ring import RING, Ring

if TYPE_CHECKING:
    from collections.abc import Iterator

    from models.run import Run
    from models.write import Cause
    from notify.actions.action import Action

CONTENTS = st.sampled_from(["a", "b"])  # two are enough: taking back is what is hard
ERRORS = {
    "timeout": EngineTimeout("no answer in time"),
    "refused": EngineRefused("server error", 500),
    "unavailable": EngineUnavailable("connection broken"),
}
FINE = ("", "", "")
FAULTS = st.sampled_from(
    [
        FINE,
        FINE,
        FINE,
        FINE,
        ("inspect", "unavailable", "before"),
        ("tell", "refused", "before"),
        ("tell", "timeout", "before"),
        ("tell", "timeout", "after"),
        ("tell", "timeout", "halfway"),
        ("tell", "refused", "halfway"),
        ("start", "timeout", "after"),
        ("start", "unavailable", "before"),
    ]
)
TELLING = ("kill", "execute", "restart", "ring")
PICKY = Signal("web", "SIGHUP", rules=Rules(on=frozenset({"state", "drift"})))
ROLLING = Restart("web", rules=Rules(max_parallel=1, pause_s=1))
STEPS = ("looked", "compared", "replaced", "recorded")


@pytest.fixture(autouse=True, scope="module")
def registered() -> Iterator[None]:
    """Known to these tests only."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(ACTIONS, Ring.action, Ring)
        yield


class Killed(BaseException):
    """SIGKILL, raised in the middle of the program."""


class Promise(RuleBasedStateMachine):
    """A world of containers that read the file when they start and when they are told, and a program that may die."""

    notifications: tuple[Action, ...] = (HUP,)
    cause: Cause

    @initialize(policy=st.sampled_from(["", "always"]))
    def begin(self, policy: str) -> None:
        self.harness = NotifierHarness(*self.notifications)
        self.loaded: dict[Run, str | None] = {}
        self.excused: dict[Run, set[str]] = {}  # contents that a run need not be told, as it knew the one before them
        self.rendered, self.rogues = "a", 0
        self.alive, self.phase = True, STEPS[-1]
        self.edited = False
        self.good = {"a"}  # what a run may have loaded: the last content that it was to be told, and those since
        self.kill_at_save: int | None = None
        engine = self.harness.engine
        engine.on_started = self.load
        engine.on_told = self.load
        self.harness.store.on_save = self.maybe_killed
        engine.run_new(restart_policy=policy)
        engine.run_new()
        self.harness.disk = "a"
        for container in engine.containers.values():
            self.load(container.run)
        if RING in self.notifications:
            self.load(NO_CONTAINER)
        self.harness.render("a")

    def load(self, run: Run) -> None:
        self.loaded[run] = self.harness.disk
        self.excused[run] = set()

    # The world

    def containers(self) -> list[FakeContainer]:
        return list(self.harness.engine.containers.values())

    @rule(index=st.integers(0, 2), event=st.sampled_from(["stop", "start", "crash", "recreate", "pause", "unpause"]))
    def something_happens(self, index: int, event: str) -> None:
        engine = self.harness.engine
        container = self.containers()[index % len(self.containers())]
        if event == "recreate":
            engine.remove(container)
            engine.run_new(container.name, restart_policy=container.restart_policy)
        elif event == "start" and not container.running:
            engine.begin_run(container)
        elif event == "stop" and container.running:
            engine.stop(container)
        elif event == "crash" and container.running:
            engine.begin_run(container)
        elif event in {"pause", "unpause"} and container.running:
            container.paused = event == "pause"

    @precondition(lambda self: len(self.harness.engine.containers) < 3)
    @rule()
    def container_added(self) -> None:
        self.harness.engine.run_new()

    @precondition(lambda self: self.phase == "recorded")
    @rule(deleted=st.booleans())
    def file_edited_and_read(self, *, deleted: bool) -> None:
        self.rogues += 1
        self.harness.disk = None if deleted else f"rogue {self.rogues}"
        for container in self.containers():
            if container.running:
                self.load(container.run)

    @precondition(lambda self: PICKY in self.notifications)
    @rule()
    def template_edited(self) -> None:
        self.edited = True

    # The program

    @precondition(lambda self: self.alive)
    @rule(content=CONTENTS, until=st.sampled_from(STEPS[:-1] + STEPS[-1:] * 4))
    def program_makes_a_pass(self, content: str, until: str) -> None:
        """A pass, or the beginning of one; the next one then begins with the rest of it."""
        self.finish_pass()
        self.rendered = content
        for step in STEPS[: STEPS.index(until) + 1]:
            if self.alive:
                self.step(step)

    def finish_pass(self) -> None:
        for step in STEPS[STEPS.index(self.phase) + 1 :]:
            if self.alive:
                self.step(step)

    def step(self, step: str) -> None:
        try:
            getattr(self, step)()
            self.phase = step
        except Killed:
            self.die()

    def looked(self) -> None:
        self.harness.clock.advance(0.01)
        self.shown, self.listed = self.harness.observations(), self.harness.listing()
        self.harness.notifier.engine_clock(ENGINE, self.harness.clock(), self.harness.engine.epoch_ns())
        self.found, self.digest = self.harness.disk, self.rendered

    def compared(self) -> None:
        if self.found == self.digest:
            self.harness.notifier.unchanged(self.digest, self.shown, listing=self.listed)
        else:
            self.cause = self.harness.cause()
            if self.cause == "state" and self.edited:
                self.cause = "template"
            self.harness.notifier.prepare(self.digest, self.cause, self.shown, listing=self.listed)

    def replaced(self) -> None:
        if self.found != self.digest:
            is_told = all(each.rules.react_to(reasons_of([self.cause])) for each in self.notifications)
            self.good = {self.digest} if is_told else {*self.good, self.digest}
            for run, excused in self.excused.items():
                if not is_told and self.found in {self.loaded[run], *excused}:
                    excused.add(self.digest)
        self.harness.disk = self.digest
        self.harness.clock.tick()
        self.replaced_at_s = self.harness.clock()

    def recorded(self) -> None:
        if self.found != self.digest:
            self.harness.notifier.replaced(self.digest, self.shown, self.replaced_at_s, listing=self.listed)
        self.edited = False

    @precondition(lambda self: self.alive)
    @rule(
        content=CONTENTS,
        overtaken_by=st.sampled_from(["", "", "a", "b"]),
        fault=FAULTS,
        end=st.sampled_from(["acknowledged", "acknowledged", "not yet", "killed"]),
    )
    def change_is_told(self, content: str, overtaken_by: str, fault: tuple[str, str, str], end: str) -> None:
        """The usual way of a change, with one thing or another going wrong; a next change may overtake the delivery."""
        self.program_makes_a_pass(content, STEPS[-1])
        self.go_on_for(3.0)
        if overtaken_by and self.alive:
            self.program_makes_a_pass(overtaken_by, STEPS[-1])
        self.workers_work(fault, 3)
        if end == "acknowledged":
            self.go_on_for(0.0)
        elif end == "killed":
            self.die()

    @precondition(lambda self: self.alive and self.phase == "compared" and self.found != self.digest)
    @rule()
    def write_fails(self) -> None:
        self.step("abandoned")
        self.phase = STEPS[-1]

    def abandoned(self) -> None:
        self.harness.notifier.abandoned(self.digest)

    @precondition(lambda self: self.alive)
    @rule(seconds=st.sampled_from([0.1, 3.0, 40.0]))
    def time_passes(self, seconds: float) -> None:
        """Deliveries that are due begin, and reports are taken."""
        self.go_on_for(seconds)

    def go_on_for(self, seconds: float) -> None:
        if not self.alive:
            return
        self.harness.clock.advance(seconds)
        try:
            self.harness.notifier.advance(self.harness.clock())
        except Killed:
            self.die()

    @precondition(lambda self: self.alive and self.harness.workers.waiting)
    @rule(fault=FAULTS, count=st.integers(1, 3))
    def workers_work(self, fault: tuple[str, str, str], count: int) -> None:
        """Begun deliveries reach the engine; their reports wait."""
        self.plan_fault(*fault)
        for _ in range(min(count, len(self.harness.workers.waiting))):
            self.harness.workers.run()
        self.harness.engine.faults.clear()

    def plan_fault(self, operation: str, error: str, when: str) -> None:
        for name in TELLING if operation == "tell" else (operation,):
            if error:
                self.harness.engine.fail(name, ERRORS[error], when)  # type: ignore[arg-type] # one of FAULTS above

    @precondition(lambda self: self.alive)
    @rule(saves=st.integers(0, 2))
    def will_be_killed_just_after_a_save(self, saves: int) -> None:
        self.kill_at_save = saves

    def maybe_killed(self) -> None:
        if self.kill_at_save is not None:
            self.kill_at_save -= 1
            if self.kill_at_save < 0:
                raise Killed

    @precondition(lambda self: self.alive and self.phase == "recorded")
    @rule()
    def program_told_to_end(self) -> None:
        with suppress(Killed):
            self.harness.flush(self.harness.clock() + 4)
        self.die()

    @precondition(lambda self: self.alive)
    @rule(requests_arrive=st.booleans())
    def program_killed(self, *, requests_arrive: bool) -> None:
        if requests_arrive:
            self.harness.workers.run_all()
        self.die()

    @precondition(lambda self: not self.alive)
    @rule(looks=st.booleans())
    def program_started(self, *, looks: bool) -> None:
        self.harness.start(looks=looks)
        self.alive = True

    @precondition(lambda self: not self.alive and self.harness.store.data is not None)
    @rule(garbage=st.binary(max_size=5))
    def state_corrupted(self, garbage: bytes) -> None:
        self.harness.store.data = garbage
        for container in self.containers():
            container.stopped_by_restart = False  # that it was ours was written in the state only

    def die(self) -> None:
        self.alive, self.phase, self.kill_at_save = False, "recorded", None
        self.harness.workers.waiting.clear()

    # The promise

    def all_is_well_in_the_end(self) -> None:
        self.kill_at_save = None
        for container in self.containers():
            container.paused = False
        if not self.alive:
            self.program_started(looks=False)
        self.finish_pass()
        if self.harness.disk != self.rendered:
            self.good = {self.rendered}
        for _ in range(4):
            self.harness.render(self.rendered)
            self.harness.wait(100)
        assert self.harness.pending() == 0
        assert [c.name for c in self.containers() if c.stopped_by_restart] == []
        running = [container.run for container in self.containers() if container.running]
        running += [NO_CONTAINER] if RING in self.notifications else []
        if PICKY not in self.notifications:
            assert self.good == {self.harness.disk}
        # Taken back to a content that it need not have been told: what is different is no change that it reacts to.
        wrong = [run for run in running if self.loaded[run] not in self.good]
        assert [run for run in wrong if self.harness.disk not in self.excused[run]] == []
        self.quiet_restart_tells_nobody()

    def quiet_restart_tells_nobody(self) -> None:
        before = self.harness.engine.operations()
        self.harness.start()
        self.harness.render(self.rendered)
        self.harness.wait(100)
        assert self.harness.engine.operations() == before
        assert self.harness.pending() == 0

    def teardown(self) -> None:
        if hasattr(self, "harness"):
            self.all_is_well_in_the_end()


class RestartPromise(Promise):
    """The same world, where containers are restarted."""

    notifications = (RESTART,)


class MixedPromise(Promise):
    """The same world, where both are owed to the same containers."""

    notifications = (HUP, RESTART)


class PromiseWithoutContainer(Promise):
    """The same world, where something is owed beside that needs no container, and never ends."""

    notifications = (RING, HUP)


class PickyPromise(Promise):
    """The same world, where an edited template is not told: then what was good before is as good as what is new."""

    notifications = (PICKY,)


class RollingPromise(Promise):
    """The same world, where one container is told at a time; one that has stopped is started in the end."""

    notifications = (ROLLING,)

    def all_is_well_in_the_end(self) -> None:
        for container in self.containers():
            if not container.running and not container.stopped_by_restart:
                self.harness.engine.begin_run(container)
        super().all_is_well_in_the_end()


MACHINES = settings(
    max_examples=examples(100),
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
)
TestSignals = pytest.mark.timeout(300)(Promise.TestCase)
TestSignals.settings = MACHINES
TestRestarts = pytest.mark.timeout(300)(RestartPromise.TestCase)
TestRestarts.settings = MACHINES
TestBoth = pytest.mark.timeout(300)(MixedPromise.TestCase)
TestBoth.settings = MACHINES
TestWithoutContainer = pytest.mark.timeout(300)(PromiseWithoutContainer.TestCase)
TestWithoutContainer.settings = MACHINES
TestPicky = pytest.mark.timeout(300)(PickyPromise.TestCase)
TestPicky.settings = MACHINES
TestRolling = pytest.mark.timeout(300)(RollingPromise.TestCase)
TestRolling.settings = MACHINES
