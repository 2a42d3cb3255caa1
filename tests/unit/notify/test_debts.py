"""What is owed to whom: through changes, crashes and restarts of the program."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from notify.port import EngineTimeout
from tests.unit.notify.fakes import ENGINE, HUP, RESTART, House

if TYPE_CHECKING:
    from notify.actions.action import Action


def settled_house(*notifications: Action) -> House:
    """One container runs, the file holds `a`, nothing is owed."""
    house = House(*notifications)
    house.engine.run_new()
    house.disk = "a"
    house.render("a")
    house.wait(5)
    assert house.engine.calls == []
    return house


def test_a_change_is_told_once() -> None:
    """Replacing the file tells every matching run, and nobody else."""
    house = settled_house()
    second = house.engine.run_new()
    other = house.engine.run_new("other")
    house.render("b")
    house.wait(5)
    assert len(house.engine.told) == 2
    assert second.run in house.engine.told
    assert other.run not in house.engine.told


def test_first_start_with_a_true_file_owes_nothing() -> None:
    """Without state and with the rendered bytes in place nobody is told."""
    house = settled_house()
    assert house.engine.told == []


def test_first_start_with_another_file_owes_every_run() -> None:
    """Without state and with other bytes, or none, every run is told."""
    house = House(HUP)
    house.engine.run_new()
    house.render("a")
    house.wait(5)
    assert len(house.engine.told) == 1


def test_a_new_option_owes_nothing_where_the_file_is_true() -> None:
    """A notification added to a known job is told of the next change only."""
    house = settled_house(HUP)
    house.notifications = (HUP, RESTART)
    house.start()
    house.render("a")
    house.wait(5)
    assert house.engine.operations() == []
    house.render("b")
    house.wait(5)
    assert sorted(house.engine.operations()) == ["kill", "restart"]


def test_our_own_change_and_back_before_delivery_owes_nothing() -> None:
    """A-B-A is no change for who has heard of neither."""
    house = settled_house()
    house.render("b")
    house.render("a")
    assert house.owed() == 0
    house.wait(60)
    assert house.engine.told == []


def test_change_and_back_is_owed_to_who_started_between() -> None:
    """A run that may have loaded B is told of A."""
    house = settled_house()
    house.render("b")
    newcomer = house.engine.run_new()
    house.render("a")
    house.wait(5)
    assert house.engine.told == [newcomer.run]


def test_repairing_drift_is_always_owed() -> None:
    """The reader may have loaded the rogue file, though the content is what it was told of."""
    house = settled_house()
    house.disk = "rogue"
    house.render("a")
    house.wait(5)
    assert len(house.engine.told) == 1


def test_a_deleted_file_is_drift() -> None:
    """Putting back a missing file is owed, too."""
    house = settled_house()
    house.disk = None
    house.render("a")
    house.wait(5)
    assert len(house.engine.told) == 1


def test_drift_is_told_from_our_own_writes() -> None:
    """Also after a crash between replacing and recording the file is our own."""
    house = settled_house()
    assert not house.notifier.is_drift("a")
    assert house.notifier.is_drift("rogue")
    house.notifier.prepare("b", "state", house.sightings())
    house.start()
    assert not house.notifier.is_drift("b")
    assert house.notifier.content == "a"


def test_a_change_during_a_delivery_owes_again() -> None:
    """Who was told while the file was replaced may have loaded either content."""
    house = settled_house()
    house.render("b")
    house.clock.advance(1)
    house.notifier.advance(house.clock())
    house.render("c")
    house.wait(5)
    assert len(house.engine.told) == 2


def test_back_during_a_delivery_owes_again() -> None:
    """A-B-A with a delivery under way is owed: it may have loaded B."""
    house = settled_house()
    house.render("b")
    house.clock.advance(1)
    house.notifier.advance(house.clock())
    house.render("a")
    house.wait(5)
    assert len(house.engine.told) == 2


def test_back_after_a_delivery_that_sent_nothing_owes_nothing() -> None:
    """A container that could not even be looked at has not loaded B."""
    house = settled_house()
    house.engine.containers[next(iter(house.engine.containers))].paused = True
    house.render("b")
    house.wait(5)
    house.render("a")
    assert house.owed() == 0


def test_back_after_a_killed_delivery_owes() -> None:
    """Killed after the signal was sent and before it was acknowledged: the run has loaded B."""
    house = settled_house()
    house.render("b")
    house.clock.advance(1)
    house.notifier.advance(house.clock())
    house.workers.run_all()
    house.start()
    house.render("a")
    house.wait(5)
    assert len(house.engine.told) == 2


def test_debts_are_kept_before_the_file_is_replaced() -> None:
    """When prepare returns, the state names the content to come and who is there."""
    house = settled_house()
    house.notifier.prepare("b", "state", house.sightings())
    assert house.store.data is not None
    assert b'"digest": "b"' in house.store.data


def test_killed_before_replacing_owes_nothing_for_what_did_not_happen() -> None:
    """Prepared, killed, and the file still holds what it held."""
    house = settled_house()
    house.notifier.prepare("b", "state", house.sightings())
    house.start()
    house.render("a")
    house.wait(5)
    assert house.engine.told == []


def test_killed_before_recording_owes_what_was_prepared() -> None:
    """Prepared, replaced, killed: the digest on disk is the prepared one."""
    house = settled_house()
    house.notifier.prepare("a", "drift", house.sightings())
    house.disk = "a"
    house.start()
    house.render("a")
    house.wait(5)
    assert len(house.engine.told) == 1


def test_killed_after_recording_delivers_at_the_next_start() -> None:
    """What was not delivered is delivered once, and the start after that is quiet."""
    house = settled_house()
    house.render("b")
    house.start()
    house.render("b")
    house.wait(5)
    assert len(house.engine.told) == 1
    house.start()
    house.render("b")
    house.wait(5)
    assert len(house.engine.told) == 1


def test_nothing_is_sent_before_it_is_known_whether_a_killed_program_replaced_the_file() -> None:
    """With a replacement prepared and not recorded, delivery waits for the first pass."""
    house = settled_house()
    house.render("b")
    house.notifier.prepare("c", "state", house.sightings())
    house.start()
    house.wait(60)
    assert house.notifier.next_due() is None
    assert not house.notifier.flush(house.clock() + 4)
    assert house.engine.told == []


@pytest.mark.parametrize("replaced", [True, False])
def test_a_look_at_the_file_tells_what_is_owed_without_a_pass(replaced: bool) -> None:  # noqa: FBT001
    """The program was killed around the replacement, and no pass succeeds after it: the debts are served."""
    house = settled_house()
    if not replaced:
        house.render("b")
    house.notifier.prepare("c", "state", house.sightings())
    house.disk = "c" if replaced else "b"
    house.start(looks=True)
    house.wait(5)
    assert len(house.engine.told) == 1
    assert house.notifier.content == house.disk


def test_an_abandoned_write_owes_nothing() -> None:
    """The write failed and the old file is whole."""
    house = settled_house()
    house.notifier.prepare("b", "state", house.sightings())
    house.notifier.abandoned("b")
    house.render("a")
    house.wait(5)
    assert house.engine.told == []


def test_an_abandoned_repair_is_owed_when_it_succeeds() -> None:
    """The rogue file stays until a later try, and that is told."""
    house = settled_house()
    house.disk = "rogue"
    house.notifier.prepare("a", house.cause(), house.sightings())
    house.notifier.abandoned("a")
    house.render("a")
    house.wait(5)
    assert len(house.engine.told) == 1


def test_bytes_that_somebody_else_wrote_are_owed() -> None:
    """The target holds what is rendered, but nobody was told of it."""
    house = settled_house()
    house.disk = "b"
    house.render("b")
    house.wait(5)
    assert len(house.engine.told) == 1


def test_a_run_that_started_after_the_replacement_owes_nothing() -> None:
    """A complete pass after the replacement did not show it, the next one does."""
    house = settled_house()
    house.render("b")
    house.wait(5)
    house.render("b")
    house.engine.run_new()
    house.render("b")
    house.wait(5)
    assert len(house.engine.told) == 1


def test_a_run_whose_order_is_unknown_is_told() -> None:
    """It may have started just before the replacement and have loaded the old content."""
    house = settled_house()
    shown = house.sightings()
    house.notifier.prepare("b", "state", shown)
    unseen = house.engine.run_new()
    house.disk = "b"
    house.clock.tick()
    house.notifier.replaced("b", shown, house.clock())
    house.render("b")
    house.wait(5)
    assert unseen.run in house.engine.told


def test_a_run_of_the_time_when_the_program_was_down() -> None:
    """Known by the engine's clock to have started after the replacement, it owes nothing at the next start."""
    house = settled_house()
    house.render("b")
    house.wait(5)
    house.render("b")
    house.notifier.engine_clock(ENGINE, house.clock(), house.engine.epoch_ns())
    house.render("b")
    house.clock.advance(3600)
    house.engine.run_new()
    house.start()
    house.render("b")
    house.wait(5)
    assert len(house.engine.told) == 1


def test_the_runs_end_ends_the_debt() -> None:
    """A container that stops before it was told loads the file when it starts again."""
    house = settled_house()
    container = next(iter(house.engine.containers.values()))
    house.render("b")
    house.engine.stop(container)
    house.render("b")
    assert house.owed() == 0
    house.engine.begin_run(container)
    house.render("b")
    house.wait(5)
    assert house.engine.told == []


def test_a_renamed_container_is_still_told() -> None:
    """A debt ends by delivery or the run's end, not by a name that matches no longer."""
    house = settled_house()
    container = next(iter(house.engine.containers.values()))
    house.render("b")
    container.name = "renamed"
    house.render("b")
    house.wait(5)
    assert house.engine.told == [container.run]


def test_a_corrupt_state_owes_everything_once() -> None:
    """With a warning, and then the state is good again."""
    house = settled_house()
    house.store.data = b"{not json"
    house.start()
    house.render("a")
    house.wait(5)
    house.start()
    house.render("a")
    house.wait(5)
    assert len(house.engine.told) == 1
    assert len(house.lines.matching("cannot be read")) == 1


def test_a_state_that_cannot_be_read_owes_everything_once() -> None:
    """An error of the disk is no reason to forget."""
    house = settled_house()

    def load() -> bytes:
        raise OSError(5, "Input/output error")

    house.store.load = load  # type: ignore[method-assign] # a disk that is failing
    house.start()
    house.render("a")
    house.wait(5)
    assert len(house.engine.told) == 1


def test_an_unwritable_state_is_one_warning_and_debts_live_in_memory() -> None:
    """Everything works but a crash; once the cause is gone the state is kept again."""
    house = settled_house()
    house.store.error = OSError(28, "No space left on device")
    for content in ("b", "c"):
        house.render(content)
        house.wait(5)
    assert len(house.engine.told) == 2
    assert len(house.lines.matching("cannot be kept")) == 1
    house.store.error = None
    house.render("c")
    assert len(house.lines.matching("kept again")) == 1
    house.start()
    house.render("c")
    house.wait(5)
    assert len(house.engine.told) == 2


def test_quiet_passes_write_nothing() -> None:
    """The state is written where it differs only."""
    house = settled_house()
    before = house.store.saves
    for _ in range(10):
        house.render("a")
        house.wait(30)
    assert house.store.saves == before


def test_duplicate_notifications_count_once() -> None:
    """The same notification configured twice is one debt."""
    house = settled_house(HUP, HUP)
    house.render("b")
    house.wait(5)
    assert len(house.engine.told) == 1


def test_back_after_a_delivery_whose_end_is_unknown_owes() -> None:
    """The engine did not answer: the run may have loaded B."""
    house = settled_house()
    house.engine.fail("kill", EngineTimeout("slow"), "after")
    house.render("b")
    house.clock.advance(1)
    house.pump()
    house.render("a")
    house.wait(5)
    assert len(house.engine.told) == 2


def test_a_repair_whose_end_is_unknown_is_owed_whatever_comes_next() -> None:
    """Killed while drift was repaired: a change and its taking back do not cancel what the rogue file may have done."""
    house = settled_house()
    house.disk = "rogue"
    house.notifier.prepare("a", "drift", house.sightings())
    house.disk = "a"
    house.start()
    house.render("b")
    house.render("a")
    house.wait(5)
    assert len(house.engine.told) == 1


def test_a_repair_during_a_delivery_that_sends_nothing_is_owed() -> None:
    """Drift is repaired while a delivery finds its container paused: also going back to A is owed then."""
    house = settled_house()
    container = next(iter(house.engine.containers.values()))
    house.render("b")
    house.clock.advance(1)
    house.notifier.advance(house.clock())
    container.paused = True
    house.disk = "rogue"
    house.render("b")
    house.pump()
    house.render("a")
    container.paused = False
    house.render("a")
    house.wait(5)
    assert house.engine.told == [container.run]
