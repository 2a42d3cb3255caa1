"""What the status page shows of jobs, notifications, engines and events."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest

from models.event import EngineEvent
from notify.actions.signal import Signal
from notify.port import EngineRefused
from reconciler.status.gathering import DEBTS_SHOWN_MAX
from reconciler.status.records import EVENTS_KEPT
from reconciler.status.values import HeardEvent, LastRender
from templating.outcome import TemplateFailure
from tests.unit.informer.informer_harness import failure
from tests.unit.status.status_harness import StatusHarness

HUP = Signal("nginx", "SIGHUP")


def _event(number: int = 0, **attributes: str) -> EngineEvent:
    return EngineEvent("container", "start", f"{number:064x}", attributes, 1_500_000_000_000_000_000 + number)


def test_before_the_first_pass_nothing_is_claimed() -> None:
    """Neither that the target is true nor that the engine answers."""
    harness = StatusHarness(HUP)
    status, job = harness.status(), harness.job()
    assert (job.ok, job.trouble, job.last_render, job.last_change) == (False, (), None, None)
    assert (status.engines[0].ok, status.engines[0].read_epoch_s) == (False, 0.0)
    assert not status.engines[0].stream.up
    assert status.events == ()


def test_a_change_is_told_with_its_cause_and_counts() -> None:
    """Which containers, how many lines, when."""
    harness = StatusHarness()
    harness.upstream.world.add_container("web-1")
    harness.job_harness.reconcile()
    harness.upstream.pass_by(5)
    harness.upstream.world.add_container("web-2")
    harness.upstream.world.remove("web-1")
    harness.job_harness.reconcile()
    change = harness.job().last_change
    assert change is not None
    assert (change.cause, set(change.changes)) == ("state", {"web-2 started", "web-1 was removed"})
    assert change.at_epoch_s == harness.upstream.clock.now_s
    assert (change.lines_added, change.lines_removed) == (1, 1)
    assert (harness.job().changes, harness.job().ok) == (2, True)


def test_all_changes_are_named_where_the_log_stops() -> None:
    """The line says `and 2 more`; the page has them."""
    harness = StatusHarness()
    harness.job_harness.reconcile()
    for number in range(6):
        harness.upstream.world.add_container(f"web-{number}")
    harness.job_harness.reconcile()
    change = harness.job().last_change
    assert change is not None
    assert change.why.endswith("and 2 more")
    assert set(change.changes) == {f"web-{number} started" for number in range(6)}


def test_drift_names_no_container() -> None:
    """What somebody did to the file is no container's doing, whatever changed before."""
    harness = StatusHarness()
    harness.job_harness.reconcile()
    harness.job_harness.target.content = b"rogue\n"
    harness.job_harness.reconcile()
    change = harness.job().last_change
    assert change is not None
    assert (change.cause, change.why, change.changes) == ("drift", "drift", ())


def test_a_render_is_told_with_its_outcome() -> None:
    """When, how it ended, and how many names it did not know."""
    harness = StatusHarness()
    harness.job_harness.renderer.undefined_names = ("colour", "shape")
    harness.job_harness.reconcile()
    assert harness.job().last_render == LastRender(
        harness.upstream.clock.now_s, ok=True, duration_s=0.0, undefined_names=2
    )


def test_the_notes_of_the_last_good_render_are_told() -> None:
    """The first hundred of them, and how many there are."""
    harness = StatusHarness()
    harness.job_harness.renderer.notes = tuple(f"web-{number}: left out" for number in range(120))
    harness.job_harness.reconcile()
    assert harness.job().note_count == 120
    assert harness.job().notes == tuple(f"web-{number}: left out" for number in range(100))
    harness.job_harness.renderer.notes = ()
    harness.upstream.world.add_container("web")
    harness.job_harness.reconcile()
    assert (harness.job().note_count, harness.job().notes) == (0, ())


def test_what_is_wrong_with_a_job_is_told_until_it_is_right() -> None:
    """A template's failure and a target's, and then neither."""
    harness = StatusHarness()
    harness.job_harness.renderer.render_failure = TemplateFailure("no such thing", "names.j2", 3)
    harness.job_harness.reconcile()
    assert harness.job().trouble == ("names.j2, line 3: no such thing",)
    harness.job_harness.renderer.render_failure = None
    harness.job_harness.target.refusal = "the disk is full"
    harness.upstream.world.add_container("web")
    harness.job_harness.reconcile()
    assert harness.job().trouble == ("/made/up.conf can't be written: the disk is full",)
    assert not harness.job().ok
    harness.job_harness.target.refusal = ""
    harness.upstream.pass_by(60)
    harness.job_harness.reconcile()
    assert (harness.job().trouble, harness.job().ok) == ((), True)


def test_a_notification_is_due_and_then_delivered() -> None:
    """With the container's name and the moment of its batch; then nobody waits any more."""
    harness = StatusHarness(HUP)
    harness.upstream.world.add_container("nginx")
    harness.job_harness.reconcile()
    harness.deliver()
    (debt,) = harness.notification().debts
    assert (debt.container, debt.since_epoch_s, debt.tries) == ("nginx", harness.upstream.clock.now_s, 0)
    assert (harness.notification().due, harness.notification().matches) == (1, 1)
    harness.upstream.pass_by(3)
    harness.deliver()
    told = harness.notification()
    assert (told.due, told.debts, told.delivered, told.failed) == (0, (), 1, 0)
    assert told.last_delivered_epoch_s == harness.upstream.clock.now_s


def test_a_failed_notification_says_why_and_when_it_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the engine said, and the seconds to the next try."""
    harness = StatusHarness(HUP)

    def refuse(*_: object, **__: object) -> None:
        raise EngineRefused("the engine is in a bad mood", 500)

    monkeypatch.setattr(harness.job_harness.port, "kill", refuse)
    harness.upstream.world.add_container("nginx")
    harness.job_harness.reconcile()
    harness.upstream.pass_by(3)
    harness.deliver()
    told = harness.notification()
    (debt,) = told.debts
    assert (told.failed, told.last_failed_epoch_s, debt.tries) == (1, harness.upstream.clock.now_s, 1)
    assert "bad mood" in debt.trouble
    assert debt.due_in_s is not None
    assert 0 < debt.due_in_s <= 0.5


def test_of_many_debts_the_first_are_shown_and_all_are_counted() -> None:
    """A page of thousands of lines would be read by nobody."""
    harness = StatusHarness(Signal("app", "SIGHUP"))
    for number in range(DEBTS_SHOWN_MAX + 7):
        harness.upstream.world.add_container(f"app-{number:03}", labels={"pygen.target": "app"})
    harness.job_harness.reconcile()
    told = harness.notification()
    assert (told.due, len(told.debts), told.debts[0].container) == (DEBTS_SHOWN_MAX + 7, DEBTS_SHOWN_MAX, "app-000")


def test_a_notification_given_twice_is_shown_once() -> None:
    """As it is sent once."""
    harness = StatusHarness(HUP, HUP)
    assert [each.name for each in harness.job().notifications] == ["signal HUP to nginx"]


def test_an_engine_that_fails_is_told_with_its_reason() -> None:
    """And when it answered last."""
    harness = StatusHarness()
    harness.job_harness.reconcile()
    read_at_s = harness.upstream.clock.now_s
    harness.upstream.reader.broken["list"] = failure(operation="list")
    harness.upstream.pass_by(40)
    harness.upstream.informer.sync()
    (engine,) = harness.status().engines
    assert (engine.ok, engine.trouble) == (False, "the engine says no")
    assert engine.read_epoch_s == pytest.approx(read_at_s)


def test_containers_that_the_engine_can_not_show_are_told_by_name() -> None:
    """Since when, why, and whether they are shown as before."""
    harness = StatusHarness()
    broken = harness.upstream.world.add_container("broken")
    harness.upstream.world.add_container("web")
    harness.upstream.reader.hanging.add(broken)
    harness.job_harness.reconcile()
    (engine,) = harness.status().engines
    (told,) = engine.quarantine
    assert (told.container, told.short_id, told.shown_as_before) == ("broken", broken[:12], False)
    assert told.trouble == "no answer yet"
    assert told.since_epoch_s == pytest.approx(1000.0)
    assert engine.ok


def test_a_stream_is_told_with_its_ends() -> None:
    """Since when it is up or down, how often it ended, and why last."""
    harness = StatusHarness()
    harness.engine.stream_up(up=True)
    harness.upstream.pass_by(7)
    harness.engine.stream_up(up=False)
    harness.engine.stream_restarted("timeout")
    harness.upstream.pass_by(1)
    harness.engine.stream_up(up=False)
    harness.engine.stream_restarted("unreachable")
    stream = harness.status().engines[0].stream
    assert (stream.up, stream.since_epoch_s, stream.ends, stream.last_end) == (False, 1007.0, 2, "unreachable")


def test_the_last_events_are_shown_newest_first() -> None:
    """As many as are promised, and not one more."""
    harness = StatusHarness()
    for number in range(EVENTS_KEPT + 5):
        harness.engine.heard(_event(number, name=f"web-{number}"))
    names = [event.name for event in harness.status().events]
    assert names == [f"web-{number}" for number in range(EVENTS_KEPT + 4, 4, -1)]


def test_an_event_without_name_or_time_is_shown_all_the_same() -> None:
    """By its id, and at our own time."""
    harness = StatusHarness()
    harness.engine.heard(EngineEvent("container", "start", "ab" * 32, {}, 0))
    assert harness.status().events == (HeardEvent(1000.0, "container", "start", "ab" * 6),)


def test_a_networks_event_names_the_container() -> None:
    """By its id where it is not known."""
    harness = StatusHarness()
    identity = harness.upstream.world.add_container("web")
    harness.job_harness.reconcile()
    for container in ("cd" * 32, identity):
        attributes = {"name": "app", "container": container}
        harness.engine.heard(EngineEvent("network", "connect", "ef" * 32, attributes, 1))
    assert [event.container for event in harness.status().events] == ["web", "cd" * 6]


def test_no_value_that_a_template_could_read_is_shown() -> None:
    """Neither labels and variables nor what was rendered: names, counts, times and reasons are all there is."""
    harness = StatusHarness(HUP)
    harness.job_harness.renderer.heading = "hidden-heading"
    harness.job_harness.desired.load()
    harness.upstream.world.add_container("nginx", env={"KEY": "hidden-variable"}, labels={"key": "hidden-label"})
    harness.job_harness.reconcile()
    for event in harness.upstream.world.told:
        harness.engine.heard(event)
    shown = json.dumps(asdict(harness.status()))
    assert "nginx started" in shown or "no file yet" in shown
    assert any("hidden-label" in str(event.attributes) for event in harness.upstream.world.told)
    assert "hidden" not in shown
