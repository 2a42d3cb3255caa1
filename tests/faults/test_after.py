"""Jobs that come after others: what is waited for fails, comes back, and goes with the configuration."""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.faults.configured import Configured

TELLS = 'notify = [{ signal = "HUP", container = "reader" }]'


def troubles(configured: Configured, name: str) -> list[str]:
    """What the status page has against a job."""
    return next(job["trouble"] for job in configured.status()["jobs"] if job["name"] == name)


def test_a_job_waits_until_the_readers_of_the_one_before_it_are_told(configured: Configured) -> None:
    """The one that waits is named in log, metric and status page; one beside them is on time; `/readyz` stays 200."""
    configured.configure('second\nafter = ["first"]', f"first\n{TELLS}", "beside")
    program = configured.start()
    configured.await_target("second", "second: reader web ")
    configured.engine.fault("kill", times=None, status=500)
    configured.engine.add_container("late")
    configured.await_target("first", "first: late reader web ")
    configured.await_target("beside", "beside: late reader web ")
    program.wait_for_log("second.out is not written yet")
    first = configured.folder / "first.out"
    assert troubles(configured, "second") == [f"it waits for {first}, whose notifications fail"]
    assert configured.count("pygen_job_waiting", "second") == 1
    assert configured.target("second") == "second: reader web "
    assert program.get("/readyz")[0] == 200
    assert not any("pygen_job_waiting" in series for series in configured.series("first"))
    configured.engine.heal()
    configured.await_target("second", "second: late reader web ")
    program.wait_for(lambda: configured.count("pygen_job_waiting", "second") == 0, what="the metric")
    assert program.log().count("is not written yet") == 1
    assert troubles(configured, "second") == []
    assert program.stop() == 0


def test_a_job_behind_one_that_has_not_begun_waits_for_it(configured: Configured) -> None:
    """Another program has the target: it goes on when that one ends."""
    configured.configure("first", 'second\nafter = ["first.out"]')
    lock = os.open(configured.folder / ".first.out.lock.pygen", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    program = configured.start()
    program.wait_for_log("second.out is not written yet")
    assert configured.target("second") == ""
    assert troubles(configured, "second")[0].endswith("which has not begun")
    os.close(lock)
    configured.await_target("second", "second: reader web ")


def test_the_order_changes_while_the_program_runs(configured: Configured) -> None:
    """What is waited for is taken out of the order, and then out of the file: nobody waits for it any more."""
    broken = 'first\ntemplate = "#{{ 1 // 0 }}"'
    configured.configure(broken, 'second\nafter = ["first"]', 'third\nafter = ["first"]')
    program = configured.start()
    program.wait_for_log("third.out is not written yet")
    configured.configure(broken, "second", 'third\nafter = ["first"]')
    configured.await_target("second", "second: reader web ")
    assert configured.target("third") == ""
    configured.configure("second", 'third\nafter = ["first"]')
    program.wait_for_log("there is no job first")
    assert program.metric("pygen_config_valid") == 0
    assert configured.target("third") == ""
    configured.configure("second", 'third\nafter = ["second"]')
    configured.await_target("third", "third: reader web ")
    assert configured.series("first") == []
    configured.configure("second", "third")
    program.wait_for(lambda: not any("pygen_job_waiting" in name for name in program.metrics()), what="no such series")


def test_a_killed_program_keeps_the_order(configured: Configured) -> None:
    """What the first one owes is known from the disk: the one behind it goes on waiting, and is written after that."""
    configured.configure('second\nafter = ["first"]', f"first\n{TELLS}")
    program = configured.start()
    configured.await_target("second", "second: reader web ")
    configured.engine.fault("kill", times=None, status=500)
    configured.engine.add_container("late")
    program.wait_for_log("second.out is not written yet")
    program.kill()
    configured.engine.add_container("later")
    program = configured.start()
    configured.await_target("first", "first: late later reader web ")
    program.wait_for_log("second.out is not written yet")
    assert configured.target("second") == "second: reader web "
    told = len(configured.engine.told)
    configured.engine.heal()
    configured.await_target("second", "second: late later reader web ")
    assert len(configured.engine.told) == told + 1
