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
from tests.unit.informer.world import failure
from tests.unit.status.parts import Watched

HUP = Signal("nginx", "SIGHUP")


def _event(number: int = 0, **attributes: str) -> EngineEvent:
    return EngineEvent("container", "start", f"{number:064x}", attributes, 1_500_000_000_000_000_000 + number)


def test_before_the_first_pass_nothing_is_claimed() -> None:
    """Neither that the target is true nor that the engine answers."""
    watched = Watched(HUP)
    status, job = watched.status(), watched.job()
    assert (job.ok, job.trouble, job.last_render, job.last_change) == (False, (), None, None)
    assert (status.engines[0].ok, status.engines[0].read_epoch_s) == (False, 0.0)
    assert not status.engines[0].stream.up
    assert status.events == ()


def test_a_change_is_told_with_its_cause_and_counts() -> None:
    """Which containers, how many lines, when."""
    watched = Watched()
    watched.scene.world.add_container("web-1")
    watched.stage.reconcile()
    watched.scene.pass_by(5)
    watched.scene.world.add_container("web-2")
    watched.scene.world.remove("web-1")
    watched.stage.reconcile()
    change = watched.job().last_change
    assert change is not None
    assert (change.cause, set(change.changes)) == ("state", {"web-2 started", "web-1 was removed"})
    assert change.at_epoch_s == watched.scene.clock.now_s
    assert (change.lines_added, change.lines_removed) == (1, 1)
    assert (watched.job().changes, watched.job().ok) == (2, True)


def test_all_changes_are_named_where_the_log_stops() -> None:
    """The line says `and 2 more`; the page has them."""
    watched = Watched()
    watched.stage.reconcile()
    for number in range(6):
        watched.scene.world.add_container(f"web-{number}")
    watched.stage.reconcile()
    change = watched.job().last_change
    assert change is not None
    assert change.why.endswith("and 2 more")
    assert set(change.changes) == {f"web-{number} started" for number in range(6)}


def test_drift_names_no_container() -> None:
    """What somebody did to the file is no container's doing, whatever changed before."""
    watched = Watched()
    watched.stage.reconcile()
    watched.stage.target.content = b"rogue\n"
    watched.stage.reconcile()
    change = watched.job().last_change
    assert change is not None
    assert (change.cause, change.why, change.changes) == ("drift", "drift", ())


def test_a_render_is_told_with_its_outcome() -> None:
    """When, how it ended, and how many names it did not know."""
    watched = Watched()
    watched.stage.renderer.undefined_names = ("colour", "shape")
    watched.stage.reconcile()
    assert watched.job().last_render == LastRender(
        watched.scene.clock.now_s, ok=True, duration_s=0.0, undefined_names=2
    )


def test_the_notes_of_the_last_good_render_are_told() -> None:
    """The first hundred of them, and how many there are."""
    watched = Watched()
    watched.stage.renderer.notes = tuple(f"web-{number}: left out" for number in range(120))
    watched.stage.reconcile()
    assert watched.job().note_count == 120
    assert watched.job().notes == tuple(f"web-{number}: left out" for number in range(100))
    watched.stage.renderer.notes = ()
    watched.scene.world.add_container("web")
    watched.stage.reconcile()
    assert (watched.job().note_count, watched.job().notes) == (0, ())


def test_what_is_wrong_with_a_job_is_told_until_it_is_right() -> None:
    """A template's failure and a target's, and then neither."""
    watched = Watched()
    watched.stage.renderer.render_failure = TemplateFailure("no such thing", "names.j2", 3)
    watched.stage.reconcile()
    assert watched.job().trouble == ("names.j2, line 3: no such thing",)
    watched.stage.renderer.render_failure = None
    watched.stage.target.refusal = "the disk is full"
    watched.scene.world.add_container("web")
    watched.stage.reconcile()
    assert watched.job().trouble == ("/made/up.conf can't be written: the disk is full",)
    assert not watched.job().ok
    watched.stage.target.refusal = ""
    watched.scene.pass_by(60)
    watched.stage.reconcile()
    assert (watched.job().trouble, watched.job().ok) == ((), True)


def test_a_notification_is_due_and_then_delivered() -> None:
    """With the container's name and the moment of its batch; then nobody waits any more."""
    watched = Watched(HUP)
    watched.scene.world.add_container("nginx")
    watched.stage.reconcile()
    watched.deliver()
    (debt,) = watched.notification().debts
    assert (debt.container, debt.since_epoch_s, debt.tries) == ("nginx", watched.scene.clock.now_s, 0)
    assert (watched.notification().due, watched.notification().matches) == (1, 1)
    watched.scene.pass_by(3)
    watched.deliver()
    told = watched.notification()
    assert (told.due, told.debts, told.delivered, told.failed) == (0, (), 1, 0)
    assert told.last_delivered_epoch_s == watched.scene.clock.now_s


def test_a_failed_notification_says_why_and_when_it_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the engine said, and the seconds to the next try."""
    watched = Watched(HUP)

    def refuse(*_: object, **__: object) -> None:
        raise EngineRefused("the engine is in a bad mood", 500)

    monkeypatch.setattr(watched.stage.port, "kill", refuse)
    watched.scene.world.add_container("nginx")
    watched.stage.reconcile()
    watched.scene.pass_by(3)
    watched.deliver()
    told = watched.notification()
    (debt,) = told.debts
    assert (told.failed, told.last_failed_epoch_s, debt.tries) == (1, watched.scene.clock.now_s, 1)
    assert "bad mood" in debt.trouble
    assert debt.due_in_s is not None
    assert 0 < debt.due_in_s <= 0.5


def test_of_many_debts_the_first_are_shown_and_all_are_counted() -> None:
    """A page of thousands of lines would be read by nobody."""
    watched = Watched(Signal("app", "SIGHUP"))
    for number in range(DEBTS_SHOWN_MAX + 7):
        watched.scene.world.add_container(f"app-{number:03}", labels={"pygen.target": "app"})
    watched.stage.reconcile()
    told = watched.notification()
    assert (told.due, len(told.debts), told.debts[0].container) == (DEBTS_SHOWN_MAX + 7, DEBTS_SHOWN_MAX, "app-000")


def test_a_notification_given_twice_is_shown_once() -> None:
    """As it is sent once."""
    watched = Watched(HUP, HUP)
    assert [each.name for each in watched.job().notifications] == ["signal HUP to nginx"]


def test_an_engine_that_fails_is_told_with_its_reason() -> None:
    """And when it answered last."""
    watched = Watched()
    watched.stage.reconcile()
    read_at_s = watched.scene.clock.now_s
    watched.scene.reader.broken["list"] = failure(operation="list")
    watched.scene.pass_by(40)
    watched.scene.informer.sync()
    (engine,) = watched.status().engines
    assert (engine.ok, engine.trouble) == (False, "the engine says no")
    assert engine.read_epoch_s == pytest.approx(read_at_s)


def test_containers_that_the_engine_can_not_show_are_told_by_name() -> None:
    """Since when, why, and whether they are shown as before."""
    watched = Watched()
    broken = watched.scene.world.add_container("broken")
    watched.scene.world.add_container("web")
    watched.scene.reader.hanging.add(broken)
    watched.stage.reconcile()
    (engine,) = watched.status().engines
    (told,) = engine.quarantine
    assert (told.container, told.short_id, told.shown_as_before) == ("broken", broken[:12], False)
    assert told.trouble == "no answer yet"
    assert told.since_epoch_s == pytest.approx(1000.0)
    assert engine.ok


def test_a_stream_is_told_with_its_ends() -> None:
    """Since when it is up or down, how often it ended, and why last."""
    watched = Watched()
    watched.engine.stream_up(up=True)
    watched.scene.pass_by(7)
    watched.engine.stream_up(up=False)
    watched.engine.stream_restarted("timeout")
    watched.scene.pass_by(1)
    watched.engine.stream_up(up=False)
    watched.engine.stream_restarted("unreachable")
    stream = watched.status().engines[0].stream
    assert (stream.up, stream.since_epoch_s, stream.ends, stream.last_end) == (False, 1007.0, 2, "unreachable")


def test_the_last_events_are_shown_newest_first() -> None:
    """As many as are promised, and not one more."""
    watched = Watched()
    for number in range(EVENTS_KEPT + 5):
        watched.engine.heard(_event(number, name=f"web-{number}"))
    names = [event.name for event in watched.status().events]
    assert names == [f"web-{number}" for number in range(EVENTS_KEPT + 4, 4, -1)]


def test_an_event_without_name_or_time_is_shown_all_the_same() -> None:
    """By its id, and at our own time."""
    watched = Watched()
    watched.engine.heard(EngineEvent("container", "start", "ab" * 32, {}, 0))
    assert watched.status().events == (HeardEvent(1000.0, "container", "start", "ab" * 6),)


def test_a_networks_event_names_the_container() -> None:
    """By its id where it is not known."""
    watched = Watched()
    identity = watched.scene.world.add_container("web")
    watched.stage.reconcile()
    for container in ("cd" * 32, identity):
        attributes = {"name": "app", "container": container}
        watched.engine.heard(EngineEvent("network", "connect", "ef" * 32, attributes, 1))
    assert [event.container for event in watched.status().events] == ["web", "cd" * 6]


def test_no_value_that_a_template_could_read_is_shown() -> None:
    """Neither labels and variables nor what was rendered: names, counts, times and reasons are all there is."""
    watched = Watched(HUP)
    watched.stage.renderer.heading = "hidden-heading"
    watched.stage.desired.load()
    watched.scene.world.add_container("nginx", env={"KEY": "hidden-variable"}, labels={"key": "hidden-label"})
    watched.stage.reconcile()
    for event in watched.scene.world.told:
        watched.engine.heard(event)
    shown = json.dumps(asdict(watched.status()))
    assert "nginx started" in shown or "no file yet" in shown
    assert any("hidden-label" in str(event.attributes) for event in watched.scene.world.told)
    assert "hidden" not in shown
