"""The configuration files change while the program runs: jobs begin, change and end, and the others notice nothing."""

from __future__ import annotations

import fcntl
import os
import signal
from typing import TYPE_CHECKING

import pytest

from tests.faults.configured import NAMES
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from tests.faults.configured import Configured


def test_jobs_begin_change_and_end_and_the_others_notice_nothing(configured: Configured) -> None:
    """After SIGHUP, each by counts: what stays is neither rendered nor written, what goes leaves no series."""
    configured.configure("stays", "changes", "goes")
    program = configured.start()
    for name in ("stays", "changes", "goes"):
        configured.await_target(name, f"{name}: reader web ")
    state = configured.folder / ".stays.out.lock.pygen"
    inode, writes = (
        state.stat().st_ino,
        configured.count("pygen_target_writes_total", "stays", mode="replace", result="success"),
    )
    loads = configured.count("pygen_renders_total", "stays", result="success")
    configured.configure("stays", 'changes\ntemplate = "#changed"', "begins")
    program.send(signal.SIGHUP)
    configured.await_target("changes", "changed")
    configured.await_target("begins", "begins: reader web ")
    assert configured.series("goes") == []
    assert configured.target("goes") == "goes: reader web "
    assert configured.series("begins")
    assert state.stat().st_ino == inode
    assert configured.count("pygen_target_writes_total", "stays", mode="replace", result="success") == writes
    assert configured.count("pygen_renders_total", "stays", result="success") <= loads + 1  # SIGHUP loads each template
    assert [job["name"] for job in configured.status()["jobs"]] == ["stays", "changes", "begins"]
    assert "the job goes is gone from the configuration" in program.log()
    lock = os.open(configured.folder / ".goes.out.lock.pygen", os.O_RDWR)
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # raises where the program still has it
    os.close(lock)
    configured.engine.add_container("late")
    configured.await_target("begins", "begins: late reader web ")
    configured.await_target("stays", "stays: late reader web ")
    assert configured.target("goes") == "goes: reader web "
    assert program.stop() == 0


def test_an_edit_is_noticed_without_a_signal(configured: Configured) -> None:
    """Once it has stayed for a second; a job that it does not concern is not rendered."""
    configured.configure("one")
    configured.start()
    configured.await_target("one", "one: reader web ")
    renders = configured.count("pygen_renders_total", "one", result="success")
    configured.configure("one", "two")
    configured.await_target("two", "two: reader web ")
    assert configured.count("pygen_renders_total", "one", result="success") == renders


def test_files_that_cannot_be_used_leave_everything_as_it_is(configured: Configured) -> None:
    """The log says all that is wrong, the status page too, and `pygen_config_valid` is 0 until it is mended."""
    configured.configure("one")
    program = configured.start()
    configured.await_target("one", "one: reader web ")
    assert program.metric("pygen_config_valid") == 1
    configured.replace('[[job]]\ntemplat = "x"\n[engine]\nresynk = 3\n')
    program.wait_for(lambda: program.metric("pygen_config_valid") == 0, what="the metric")
    assert "templat: there is no such key (did you mean template?)" in program.log()
    assert "engine.resynk: there is no such key (did you mean resync?)" in program.log()
    problems = configured.status()["problems"]
    assert any("templat" in problem for problem in problems)
    configured.engine.add_container("late")
    configured.await_target("one", "one: late reader web ")
    configured.configure("one", "two")
    configured.await_target("two", "two: late reader web ")
    assert program.metric("pygen_config_valid") == 1
    assert configured.status()["problems"] == []


def test_a_job_that_changes_goes_on_with_what_it_owes(configured: Configured) -> None:
    """What could not be delivered is delivered once, after the change; what was delivered is not told again."""
    told = 'one\nnotify = [{ signal = "HUP", container = "reader" }]'
    configured.configure(told)
    program = configured.start()
    configured.await_target("one", "one: reader web ")
    program.wait_for(lambda: program.metric("pygen_notifications_pending", action="signal", container="reader") == 0)
    before = len(configured.engine.told)
    configured.configure(told + "\nstrict = true")
    program.wait_for_log("the job one begins")
    program.wait_ready()
    assert len(configured.engine.told) == before
    configured.engine.fault("kill", times=None, status=500)
    configured.engine.add_container("late")
    configured.await_target("one", "one: late reader web ")
    program.wait_for_log("retried until it succeeds")
    configured.configure(told + "\nrender_time_limit = 5")
    program.wait_for(lambda: program.log().count("the job one begins") == 2)
    configured.engine.heal()
    program.wait_for(lambda: len(configured.engine.told) == before + 1, what="one signal")
    program.wait_for(lambda: program.metric("pygen_notifications_pending", action="signal", container="reader") == 0)
    assert len(configured.engine.told) == before + 1


def test_a_job_that_goes_owes_nothing_any_more(configured: Configured) -> None:
    """Its debts are dropped with one line; what comes back later begins anew."""
    told = 'one\nnotify = [{ signal = "HUP", container = "reader" }]'
    configured.configure(told, "other")
    program = configured.start()
    configured.await_target("one", "one: reader web ")
    configured.engine.fault("kill", times=None, status=500)
    configured.engine.add_container("late")
    program.wait_for_log("retried until it succeeds")
    configured.configure("other")
    program.wait_for_log("1 pending notifications are dropped")
    assert not any("pygen_notifications_pending" in name for name in program.metrics())
    configured.engine.heal()
    configured.configure(told, "other")
    program.wait_for_log("the job one begins")
    configured.engine.add_container("later")
    configured.await_target("one", "one: late later reader web ")


def test_a_new_job_whose_target_another_program_has_waits_for_it(configured: Configured) -> None:
    """It costs the others nothing, the status page says so, and it begins when the other one has ended."""
    configured.configure("one")
    program = configured.start()
    lock = os.open(configured.folder / ".two.out.lock.pygen", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    configured.configure("one", "two", "three")
    configured.await_target("three", "three: reader web ")
    assert configured.target("two") == ""
    assert any("job two" in problem for problem in configured.status()["problems"])
    os.close(lock)
    configured.await_target("two", "two: reader web ")
    assert configured.status()["problems"] == []
    assert program.log().count("it is tried again") == 1


def test_a_new_job_whose_template_cannot_be_loaded_is_its_own_failure(configured: Configured) -> None:
    """It begins as soon as the template is there."""
    configured.configure("one")
    program = configured.start()
    configured.configure("one", 'two\ntemplate = "two.j2"')
    program.wait_for_log("two.j2")
    configured.engine.add_container("late")
    configured.await_target("one", "one: late reader web ")
    (configured.folder / "two.j2").write_text("two")
    configured.await_target("two", "two")


@pytest.mark.parametrize(
    ("before", "after", "name"),
    [
        ("[engine]", "debug = true\n[engine]", "debug"),
        ("resync = 3600", "resync = 60", "resync_s"),
        ("resync = 3600", 'resync = 3600\nfilters = { label = ["a=b"] }', "filters"),
        ("[engine]", '[child]\ncommand = ["sleep", "60"]\n[engine]', "child"),
    ],
)
def test_what_needs_a_restart_is_told(configured: Configured, before: str, after: str, name: str) -> None:
    """Each by its name; the rest of the edit takes effect."""
    configured.configure("one")
    program = configured.start()
    text = configured.file.read_text().replace(before, after)
    configured.replace(text + f'[[job]]\nname = "two"\ntarget = "two.out"\ntemplate = "#two: {NAMES}"\n')
    configured.await_target("two", "two: reader web ")
    program.wait_for_log(f"{name} is another one in the configuration: that needs a restart of pygen")
    assert program.log().count("needs a restart") == 1


def test_many_reloads_keep_nothing_open(configured: Configured) -> None:
    """Files, threads and processes stay as many; the render process forgets templates that are gone."""
    configured.configure("one", "a")
    program = configured.start()
    configured.await_target("a", "a: reader web ")
    before = configured.open_descriptors()
    for number in range(20):
        configured.configure("one", f"a{number % 2}")
        program.send(signal.SIGHUP)
        (configured.folder / f"a{(number + 1) % 2}.out").unlink(missing_ok=True)
        configured.await_target(f"a{number % 2}", f"a{number % 2}: reader web ")
    wait_for(lambda: configured.open_descriptors() <= before + 1, what="as many descriptors as before")
