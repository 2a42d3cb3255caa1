"""`after`: a job is written when those before it are in sync and told, in the loop and in a single pass."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from notify.actions.signal import Signal
from reconciler.duty_cycle import DutyCycle
from reconciler.exit_status import ExitStatus
from reconciler.inbox import Inbox
from reconciler.loop.heartbeat import Heartbeat
from reconciler.loop.order import WriteOrder
from reconciler.loop.reconciler import Reconciler
from reconciler.loop.wakeups import StatePublished, Wakeup
from reconciler.readiness import Readiness
from reconciler.target.outcome import PartlyWritten, WriteFailed, Written
from reconciler.unexpected import UnexpectedErrors
from templating.outcome import TemplateFailure
from templating.reads import Reads
from tests.unit.informer.informer_harness import InformerHarness
from tests.unit.loop.job_harness import JobHarness
from tests.unit.loop.test_one_shot import _one_shot as one_shot

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.pass_report import PassReport


FIRST, SECOND, THIRD = "/first", "/second", "/third"


class Ordered:
    """A loop over three jobs in a row, each of which tells a container of its own. What happens is in a journal."""

    def __init__(self, orders: dict[str, Sequence[str]] | None = None) -> None:
        self.upstream = InformerHarness()
        orders = orders or {THIRD: [SECOND], SECOND: [FIRST], FIRST: []}
        self.harnesses = {
            name: JobHarness(Signal(name[1:], "SIGHUP"), upstream=self.upstream, path=name, after=after)
            for name, after in orders.items()
        }
        self.journal: list[str] = []
        self.reports: list[PassReport] = []
        for name, harness in self.harnesses.items():
            self._record(name, harness)
            self.upstream.world.add_container(name[1:])
        log = logging.getLogger("test.order")
        self.loop = Reconciler(
            next(iter(self.harnesses.values())).states,
            [],
            [harness.job for harness in self.harnesses.values()],
            inbox=Inbox[Wakeup](self.upstream.clock),
            clock=self.upstream.clock,
            wall_clock=self.upstream.clock,
            chance=lambda: 0.0,
            duty_cycle=DutyCycle(self.upstream.clock, lambda: 0.0),
            unexpected=UnexpectedErrors(self, log),
            heartbeat=Heartbeat(self.upstream.clock),
            resync_s=30.0,
            publish=self.reports.append,
            before_pass=lambda _: None,
            after_pass=lambda: None,
            log=log,
        )
        self.upstream.informer.on_stream_opened()
        self.change()

    def unexpected(self, part: str) -> None:
        raise AssertionError(part)

    def _record(self, name: str, harness: JobHarness) -> None:
        write = harness.target.write

        def writes(content: bytes) -> Written | PartlyWritten | WriteFailed:
            outcome = write(content)
            if isinstance(outcome, Written):
                self.journal.append(f"wrote {name}")
            return outcome

        harness.target.write = writes  # type: ignore[method-assign]
        harness.port.on_told = lambda told: self.journal.append(f"told {told}")

    def change(self) -> None:
        """The informer publishes what is new, and the loop makes a pass."""
        self.upstream.tell()
        self.upstream.informer.sync()
        self.loop.run_once([StatePublished()])

    def pass_by(self, seconds: float = 0.0) -> None:
        """Time goes by, and the loop makes a pass."""
        self.upstream.clock.now_s += seconds
        self.loop.run_once([])

    def settle(self) -> list[str]:
        """Until the loop has nothing to do for now; what was done, in order."""
        for _ in range(20):
            due_s = self.loop._next_due()
            self.pass_by(min(max(due_s - self.upstream.clock.now_s, 0.0), 1.0))
        journal, self.journal = self.journal, []
        return journal

    def job(self, name: str) -> JobHarness:
        return self.harnesses[name]

    def start_one(self) -> None:
        self.upstream.world.add_container("web")
        self.change()


IN_ORDER = [f"{did} {name}" for name in (FIRST, SECOND, THIRD) for did in ("wrote", "told")]
IN_ORDER = [each.replace("told /", "told ") for each in IN_ORDER]


@pytest.fixture
def ordered() -> Ordered:
    """The first content is written and told everywhere."""
    made = Ordered()
    made.settle()
    return made


def test_each_is_written_when_the_one_before_it_is_told() -> None:
    """At the first start, whatever the order of the configuration."""
    ordered = Ordered()
    assert ordered.journal == [f"wrote {FIRST}"]
    assert ordered.settle() == IN_ORDER


def test_a_change_goes_down_the_row(ordered: Ordered) -> None:
    """Write, tell, then the next; and each is rendered once."""
    renders = {name: harness.renderer.renders for name, harness in ordered.harnesses.items()}
    ordered.start_one()
    assert ordered.settle() == IN_ORDER
    assert {
        name: harness.renderer.renders - renders[name] for name, harness in ordered.harnesses.items()
    } == dict.fromkeys(renders, 1)


def test_what_waits_is_written_at_once_when_it_may(ordered: Ordered) -> None:
    """The loop does not sleep until something else happens."""
    ordered.start_one()
    assert ordered.journal == [f"wrote {FIRST}"]
    ordered.pass_by(0.5)
    assert ordered.journal == [f"wrote {FIRST}", "told first"]
    ordered.pass_by()  # the worker's report woke the loop
    assert ordered.loop._next_due() <= ordered.upstream.clock.now_s
    ordered.pass_by()
    assert ordered.journal[2:] == [f"wrote {SECOND}"]


def test_what_the_job_before_it_has_already_is_not_waited_for(ordered: Ordered) -> None:
    """Its own file differs, the one before is as it should be and owes nothing: it is written in the same pass."""
    ordered.job(SECOND).renderer.heading = "edited"
    ordered.job(SECOND).desired.load()
    ordered.pass_by()
    assert ordered.journal == [f"wrote {SECOND}"]


def test_a_file_that_is_right_already_waits_for_nothing(ordered: Ordered) -> None:
    """There is nothing to write, so that it is in sync whatever the one before does."""
    ordered.job(FIRST).renderer.heading = "edited"
    ordered.job(FIRST).desired.load()
    ordered.job(FIRST).target.refusal = "the disk is full"
    ordered.pass_by(30.0)
    assert ordered.job(SECOND).job.in_sync
    assert not ordered.job(FIRST).job.in_sync


def test_it_waits_for_a_failed_one_and_says_so_once(ordered: Ordered, caplog: pytest.LogCaptureFixture) -> None:
    """In the log, in what the status page shows, and in the metric; it goes on when the other one does."""
    caplog.set_level(logging.INFO)
    ordered.job(FIRST).target.refusal = "the disk is full"
    ordered.start_one()
    assert ordered.settle() == []
    second, third = ordered.job(SECOND).job, ordered.job(THIRD).job
    assert not second.in_sync
    assert str(second.waiting) == f"it waits for {FIRST}, which can't be written"
    assert str(third.waiting) == f"it waits for {SECOND}, which waits itself"
    assert ordered.reports[-1].waiting == {SECOND: True, THIRD: True}
    told = [message for message in caplog.messages if "is not written yet" in message]
    assert sorted(told) == [
        f"{SECOND} is not written yet: it waits for {FIRST}, which can't be written",
        f"{THIRD} is not written yet: it waits for {SECOND}, which waits itself",
    ]
    ordered.job(FIRST).target.refusal = ""
    ordered.upstream.clock.now_s += 60
    assert ordered.settle() == IN_ORDER
    assert all(harness.job.in_sync for harness in ordered.harnesses.values())
    assert ordered.reports[-1].waiting == {SECOND: False, THIRD: False}
    assert f"{SECOND} is in sync again" in caplog.messages


def test_a_template_that_fails_is_waited_for(ordered: Ordered) -> None:
    """Its file is old, so what comes after it stays old, too."""
    ordered.job(FIRST).renderer.render_failure = TemplateFailure("no", "t.j2", 1)
    ordered.start_one()
    assert ordered.settle() == []
    assert str(ordered.job(SECOND).job.waiting) == f"it waits for {FIRST}, whose template fails"


def test_a_notification_that_fails_is_waited_for(ordered: Ordered, caplog: pytest.LogCaptureFixture) -> None:
    """Its readers have not loaded the file: what comes after it is not written before they have."""
    first = ordered.job(FIRST)
    first.port.refuses = True
    ordered.start_one()
    assert ordered.settle() == [f"wrote {FIRST}"]
    assert str(ordered.job(SECOND).job.waiting) == f"it waits for {FIRST}, whose notifications fail"
    assert caplog.text.count(f"{SECOND} is not written yet") == 1
    first.port.refuses = False
    ordered.upstream.clock.now_s += 60
    assert ordered.settle() == IN_ORDER[1:]


def test_a_render_that_is_under_way_is_waited_for(ordered: Ordered) -> None:
    """The one before it has not seen this state yet."""
    ordered.job(FIRST).renders.is_held = True
    ordered.start_one()
    assert ordered.settle() == []
    assert str(ordered.job(SECOND).job.waiting) == f"it waits for {FIRST}, which is being written, or its readers told"
    ordered.job(FIRST).renders.release()
    assert ordered.settle() == IN_ORDER


def test_a_load_that_somebody_asked_for_is_waited_for(ordered: Ordered) -> None:
    """SIGHUP loads all templates: the content of the one before may be another one."""
    ordered.job(FIRST).renders.is_held = True
    ordered.job(FIRST).desired.load()
    ordered.job(SECOND).renderer.heading = "edited"
    ordered.job(SECOND).desired.load()
    assert ordered.settle() == []
    ordered.job(FIRST).renders.release()
    assert f"wrote {SECOND}" in ordered.settle()


def test_a_job_that_has_not_begun_is_waited_for(ordered: Ordered) -> None:
    """Another program has its target, say; and it may go while the program runs."""
    first, second = ordered.job(FIRST).job, ordered.job(SECOND).job
    ordered.loop.set_jobs([ordered.job(THIRD).job, second])
    ordered.start_one()
    assert ordered.settle() == []
    assert str(second.waiting) == f"it waits for {FIRST}, which has not begun"
    ordered.loop.set_jobs([ordered.job(THIRD).job, second, first])
    assert ordered.settle() == IN_ORDER


def test_what_was_owed_before_is_delivered_while_it_waits(ordered: Ordered) -> None:
    """Its readers are owed a file that is there: the next content has to wait, they have not."""
    for name in (FIRST, SECOND):
        ordered.job(name).renderer.heading = "edited"
        ordered.job(name).desired.load()
    ordered.pass_by()
    ordered.pass_by(0.5)
    ordered.pass_by()
    ordered.pass_by()
    assert ordered.journal == [f"wrote {FIRST}", "told first", f"wrote {SECOND}"]
    ordered.job(FIRST).target.refusal = "the disk is full"
    ordered.start_one()
    assert "told second" in ordered.settle()


def test_of_several_what_is_wrong_is_named() -> None:
    """One that only takes its time says nothing."""
    ordered = Ordered({THIRD: [FIRST, SECOND], SECOND: [], FIRST: []})
    ordered.settle()
    ordered.job(SECOND).target.refusal = "the disk is full"
    ordered.start_one()
    assert str(ordered.job(THIRD).job.waiting) == f"it waits for {SECOND}, which can't be written"


def test_readiness_waits_for_the_first_content_unless_something_is_wrong() -> None:
    """As for a job that is still being rendered, and for one whose write failed."""
    ordered = Ordered()
    readiness = Readiness(ordered.loop, ordered.loop._heartbeat, resync_s=30.0, clock=ordered.upstream.clock)
    words = f"{THIRD} is not written yet: it waits for {SECOND}, which is being written, or its readers told"
    assert readiness.ready() == (False, words)
    ordered.job(FIRST).port.refuses = True
    ordered.settle()
    assert readiness.ready() == (True, "ok: the state is complete and fresh")


def test_stages_are_in_order_and_have_every_job() -> None:
    """A single pass writes and tells them one after the other."""
    ordered = Ordered({THIRD: [FIRST, SECOND], "/beside": [], SECOND: [FIRST], FIRST: []})
    jobs = {name: harness.job for name, harness in ordered.harnesses.items()}
    assert list(WriteOrder(jobs).stages()) == [["/beside", FIRST], [SECOND], [THIRD]]


def _edited_pair() -> tuple[JobHarness, JobHarness]:
    """A job that was written and whose template was edited since, and one after it."""
    upstream = InformerHarness()
    upstream.world.add_container("nginx")
    first = JobHarness(Signal("nginx", "SIGHUP"), upstream=upstream, path=FIRST)
    second = JobHarness(upstream=upstream, path=SECOND, after=[FIRST])
    first.reconcile()
    first.renderer.heading = "edited"
    return first, second


def _single(first: JobHarness, second: JobHarness) -> ExitStatus:
    return one_shot(second, first)[0].run()


def test_a_single_pass_goes_in_order() -> None:
    """The second one is written once the first one's readers are told."""
    upstream = InformerHarness()
    upstream.world.add_container("nginx")
    first = JobHarness(Signal("nginx", "SIGHUP"), upstream=upstream, path=FIRST)
    second = JobHarness(upstream=upstream, path=SECOND, after=[FIRST])
    first.target.content = b"old"
    seen: list[list[tuple[str, str]]] = []
    write = second.target.write
    second.target.write = lambda content: (seen.append(list(first.port.signals)), write(content))[1]  # type: ignore[method-assign,func-returns-value]
    first.reconcile()
    first.renderer.heading = "edited"
    first.desired.load()
    assert _single(first, second) is ExitStatus.OK
    assert seen == [[("nginx", "SIGHUP")]]


@pytest.mark.parametrize("fault", ["write", "template", "notification"])
def test_a_single_pass_fails_as_what_it_waits_for(fault: str) -> None:
    """What comes after it is left as it was."""
    first, second = _edited_pair()
    first.desired.load()
    if fault == "write":
        first.target.refusal = "the disk is full"
    elif fault == "template":
        first.renderer.render_failure = TemplateFailure("no", "t.j2", 1)
    else:
        first.port.refuses = True
    expected = {
        "write": ExitStatus.WRITE_FAILED,
        "template": ExitStatus.TEMPLATE_FAILED,
        "notification": ExitStatus.NOTIFICATION_FAILED,
    }
    assert _single(first, second) is expected[fault]
    assert second.target.content is None


def test_elements_that_fail_hold_up_nobody(ordered: Ordered) -> None:
    """A set of files is as it should be but for them: one container's fault is its own, in the order, too."""
    first = ordered.job(FIRST)
    first.renderer.failed = (TemplateFailure("web: no", "t.j2"),)
    first.target.problem = "/sites/web: it is somebody else's"
    ordered.start_one()
    assert ordered.settle() == IN_ORDER
    assert first.job.is_usable
    assert not first.job.in_sync


def test_a_single_pass_tells_of_what_could_be_written() -> None:
    """The status is that of the elements that failed; readers of the others are told, and the next job is written."""
    first, second = _edited_pair()
    first.renderer.failed = (TemplateFailure("web: no", "t.j2"),)
    first.desired.load()
    assert _single(first, second) is ExitStatus.TEMPLATE_FAILED
    assert first.port.signals == [("nginx", "SIGHUP")]
    assert second.target.lines == ["names", "nginx"]


def test_a_state_that_passes_a_job_by_does_not_hold_up_the_one_after_it(ordered: Ordered) -> None:
    """The first one's template cannot tell it from the one before, so that its target is not even compared."""
    first, second = ordered.job(FIRST), ordered.job(SECOND)
    first.renderer.reads = Reads(all_containers=False, raw=False)
    first.desired.load()
    ordered.settle()
    renders = first.renderer.renders
    second.renderer.heading = "edited"
    second.desired.load()
    ordered.upstream.world.add_container("stopped", running=False)
    ordered.change()
    assert ordered.journal == [f"wrote {SECOND}"]
    assert first.renderer.renders == renders
    assert first.job.in_sync
