"""One job: compare, write, owe."""

from __future__ import annotations

import logging

import pytest

from models.event import Change
from notify.actions.signal import Signal
from reconciler.loop.job import changes_in_words
from templating.outcome import TemplateFailure
from tests.unit.informer.world import failure
from tests.unit.loop.parts import Stage

HUP = Signal("nginx", "SIGHUP")


def test_a_target_that_is_missing_is_written() -> None:
    """The first pass makes the file."""
    stage = Stage()
    stage.scene.world.add_container("web")
    assert stage.reconcile()
    assert stage.target.lines == ["names", "web"]
    assert stage.counted.causes == {"missing": 1}
    assert stage.counted.lines == [(2, 0)]


def test_a_target_that_is_true_is_left_alone() -> None:
    """Being called again for nothing writes nothing, and renders nothing."""
    stage = Stage()
    stage.scene.world.add_container("web")
    for _ in range(3):
        assert stage.reconcile()
    assert len(stage.target.writes) == 1
    assert stage.renderer.renders == 1
    assert stage.counted.passes == {True: 3}


def test_a_change_of_the_state_is_written_and_told(caplog: pytest.LogCaptureFixture) -> None:
    """One line in the log says what, why and how much."""
    caplog.set_level(logging.INFO)
    stage = Stage()
    stage.reconcile()
    caplog.clear()
    stage.scene.world.add_container("web-2")
    stage.reconcile()
    assert stage.counted.causes == {"missing": 1, "state": 1}
    [record] = caplog.records
    assert record.message == "target changed"
    told = record.__dict__["pygen_fields"]
    assert (told["target"], told["cause"]) == ("/made/up.conf", "web-2 started")
    assert (told["lines_added"], told["lines_removed"]) == (1, 0)


def test_nothing_is_logged_when_nothing_changes(caplog: pytest.LogCaptureFixture) -> None:
    """A quiet host has a quiet log."""
    stage = Stage()
    stage.reconcile()
    caplog.set_level(logging.INFO)
    caplog.clear()
    stage.scene.pass_by(30)
    stage.reconcile()
    assert caplog.records == []


def test_drift_is_repaired_as_drift() -> None:
    """A hand-edited target is put right, and the cause is neither state nor template."""
    stage = Stage()
    stage.scene.world.add_container("web")
    stage.reconcile()
    stage.target.content = b"by hand\n"
    assert stage.reconcile()
    assert stage.target.lines == ["names", "web"]
    assert stage.counted.causes == {"missing": 1, "drift": 1}


def test_drift_together_with_a_change_is_drift() -> None:
    """Whoever reads the file may have loaded what was put there, so that it counts more."""
    stage = Stage()
    stage.reconcile()
    stage.target.content = b"by hand\n"
    stage.scene.world.add_container("web")
    stage.reconcile()
    assert stage.counted.causes["drift"] == 1


def test_a_deleted_target_is_made_again() -> None:
    """Its cause is `missing`."""
    stage = Stage()
    stage.reconcile()
    stage.target.content = None
    assert stage.reconcile()
    assert stage.counted.causes == {"missing": 2}


def test_an_edited_template_is_its_own_cause() -> None:
    """Seen without a restart."""
    stage = Stage()
    stage.reconcile()
    stage.renderer.heading = "hosts"
    stage.renderer.edited = True
    stage.desired.refresh()
    assert stage.reconcile()
    assert stage.target.lines == ["hosts"]
    assert stage.counted.causes == {"missing": 1, "template": 1}


def test_a_template_that_fails_keeps_the_file(caplog: pytest.LogCaptureFixture) -> None:
    """It is told once, counted each time, and over as soon as it renders again."""
    caplog.set_level(logging.INFO)
    stage = Stage()
    stage.scene.world.add_container("web")
    stage.reconcile()
    stage.renderer.render_failure = TemplateFailure("no such field", "t.j2", 3)
    for name in ("a", "b"):
        stage.scene.world.add_container(name)
        assert not stage.reconcile()
    assert stage.target.lines == ["names", "web"]
    assert stage.counted.renders == {True: 1, False: 2}
    assert caplog.text.count("t.j2, line 3: no such field") == 1
    assert not stage.job.is_true
    stage.renderer.render_failure = None
    stage.scene.world.add_container("c")
    assert stage.reconcile()
    assert "renders again" in caplog.text
    assert stage.target.lines == ["names", "a", "b", "c", "web"]


def test_a_template_that_no_longer_loads_keeps_the_file() -> None:
    """A broken edit changes nothing; what is there is still kept from drifting while the state stays."""
    stage = Stage()
    stage.reconcile()
    stage.renderer.load_failure = TemplateFailure("unexpected '}'", "t.j2", 1)
    stage.renderer.edited = True
    stage.desired.refresh()
    stage.target.content = b"by hand\n"
    assert stage.reconcile()
    assert stage.target.lines == ["names"]
    stage.scene.world.add_container("web")
    assert not stage.reconcile()
    assert stage.target.lines == ["names"]
    stage.renderer.load_failure = None
    stage.renderer.edited = True
    stage.desired.refresh()
    assert stage.reconcile()
    assert stage.target.lines == ["names", "web"]


def test_undefined_names_are_warned_of_once(caplog: pytest.LogCaptureFixture) -> None:
    """And counted with every render."""
    stage = Stage()
    stage.renderer.undefined_names = ("contianers",)
    stage.reconcile()
    stage.scene.world.add_container("web")
    stage.reconcile()
    assert caplog.text.count("contianers") == 1
    assert stage.counted.undefined == [1, 1]


def test_a_note_is_logged_once_until_it_changes(caplog: pytest.LogCaptureFixture) -> None:
    """And again when it comes back after it was gone; it is counted with every render."""
    stage = Stage()
    stage.renderer.notes = ("web: left out", "db: left out")
    stage.reconcile()
    stage.scene.world.add_container("web")
    stage.reconcile()
    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING"]
    assert [record.getMessage() for record in caplog.records] == [
        "the template for /made/up.conf notes: web: left out",
        "the template for /made/up.conf notes: db: left out",
    ]
    caplog.clear()
    for number, notes in enumerate([("db: left out",), ("db: left out", "web: left out")]):
        stage.renderer.notes = notes
        stage.scene.world.add_container(f"more-{number}")
        stage.reconcile()
    assert [record.getMessage() for record in caplog.records] == ["the template for /made/up.conf notes: web: left out"]
    assert stage.counted.notes == [2, 2, 1, 2]


def test_a_failed_render_leaves_the_notes_of_the_last_good_one(caplog: pytest.LogCaptureFixture) -> None:
    """So that a template that fails and is mended repeats nothing."""
    stage = Stage()
    stage.renderer.notes = ("web: left out",)
    stage.reconcile()
    for reason in (TemplateFailure("no such thing", "names.j2", 3), None):
        stage.renderer.render_failure = reason
        stage.scene.world.add_container(f"web-{reason is None}")
        stage.reconcile()
        assert stage.desired.notes == ("web: left out",)
    assert caplog.text.count("notes:") == 1


def test_many_notes_at_once_are_logged_in_part(caplog: pytest.LogCaptureFixture) -> None:
    """The first fifty, and how many more there are."""
    stage = Stage()
    stage.renderer.notes = tuple(f"web-{number}: left out" for number in range(60))
    stage.reconcile()
    messages = [record.getMessage() for record in caplog.records]
    assert messages[49] == "the template for /made/up.conf notes: web-49: left out"
    assert messages[50:] == [
        "the template for /made/up.conf makes 10 further notes; the status page lists the first ones"
    ]


def test_a_write_that_fails_is_tried_again_until_it_succeeds(caplog: pytest.LogCaptureFixture) -> None:
    """With backoff, told once, and nothing is owed for what was not written."""
    caplog.set_level(logging.INFO)
    stage = Stage(HUP)
    stage.scene.world.add_container("nginx")
    stage.reconcile()
    assert stage.flush()
    stage.target.refusal = "No space left on device"
    stage.scene.world.add_container("web")
    assert not stage.reconcile()
    assert stage.job.next_due() == stage.scene.clock.now_s + 0.5
    assert not stage.reconcile()
    assert stage.counted.writes == {True: 1, False: 1}
    stage.scene.pass_by(0.5)
    assert not stage.reconcile()
    assert stage.counted.writes == {True: 1, False: 2}
    assert caplog.text.count("No space left on device") == 1
    assert stage.notifier.pending() == ()
    stage.target.refusal = ""
    stage.scene.pass_by(1)
    assert stage.reconcile()
    assert stage.job.next_due() is None
    assert len(stage.notifier.pending()) == 1
    assert "can be kept in sync again" in caplog.text


def test_a_target_that_cannot_be_read_is_not_overwritten() -> None:
    """What is there is not known, so that it stays, and is looked at again."""
    stage = Stage()
    stage.target.unreadable = "Is a directory"
    assert not stage.reconcile()
    assert stage.target.writes == []
    assert stage.counted.writes == {False: 1}
    stage.target.unreadable = ""
    stage.scene.pass_by(1)
    assert stage.reconcile()


def test_a_replaced_file_is_owed_to_every_match_and_told_after_the_interval() -> None:
    """The path from a container's start to a delivered signal."""
    stage = Stage(HUP)
    stage.scene.world.add_container("nginx")
    stage.reconcile()
    due_s = stage.notifier.next_due()
    assert due_s == stage.scene.clock.now_s + 0.5
    stage.notifier.advance(stage.scene.clock.now_s)
    assert stage.port.signals == []
    stage.scene.pass_by(0.5)
    stage.notifier.advance(stage.scene.clock.now_s)
    assert stage.port.signals == [("nginx", "SIGHUP")]
    assert stage.counted.matching == {"nginx": 1}


def test_an_empty_file_is_told_once_like_any_other() -> None:
    """Nobody is owed anything after it: nothing to print is a content, too."""
    stage = Stage(HUP)
    stage.scene.world.add_container("nginx")
    stage.renderer.is_empty = True
    stage.reconcile()
    for _ in range(3):
        stage.scene.pass_by(30)
        stage.reconcile()
        stage.notifier.advance(stage.scene.clock.now_s)
    assert stage.target.content == b""
    assert stage.port.signals == [("nginx", "SIGHUP")]
    assert stage.notifier.pending() == ()


def test_an_engine_that_is_away_leaves_the_target_and_repairs_it() -> None:
    """The last good snapshot is what drift is measured against."""
    stage = Stage()
    stage.scene.world.add_container("web")
    stage.reconcile()
    stage.scene.reader.broken["list"] = failure()
    stage.scene.informer.on_reload()
    assert not stage.scene.informer.sync()
    assert stage.target.lines == ["names", "web"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ([], "the state changed"),
        ([("web", "started")], "web started"),
        ([("web", "started"), ("web", "started"), ("db", "stopped")], "web started, db stopped"),
        ([(f"c{n}", "started") for n in range(7)], "c0 started, c1 started, c2 started, c3 started and 3 more"),
    ],
)
def test_changes_are_told_in_words(changes: list[tuple[str, str]], words: str) -> None:
    """The first few by name, each once."""
    assert changes_in_words([Change(*change) for change in changes]) == words


@pytest.mark.parametrize(("found", "cause"), [(None, "state"), (b"by hand\n", "drift")])
def test_what_the_process_before_left_is_no_drift(found: bytes | None, cause: str) -> None:
    """What somebody else put there meanwhile is: the state of the notifications remembers the content."""
    before = Stage(HUP)
    before.scene.world.add_container("nginx")
    before.reconcile()
    after = Stage(HUP, scene=before.scene, store=before.store)
    after.target.content = found or before.target.content
    after.renderer.heading = "edited meanwhile"
    after.desired.load()
    after.reconcile()
    assert after.counted.causes == {cause: 1}
