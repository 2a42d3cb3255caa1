"""Restarts that cause each other are slowed down, and never lost."""

from __future__ import annotations

from itertools import pairwise

from notify.throttle import LONGEST_GAP_S
from tests.unit.notify.fakes import RESTART, NotifierHarness


def restless_harness() -> NotifierHarness:
    """A program whose template shows when the restarted container was started."""
    harness = NotifierHarness(RESTART)
    harness.engine.run_new()
    harness.disk = "before"
    harness.render("before")
    return harness


def content_of(harness: NotifierHarness) -> str:
    """What the template gives: when each container was started."""
    return " ".join(container.started_at for container in harness.engine.containers.values())


def run_for(harness: NotifierHarness, seconds: int) -> list[float]:
    """Passes every second, as events and resyncs would make them; when it was restarted, in seconds from now."""
    restarted: list[float] = []
    begin_s = harness.clock()
    harness.engine.on_started = lambda run: restarted.append(harness.clock() - begin_s)
    for _ in range(seconds):
        harness.render(content_of(harness), changed={"web"})
        harness.wait(1)
    return restarted


def test_a_steady_stream_of_other_changes_is_no_chain() -> None:
    """Where other containers change the file, every restart comes with its batch, however many there are."""
    harness = restless_harness()
    for number in range(20):
        harness.render(f"content {number}", changed={f"other-{number}"})
        harness.wait(3)
    assert harness.engine.operations() == ["restart"] * 20
    assert harness.lines.matching("spaced out") == []


def test_a_restarted_container_s_part_in_others_changes_is_no_chain() -> None:
    """A change of the restarted one together with another's has a reason of its own."""
    harness = restless_harness()
    for number in range(10):
        harness.render(f"content {number}", changed={"web", f"other-{number}"})
        harness.wait(3)
    assert harness.engine.operations() == ["restart"] * 10


def test_a_chain_is_spaced_out_with_one_warning() -> None:
    """The restarts come further and further apart, up to 30 s, and one line says why."""
    harness = restless_harness()
    restarted = run_for(harness, 300)
    gaps = [later - earlier for earlier, later in pairwise(restarted)]
    assert len(restarted) < 20
    assert gaps == sorted(gaps)
    assert LONGEST_GAP_S - 1 <= gaps[-1] <= LONGEST_GAP_S + 2
    assert len(harness.lines.matching("spaced out")) == 1


def test_a_slowed_restart_stays_owed() -> None:
    """While it waits the debt is there, and at the end it is paid."""
    harness = restless_harness()
    run_for(harness, 100)
    assert harness.pending() == 1
    harness.render("calm at last")
    harness.wait(100)
    harness.render("calm at last")
    assert harness.pending() == 0


def test_two_changes_in_a_row_are_not_slowed() -> None:
    """People change two things one after the other: each is told after MIN."""
    harness = restless_harness()
    for content in ("a", "b"):
        harness.render(content)
        harness.wait(1)
    assert harness.engine.operations() == ["restart", "restart"]


def test_a_quiet_time_ends_the_chain() -> None:
    """A change long after the last restart is told after MIN again."""
    harness = restless_harness()
    run_for(harness, 60)
    harness.render("calm")
    harness.wait(200)
    harness.render("calm")
    before = len(harness.engine.operations())
    harness.render("changed")
    harness.wait(1)
    assert len(harness.engine.operations()) == before + 1
