"""One job: compare, write, owe."""

from __future__ import annotations

import logging

import pytest

from models.event import Change
from notify.actions.signal import Signal
from reconciler.loop.applied import changes_in_words
from templating.outcome import TemplateFailure
from tests.unit.informer.informer_harness import failure
from tests.unit.loop.job_harness import JobHarness

HUP = Signal("nginx", "SIGHUP")


def test_a_target_that_is_missing_is_written() -> None:
    """The first pass makes the file."""
    harness = JobHarness()
    harness.upstream.world.add_container("web")
    assert harness.reconcile()
    assert harness.target.lines == ["names", "web"]
    assert harness.observer.causes == {"missing": 1}
    assert harness.observer.lines == [(2, 0)]


def test_a_target_that_in_sync_is_left_alone() -> None:
    """Being called again for nothing writes nothing, and renders nothing."""
    harness = JobHarness()
    harness.upstream.world.add_container("web")
    for _ in range(3):
        assert harness.reconcile()
    assert len(harness.target.writes) == 1
    assert harness.renderer.renders == 1
    assert harness.observer.passes == {True: 3}


def test_a_change_of_the_state_is_written_and_told(caplog: pytest.LogCaptureFixture) -> None:
    """One line in the log says what, why and how much."""
    caplog.set_level(logging.INFO)
    harness = JobHarness()
    harness.reconcile()
    caplog.clear()
    harness.upstream.world.add_container("web-2")
    harness.reconcile()
    assert harness.observer.causes == {"missing": 1, "state": 1}
    [record] = caplog.records
    assert record.message == "target changed"
    told = record.__dict__["pygen_fields"]
    assert (told["target"], told["cause"]) == ("/made/up.conf", "web-2 started")
    assert (told["lines_added"], told["lines_removed"]) == (1, 0)


def test_nothing_is_logged_when_nothing_changes(caplog: pytest.LogCaptureFixture) -> None:
    """A quiet host has a quiet log."""
    harness = JobHarness()
    harness.reconcile()
    caplog.set_level(logging.INFO)
    caplog.clear()
    harness.upstream.pass_by(30)
    harness.reconcile()
    assert caplog.records == []


def test_drift_is_repaired_as_drift() -> None:
    """A hand-edited target is put right, and the cause is neither state nor template."""
    harness = JobHarness()
    harness.upstream.world.add_container("web")
    harness.reconcile()
    harness.target.content = b"by hand\n"
    assert harness.reconcile()
    assert harness.target.lines == ["names", "web"]
    assert harness.observer.causes == {"missing": 1, "drift": 1}


def test_drift_together_with_a_change_is_drift() -> None:
    """Whoever reads the file may have loaded what was put there, so that it counts more."""
    harness = JobHarness()
    harness.reconcile()
    harness.target.content = b"by hand\n"
    harness.upstream.world.add_container("web")
    harness.reconcile()
    assert harness.observer.causes["drift"] == 1


def test_a_deleted_target_is_made_again() -> None:
    """Its cause is `missing`."""
    harness = JobHarness()
    harness.reconcile()
    harness.target.content = None
    assert harness.reconcile()
    assert harness.observer.causes == {"missing": 2}


def test_an_edited_template_is_its_own_cause() -> None:
    """Seen without a restart."""
    harness = JobHarness()
    harness.reconcile()
    harness.renderer.heading = "hosts"
    harness.renderer.edited = True
    harness.desired.refresh()
    assert harness.reconcile()
    assert harness.target.lines == ["hosts"]
    assert harness.observer.causes == {"missing": 1, "template": 1}


def test_a_template_that_fails_keeps_the_file(caplog: pytest.LogCaptureFixture) -> None:
    """It is told once, counted each time, and over as soon as it renders again."""
    caplog.set_level(logging.INFO)
    harness = JobHarness()
    harness.upstream.world.add_container("web")
    harness.reconcile()
    harness.renderer.render_failure = TemplateFailure("no such field", "t.j2", 3)
    for name in ("a", "b"):
        harness.upstream.world.add_container(name)
        assert not harness.reconcile()
    assert harness.target.lines == ["names", "web"]
    assert harness.observer.renders == {True: 1, False: 2}
    assert caplog.text.count("t.j2, line 3: no such field") == 1
    assert not harness.job.in_sync
    harness.renderer.render_failure = None
    harness.upstream.world.add_container("c")
    assert harness.reconcile()
    assert "renders again" in caplog.text
    assert harness.target.lines == ["names", "a", "b", "c", "web"]


def test_a_template_that_no_longer_loads_keeps_the_file() -> None:
    """A broken edit changes nothing; what is there is still kept from drifting while the state stays."""
    harness = JobHarness()
    harness.reconcile()
    harness.renderer.load_failure = TemplateFailure("unexpected '}'", "t.j2", 1)
    harness.renderer.edited = True
    harness.desired.refresh()
    harness.target.content = b"by hand\n"
    assert harness.reconcile()
    assert harness.target.lines == ["names"]
    harness.upstream.world.add_container("web")
    assert not harness.reconcile()
    assert harness.target.lines == ["names"]
    harness.renderer.load_failure = None
    harness.renderer.edited = True
    harness.desired.refresh()
    assert harness.reconcile()
    assert harness.target.lines == ["names", "web"]


def test_undefined_names_are_warned_of_once(caplog: pytest.LogCaptureFixture) -> None:
    """And counted with every render."""
    harness = JobHarness()
    harness.renderer.undefined_names = ("contianers",)
    harness.reconcile()
    harness.upstream.world.add_container("web")
    harness.reconcile()
    assert caplog.text.count("contianers") == 1
    assert harness.observer.undefined == [1, 1]


def test_a_note_is_logged_once_until_it_changes(caplog: pytest.LogCaptureFixture) -> None:
    """And again when it comes back after it was gone; it is counted with every render."""
    harness = JobHarness()
    harness.renderer.notes = ("web: left out", "db: left out")
    harness.reconcile()
    harness.upstream.world.add_container("web")
    harness.reconcile()
    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING"]
    assert [record.getMessage() for record in caplog.records] == [
        "the template for /made/up.conf notes: web: left out",
        "the template for /made/up.conf notes: db: left out",
    ]
    caplog.clear()
    for number, notes in enumerate([("db: left out",), ("db: left out", "web: left out")]):
        harness.renderer.notes = notes
        harness.upstream.world.add_container(f"more-{number}")
        harness.reconcile()
    assert [record.getMessage() for record in caplog.records] == ["the template for /made/up.conf notes: web: left out"]
    assert harness.observer.notes == [2, 2, 1, 2]


def test_a_failed_render_leaves_the_notes_of_the_last_good_one(caplog: pytest.LogCaptureFixture) -> None:
    """So that a template that fails and is mended repeats nothing."""
    harness = JobHarness()
    harness.renderer.notes = ("web: left out",)
    harness.reconcile()
    for reason in (TemplateFailure("no such thing", "names.j2", 3), None):
        harness.renderer.render_failure = reason
        harness.upstream.world.add_container(f"web-{reason is None}")
        harness.reconcile()
        assert harness.desired.notes == ("web: left out",)
    assert caplog.text.count("notes:") == 1


def test_many_notes_at_once_are_logged_in_part(caplog: pytest.LogCaptureFixture) -> None:
    """The first fifty, and how many more there are."""
    harness = JobHarness()
    harness.renderer.notes = tuple(f"web-{number}: left out" for number in range(60))
    harness.reconcile()
    messages = [record.getMessage() for record in caplog.records]
    assert messages[49] == "the template for /made/up.conf notes: web-49: left out"
    assert messages[50:] == [
        "the template for /made/up.conf makes 10 further notes; the status page lists the first ones"
    ]


def test_a_write_that_fails_is_tried_again_until_it_succeeds(caplog: pytest.LogCaptureFixture) -> None:
    """Told once, and nothing is owed for what was not written."""
    caplog.set_level(logging.INFO)
    harness = JobHarness(HUP)
    harness.upstream.world.add_container("nginx")
    harness.reconcile()
    assert harness.flush()
    harness.target.refusal = "No space left on device"
    harness.upstream.world.add_container("web")
    assert not harness.reconcile()
    assert not harness.reconcile()
    assert harness.observer.writes == {True: 1, False: 2}
    assert caplog.text.count("No space left on device") == 1
    assert harness.notifier.pending() == ()
    harness.target.refusal = ""
    assert harness.reconcile()
    assert len(harness.notifier.pending()) == 1
    assert "is in sync again" in caplog.text


def test_a_target_that_cannot_be_read_is_not_overwritten() -> None:
    """What is there is not known, so that it stays, and is looked at again."""
    harness = JobHarness()
    harness.target.unreadable = "Is a directory"
    assert not harness.reconcile()
    assert harness.target.writes == []
    assert harness.observer.writes == {False: 1}
    harness.target.unreadable = ""
    assert harness.reconcile()


def test_a_replaced_file_is_owed_to_every_match_and_told_after_the_interval() -> None:
    """The path from a container's start to a delivered signal."""
    harness = JobHarness(HUP)
    harness.upstream.world.add_container("nginx")
    harness.reconcile()
    due_s = harness.notifier.next_due()
    assert due_s == harness.upstream.clock.now_s + 0.5
    harness.notifier.advance(harness.upstream.clock.now_s)
    assert harness.port.signals == []
    harness.upstream.pass_by(0.5)
    harness.notifier.advance(harness.upstream.clock.now_s)
    assert harness.port.signals == [("nginx", "SIGHUP")]
    assert harness.observer.matching == {"nginx": 1}


def test_an_empty_file_is_told_once_like_any_other() -> None:
    """Nobody is owed anything after it: nothing to print is a content, too."""
    harness = JobHarness(HUP)
    harness.upstream.world.add_container("nginx")
    harness.renderer.is_empty = True
    harness.reconcile()
    for _ in range(3):
        harness.upstream.pass_by(30)
        harness.reconcile()
        harness.notifier.advance(harness.upstream.clock.now_s)
    assert harness.target.content == b""
    assert harness.port.signals == [("nginx", "SIGHUP")]
    assert harness.notifier.pending() == ()


def test_an_engine_that_is_away_leaves_the_target_and_repairs_it() -> None:
    """The last good snapshot is what drift is measured against."""
    harness = JobHarness()
    harness.upstream.world.add_container("web")
    harness.reconcile()
    harness.upstream.reader.broken["list"] = failure()
    harness.upstream.informer.on_reload()
    assert not harness.upstream.informer.sync()
    assert harness.target.lines == ["names", "web"]


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
    before = JobHarness(HUP)
    before.upstream.world.add_container("nginx")
    before.reconcile()
    after = JobHarness(HUP, upstream=before.upstream, store=before.store)
    after.target.content = found or before.target.content
    after.renderer.heading = "edited meanwhile"
    after.desired.load()
    after.reconcile()
    assert after.observer.causes == {cause: 1}


def test_what_a_set_holds_after_a_partial_write_is_owed() -> None:
    """Some files are new, so readers are told; the rest is tried again, and told when it is there."""
    harness = JobHarness(HUP)
    harness.upstream.world.add_container("nginx")
    harness.reconcile()
    harness.flush()
    told = len(harness.port.signals)
    harness.upstream.world.add_container("web-1")
    harness.upstream.world.add_container("web-2")
    harness.target.partial = "the last one can't be written"
    assert not harness.reconcile()
    assert harness.target.lines == ["names", "nginx", "web-1"]
    assert (harness.job.is_partial, harness.job.write_failure) == (True, "the last one can't be written")
    assert harness.flush()
    assert len(harness.port.signals) == told + 1
    harness.target.partial = ""
    assert harness.reconcile()
    assert (harness.job.is_partial, harness.job.write_failure) == (False, None)
    assert harness.flush()
    assert len(harness.port.signals) == told + 2
    assert harness.observer.writes == {True: 2, False: 1}
    assert harness.observer.causes["drift"] == 0


def test_a_problem_with_a_part_is_told_once_while_the_rest_is_in_sync(caplog: pytest.LogCaptureFixture) -> None:
    """The job does not count as in sync before the part is."""
    harness = JobHarness()
    harness.target.problem = "/sites/x: it is somebody else's"
    for _ in range(3):
        assert not harness.reconcile()
    assert len(harness.target.writes) == 1
    assert caplog.text.count("it is somebody else's") == 1
    assert harness.job.write_failure
    harness.target.problem = ""
    caplog.set_level(logging.INFO)
    assert harness.reconcile()
    assert harness.job.in_sync
    assert "/made/up.conf is in sync again" in caplog.messages


def test_drift_of_owner_or_mode_is_put_right_and_no_reader_is_told() -> None:
    """The content is the same: it is counted as drift with no line, and nothing is owed."""
    harness = JobHarness(HUP)
    harness.upstream.world.add_container("nginx")
    harness.reconcile()
    assert harness.flush()
    told = list(harness.port.signals)
    harness.target.has_drifted = True
    assert harness.reconcile()
    assert not harness.target.has_drifted
    assert harness.observer.causes["drift"] == 1
    assert harness.job.last_applied is not None
    assert harness.job.last_applied.why == "drift of owner or mode"
    assert (harness.job.last_applied.lines.added, harness.job.last_applied.lines.removed) == (0, 0)
    assert harness.notifier.pending() == ()
    assert harness.port.signals == told


def test_drift_of_owner_or_mode_that_can_t_be_put_right_is_a_failure_of_the_job() -> None:
    """Tried again in each pass, with its reason, until it can be."""
    harness = JobHarness()
    harness.reconcile()
    harness.target.has_drifted, harness.target.refusal = True, "its owner can't be set"
    assert not harness.reconcile()
    assert not harness.job.in_sync
    assert harness.job.write_failure == "/made/up.conf can't be written: its owner can't be set"
    harness.target.refusal = ""
    assert harness.reconcile()
    assert harness.job.in_sync
