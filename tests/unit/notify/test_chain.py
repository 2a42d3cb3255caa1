"""Restarts that cause each other are slowed down, and never lost."""

from __future__ import annotations

from itertools import pairwise

from notify.chain import LONGEST_GAP_S
from tests.unit.notify.fakes import RESTART, House


def restless_house() -> House:
    """A house whose template shows when the restarted container was started."""
    house = House(RESTART)
    house.engine.run_new()
    house.disk = "before"
    house.render("before")
    return house


def content_of(house: House) -> str:
    """What the template gives: when each container was started."""
    return " ".join(container.started_at for container in house.engine.containers.values())


def play(house: House, seconds: int) -> list[float]:
    """Passes every second, as events and resyncs would make them; when it was restarted, in seconds from now."""
    restarted: list[float] = []
    begin_s = house.clock()
    house.engine.on_started = lambda run: restarted.append(house.clock() - begin_s)
    for _ in range(seconds):
        house.render(content_of(house), changed={"web"})
        house.wait(1)
    return restarted


def test_a_steady_stream_of_other_changes_is_no_chain() -> None:
    """Where other containers change the file, every restart comes with its batch, however many there are."""
    house = restless_house()
    for number in range(20):
        house.render(f"content {number}", changed={f"other-{number}"})
        house.wait(3)
    assert house.engine.operations() == ["restart"] * 20
    assert house.lines.matching("spaced out") == []


def test_a_restarted_container_s_part_in_others_changes_is_no_chain() -> None:
    """A change of the restarted one together with another's has a reason of its own."""
    house = restless_house()
    for number in range(10):
        house.render(f"content {number}", changed={"web", f"other-{number}"})
        house.wait(3)
    assert house.engine.operations() == ["restart"] * 10


def test_a_chain_is_spaced_out_with_one_warning() -> None:
    """The restarts come further and further apart, up to 30 s, and one line says why."""
    house = restless_house()
    restarted = play(house, 300)
    gaps = [later - earlier for earlier, later in pairwise(restarted)]
    assert len(restarted) < 20
    assert gaps == sorted(gaps)
    assert LONGEST_GAP_S - 1 <= gaps[-1] <= LONGEST_GAP_S + 2
    assert len(house.lines.matching("spaced out")) == 1


def test_a_slowed_restart_stays_owed() -> None:
    """While it waits the debt is there, and at the end it is paid."""
    house = restless_house()
    play(house, 100)
    assert house.owed() == 1
    house.render("calm at last")
    house.wait(100)
    house.render("calm at last")
    assert house.owed() == 0


def test_two_changes_in_a_row_are_not_slowed() -> None:
    """People change two things one after the other: each is told after MIN."""
    house = restless_house()
    for content in ("a", "b"):
        house.render(content)
        house.wait(1)
    assert house.engine.operations() == ["restart", "restart"]


def test_a_quiet_time_ends_the_chain() -> None:
    """A change long after the last restart is told after MIN again."""
    house = restless_house()
    play(house, 60)
    house.render("calm")
    house.wait(200)
    house.render("calm")
    before = len(house.engine.operations())
    house.render("changed")
    house.wait(1)
    assert len(house.engine.operations()) == before + 1
