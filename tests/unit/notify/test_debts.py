"""What is owed to whom: through changes, crashes and restarts of the program."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from notify.port import EngineTimeout
from tests.unit.notify.fakes import ENGINE, HUP, RESTART, NotifierHarness

if TYPE_CHECKING:
    from notify.actions.action import Action


def settled_harness(*notifications: Action) -> NotifierHarness:
    """One container runs, the file holds `a`, nothing is owed."""
    harness = NotifierHarness(*notifications)
    harness.engine.run_new()
    harness.disk = "a"
    harness.render("a")
    harness.wait(5)
    assert harness.engine.calls == []
    return harness


def test_a_change_is_told_once() -> None:
    """Replacing the file tells every matching run, and nobody else."""
    harness = settled_harness()
    second = harness.engine.run_new()
    other = harness.engine.run_new("other")
    harness.render("b")
    harness.wait(5)
    assert len(harness.engine.told) == 2
    assert second.run in harness.engine.told
    assert other.run not in harness.engine.told


def test_first_start_with_a_true_file_owes_nothing() -> None:
    """Without state and with the rendered bytes in place nobody is told."""
    harness = settled_harness()
    assert harness.engine.told == []


def test_first_start_with_another_file_owes_every_run() -> None:
    """Without state and with other bytes, or none, every run is told."""
    harness = NotifierHarness(HUP)
    harness.engine.run_new()
    harness.render("a")
    harness.wait(5)
    assert len(harness.engine.told) == 1


def test_a_new_option_owes_nothing_where_the_file_is_true() -> None:
    """A notification added to a known job is told of the next change only."""
    harness = settled_harness(HUP)
    harness.notifications = (HUP, RESTART)
    harness.start()
    harness.render("a")
    harness.wait(5)
    assert harness.engine.operations() == []
    harness.render("b")
    harness.wait(5)
    assert sorted(harness.engine.operations()) == ["kill", "restart"]


def test_our_own_change_and_back_before_delivery_owes_nothing() -> None:
    """A-B-A is no change for who has heard of neither."""
    harness = settled_harness()
    harness.render("b")
    harness.render("a")
    assert harness.pending() == 0
    harness.wait(60)
    assert harness.engine.told == []


def test_change_and_back_is_owed_to_who_started_between() -> None:
    """A run that may have loaded B is told of A."""
    harness = settled_harness()
    harness.render("b")
    newcomer = harness.engine.run_new()
    harness.render("a")
    harness.wait(5)
    assert harness.engine.told == [newcomer.run]


def test_repairing_drift_is_always_owed() -> None:
    """The reader may have loaded the rogue file, though the content is what it was told of."""
    harness = settled_harness()
    harness.disk = "rogue"
    harness.render("a")
    harness.wait(5)
    assert len(harness.engine.told) == 1


def test_a_deleted_file_is_drift() -> None:
    """Putting back a missing file is owed, too."""
    harness = settled_harness()
    harness.disk = None
    harness.render("a")
    harness.wait(5)
    assert len(harness.engine.told) == 1


def test_drift_is_told_from_our_own_writes() -> None:
    """Also after a crash between replacing and recording the file is our own."""
    harness = settled_harness()
    assert not harness.notifier.is_drift("a")
    assert harness.notifier.is_drift("rogue")
    harness.notifier.prepare("b", "state", harness.observations())
    harness.start()
    assert not harness.notifier.is_drift("b")
    assert harness.notifier.content == "a"


def test_a_change_during_a_delivery_owes_again() -> None:
    """Who was told while the file was replaced may have loaded either content."""
    harness = settled_harness()
    harness.render("b")
    harness.clock.advance(1)
    harness.notifier.advance(harness.clock())
    harness.render("c")
    harness.wait(5)
    assert len(harness.engine.told) == 2


def test_back_during_a_delivery_owes_again() -> None:
    """A-B-A with a delivery under way is owed: it may have loaded B."""
    harness = settled_harness()
    harness.render("b")
    harness.clock.advance(1)
    harness.notifier.advance(harness.clock())
    harness.render("a")
    harness.wait(5)
    assert len(harness.engine.told) == 2


def test_back_after_a_delivery_that_sent_nothing_owes_nothing() -> None:
    """A container that could not even be looked at has not loaded B."""
    harness = settled_harness()
    harness.engine.containers[next(iter(harness.engine.containers))].paused = True
    harness.render("b")
    harness.wait(5)
    harness.render("a")
    assert harness.pending() == 0


def test_back_after_a_killed_delivery_owes() -> None:
    """Killed after the signal was sent and before it was acknowledged: the run has loaded B."""
    harness = settled_harness()
    harness.render("b")
    harness.clock.advance(1)
    harness.notifier.advance(harness.clock())
    harness.workers.run_all()
    harness.start()
    harness.render("a")
    harness.wait(5)
    assert len(harness.engine.told) == 2


def test_debts_are_kept_before_the_file_is_replaced() -> None:
    """When prepare returns, the state names the content to come and who is there."""
    harness = settled_harness()
    harness.notifier.prepare("b", "state", harness.observations())
    assert harness.store.data is not None
    assert b'"digest": "b"' in harness.store.data


def test_killed_before_replacing_owes_nothing_for_what_did_not_happen() -> None:
    """Prepared, killed, and the file still holds what it held."""
    harness = settled_harness()
    harness.notifier.prepare("b", "state", harness.observations())
    harness.start()
    harness.render("a")
    harness.wait(5)
    assert harness.engine.told == []


def test_killed_before_recording_owes_what_was_prepared() -> None:
    """Prepared, replaced, killed: the digest on disk is the prepared one."""
    harness = settled_harness()
    harness.notifier.prepare("a", "drift", harness.observations())
    harness.disk = "a"
    harness.start()
    harness.render("a")
    harness.wait(5)
    assert len(harness.engine.told) == 1


def test_killed_after_recording_delivers_at_the_next_start() -> None:
    """What was not delivered is delivered once, and the start after that is quiet."""
    harness = settled_harness()
    harness.render("b")
    harness.start()
    harness.render("b")
    harness.wait(5)
    assert len(harness.engine.told) == 1
    harness.start()
    harness.render("b")
    harness.wait(5)
    assert len(harness.engine.told) == 1


def test_nothing_is_sent_before_it_is_known_whether_a_killed_program_replaced_the_file() -> None:
    """With a replacement prepared and not recorded, delivery waits for the first pass."""
    harness = settled_harness()
    harness.render("b")
    harness.notifier.prepare("c", "state", harness.observations())
    harness.start()
    harness.wait(60)
    assert harness.notifier.next_due() is None
    assert not harness.flush(harness.clock() + 4)
    assert harness.engine.told == []


@pytest.mark.parametrize("replaced", [True, False])
def test_a_look_at_the_file_tells_what_is_owed_without_a_pass(replaced: bool) -> None:  # noqa: FBT001
    """The program was killed around the replacement, and no pass succeeds after it: the debts are served."""
    harness = settled_harness()
    if not replaced:
        harness.render("b")
    harness.notifier.prepare("c", "state", harness.observations())
    harness.disk = "c" if replaced else "b"
    harness.start(looks=True)
    harness.wait(5)
    assert len(harness.engine.told) == 1
    assert harness.notifier.content == harness.disk


def test_an_abandoned_write_owes_nothing() -> None:
    """The write failed and the old file is whole."""
    harness = settled_harness()
    harness.notifier.prepare("b", "state", harness.observations())
    harness.notifier.abandoned("b")
    harness.render("a")
    harness.wait(5)
    assert harness.engine.told == []


def test_an_abandoned_repair_is_owed_when_it_succeeds() -> None:
    """The rogue file stays until a later try, and that is told."""
    harness = settled_harness()
    harness.disk = "rogue"
    harness.notifier.prepare("a", harness.cause(), harness.observations())
    harness.notifier.abandoned("a")
    harness.render("a")
    harness.wait(5)
    assert len(harness.engine.told) == 1


def test_bytes_that_somebody_else_wrote_are_owed() -> None:
    """The target holds what is rendered, but nobody was told of it."""
    harness = settled_harness()
    harness.disk = "b"
    harness.render("b")
    harness.wait(5)
    assert len(harness.engine.told) == 1


def test_a_run_that_started_after_the_replacement_owes_nothing() -> None:
    """A complete pass after the replacement did not show it, the next one does."""
    harness = settled_harness()
    harness.render("b")
    harness.wait(5)
    harness.render("b")
    harness.engine.run_new()
    harness.render("b")
    harness.wait(5)
    assert len(harness.engine.told) == 1


def test_a_run_whose_order_is_unknown_is_told() -> None:
    """It may have started just before the replacement and have loaded the old content."""
    harness = settled_harness()
    shown = harness.observations()
    harness.notifier.prepare("b", "state", shown)
    unseen = harness.engine.run_new()
    harness.disk = "b"
    harness.clock.tick()
    harness.notifier.replaced("b", shown, harness.clock())
    harness.render("b")
    harness.wait(5)
    assert unseen.run in harness.engine.told


def test_a_run_of_the_time_when_the_program_was_down() -> None:
    """Known by the engine's clock to have started after the replacement, it owes nothing at the next start."""
    harness = settled_harness()
    harness.render("b")
    harness.wait(5)
    harness.render("b")
    harness.notifier.engine_clock(ENGINE, harness.clock(), harness.engine.epoch_ns())
    harness.render("b")
    harness.clock.advance(3600)
    harness.engine.run_new()
    harness.start()
    harness.render("b")
    harness.wait(5)
    assert len(harness.engine.told) == 1


def test_the_runs_end_ends_the_debt() -> None:
    """A container that stops before it was told loads the file when it starts again."""
    harness = settled_harness()
    container = next(iter(harness.engine.containers.values()))
    harness.render("b")
    harness.engine.stop(container)
    harness.render("b")
    assert harness.pending() == 0
    harness.engine.begin_run(container)
    harness.render("b")
    harness.wait(5)
    assert harness.engine.told == []


def test_a_renamed_container_is_still_told() -> None:
    """A debt ends by delivery or the run's end, not by a name that matches no longer."""
    harness = settled_harness()
    container = next(iter(harness.engine.containers.values()))
    harness.render("b")
    container.name = "renamed"
    harness.render("b")
    harness.wait(5)
    assert harness.engine.told == [container.run]


def test_a_corrupt_state_owes_everything_once() -> None:
    """With a warning, and then the state is good again."""
    harness = settled_harness()
    harness.store.data = b"{not json"
    harness.start()
    harness.render("a")
    harness.wait(5)
    harness.start()
    harness.render("a")
    harness.wait(5)
    assert len(harness.engine.told) == 1
    assert len(harness.lines.matching("cannot be read")) == 1


def test_a_state_that_cannot_be_read_owes_everything_once() -> None:
    """An error of the disk is no reason to forget."""
    harness = settled_harness()

    def load() -> bytes:
        raise OSError(5, "Input/output error")

    harness.store.load = load  # type: ignore[method-assign] # a disk that is failing
    harness.start()
    harness.render("a")
    harness.wait(5)
    assert len(harness.engine.told) == 1


def test_an_unwritable_state_is_one_warning_and_debts_live_in_memory() -> None:
    """Everything works but a crash; once the cause is gone the state is kept again."""
    harness = settled_harness()
    harness.store.error = OSError(28, "No space left on device")
    for content in ("b", "c"):
        harness.render(content)
        harness.wait(5)
    assert len(harness.engine.told) == 2
    assert len(harness.lines.matching("cannot be saved")) == 1
    harness.store.error = None
    harness.render("c")
    assert len(harness.lines.matching("saved again")) == 1
    harness.start()
    harness.render("c")
    harness.wait(5)
    assert len(harness.engine.told) == 2


def test_quiet_passes_write_nothing() -> None:
    """The state is written where it differs only."""
    harness = settled_harness()
    before = harness.store.saves
    for _ in range(10):
        harness.render("a")
        harness.wait(30)
    assert harness.store.saves == before


def test_duplicate_notifications_count_once() -> None:
    """The same notification configured twice is one debt."""
    harness = settled_harness(HUP, HUP)
    harness.render("b")
    harness.wait(5)
    assert len(harness.engine.told) == 1


def test_back_after_a_delivery_whose_end_is_unknown_owes() -> None:
    """The engine did not answer: the run may have loaded B."""
    harness = settled_harness()
    harness.engine.fail("kill", EngineTimeout("slow"), "after")
    harness.render("b")
    harness.clock.advance(1)
    harness.pump()
    harness.render("a")
    harness.wait(5)
    assert len(harness.engine.told) == 2


def test_a_repair_whose_end_is_unknown_is_owed_whatever_comes_next() -> None:
    """Killed while drift was repaired: a change and its taking back do not cancel what the rogue file may have done."""
    harness = settled_harness()
    harness.disk = "rogue"
    harness.notifier.prepare("a", "drift", harness.observations())
    harness.disk = "a"
    harness.start()
    harness.render("b")
    harness.render("a")
    harness.wait(5)
    assert len(harness.engine.told) == 1


def test_a_repair_during_a_delivery_that_sends_nothing_is_owed() -> None:
    """Drift is repaired while a delivery finds its container paused: also going back to A is owed then."""
    harness = settled_harness()
    container = next(iter(harness.engine.containers.values()))
    harness.render("b")
    harness.clock.advance(1)
    harness.notifier.advance(harness.clock())
    container.paused = True
    harness.disk = "rogue"
    harness.render("b")
    harness.pump()
    harness.render("a")
    container.paused = False
    harness.render("a")
    harness.wait(5)
    assert harness.engine.told == [container.run]
