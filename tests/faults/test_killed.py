"""SIGKILL at random moments under load, and a supervisor that starts the program again."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from tests.faults.extent import EXTENT
from tests.faults.load import Load
from tests.faults.supervisor import Supervisor
from tests.faults.watched_engine import NAMES, PATIENCE_S, WatchedEngine, await_content, lines
from tests.support.waiting import wait_for
from tests.unit.target.mounts_and_users import hidden

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.running_program import ProgramStarter

OPTIONS = (
    *("--signal", "killed", "HUP", "--signal", "executed", "HUP", "--restart", "restarted"),
    *("--interval", "0", "0.05", "--resync", "5"),
)
READERS = ("killed", "executed", "restarted")
#: A first pass and its deliveries ask about so much.
_REQUESTS = 60


def await_a_random_moment(fake: WatchedEngine, chance: random.Random) -> None:
    """Wait until the engine was asked a random number of things more: at any step, however fast the machine is."""
    wanted = sum(fake.calls.values()) + chance.randrange(_REQUESTS)
    wait_for(lambda: sum(fake.calls.values()) >= wanted, timeout_s=PATIENCE_S, every_s=0.001, what="more requests")


@pytest.mark.timeout(900)
@pytest.mark.parametrize("part", range(EXTENT.kill_parts))
def test_killed_at_random_moments(
    fake: WatchedEngine, make_starter: Callable[[str], ProgramStarter], part: int
) -> None:
    """In the end the file is right, every reader was told of its last content, and the next start tells nobody."""
    chance = random.Random(part)
    fake.add_container("killed")
    fake.add_container("executed", restart_policy="always")
    fake.add_container("restarted", stop_timeout_s=0)
    starter = make_starter(NAMES)
    with Load(fake, seed=part) as load, Supervisor(lambda: starter.start(*OPTIONS)) as supervisor:
        for _ in range(EXTENT.kills):
            await_a_random_moment(fake, chance)
            supervisor.kill()
        load.stop()
        names = sorted(container.name for container in fake.shown())
        running = supervisor.current
        await_content(running, *names)
        for reader in READERS:
            fake.await_seen(reader, lines(*names))
        running.await_settled()
        statuses = list(supervisor.statuses)
    assert statuses == [-9] * EXTENT.kills
    assert running.program.stop() == 0
    assert_quiet_start(fake, starter)
    assert hidden(starter.shared, "tmp") == []


def assert_quiet_start(fake: WatchedEngine, starter: ProgramStarter) -> None:
    """Nothing has changed: nobody is told."""
    before = {reader: len(fake.seen[reader]) for reader in READERS}
    status, running = starter.one_shot(*OPTIONS)
    assert status == 0, running.program.log()
    assert {reader: len(fake.seen[reader]) for reader in READERS} == before
