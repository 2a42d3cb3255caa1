"""Many jobs in one program, of which each meets a fault of its own: the others' files and notifications are on time."""

from __future__ import annotations

import fcntl
import json
import os
from typing import TYPE_CHECKING

import pytest

from tests.support.answering import answering
from tests.support.waiting import wait_for
from tests.unit.target.mounts_and_users import fill, small_disk

if TYPE_CHECKING:
    from pathlib import Path

    from tests.faults.configured import Configured
    from tests.support.process import PygenProcess

# Longer than any test waits: what it holds up would not be there.
LONG_S = 600
LIMIT_S = 20
LOOPS = (
    'template = "#{% if containers | length > 2 %}{% for i in range(100000) %}{% for j in range(100000) %}'
    f'{{% endfor %}}{{% endfor %}}{{% endif %}}loops"\nrender_time_limit = {LIMIT_S}'
)
TELLS = 'notify = [{ signal = "HUP", container = "reader" }]'


def assert_others_go_on(configured: Configured, *names: str) -> None:
    """A change is in each of the other files, and the reader is told of it, while the fault lasts."""
    before = len(configured.engine.told)
    configured.engine.add_container("late")
    for name in names:
        configured.await_target(name, f"{name}: late reader web ")
    configured.program.wait_for(lambda: len(configured.engine.told) > before, what="the notification")
    assert set(configured.engine.told) == {"reader"}


def owing(configured: Configured) -> list[str]:
    """The names of the jobs that owe a notification, from the status page."""
    jobs = configured.status()["jobs"]
    return [job["name"] for job in jobs if any(each["due"] for each in job["notifications"])]


def test_a_template_that_loops(configured: Configured) -> None:
    """The second render process serves the others; its own file stays, and its failure names it."""
    configured.configure(f"first\n{TELLS}", f"loops\n{LOOPS}", "last")
    program = configured.start()
    configured.await_target("loops", "loops")
    configured.await_target("last", "last: reader web ")
    assert_others_go_on(configured, "first", "last")
    assert configured.count("pygen_template_failing", "loops") == 0, "it still loops: the others did not wait for it"
    program.wait_for(lambda: configured.count("pygen_template_failing", "loops") == 1, what="the alert's metric")
    assert configured.target("loops") == "loops"
    assert any("loops.out" in line and f"{LIMIT_S} s" in line for line in program.log().splitlines())
    assert [configured.count("pygen_template_failing", name) for name in ("first", "last")] == [0, 0]


@pytest.mark.root
def test_a_disk_that_is_full(configured: Configured) -> None:
    """The failed write is counted for its target; the others are written as ever."""
    with small_disk(configured.folder / "disk") as disk:
        filler = fill(disk)
        big = 'template = "#{% for i in range(9000) %}full {% endfor %}"\ntarget = "disk/full.out"'
        text = f"first\n{TELLS}"
        configured.configure(text, "last")
        written = configured.file.read_text() + f'[[job]]\nname = "full"\ninterval = 0\n{big}\n'
        configured.replace(written)
        program = configured.start()
        target = str(disk / "full.out")
        program.wait_for(
            lambda: program.metrics().get(
                f'pygen_target_writes_total{{mode="replace",result="error",target="{target}"}}', 0
            ),
            what="the failed write",
        )
        configured.await_target("last", "last: reader web ")
        assert_others_go_on(configured, "first", "last")
        assert "the disk is full" in program.log()
        filler.unlink()
        program.wait_for((disk / "full.out").exists, what="the file, once there is space")
        for name in ("first", "last"):
            assert configured.count("pygen_target_writes_total", name, mode="replace", result="error") == 0


def test_a_target_that_another_program_has_at_the_start(configured: Configured) -> None:
    """The others begin without it; log, metric and status page name it, and it begins when the lock is free."""
    configured.configure(f"first\n{TELLS}", "taken", "last")
    lock = os.open(configured.folder / ".taken.out.lock.pygen", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    program = configured.start()
    configured.await_target("last", "last: reader web ")
    assert "the job taken can't begin" in program.log()
    assert configured.count("pygen_job_locked_out", "taken", name="taken") == 1
    assert configured.count("pygen_job_locked_out", "last", name="last") == 0
    assert any("job taken" in problem for problem in configured.status()["problems"])
    assert_others_go_on(configured, "first", "last")
    assert configured.target("taken") == ""
    os.close(lock)
    configured.await_target("taken", "taken: late reader web ")
    assert configured.count("pygen_job_locked_out", "taken", name="taken") == 0
    assert program.log().count("it is tried again") == 1


def test_a_template_that_is_missing_at_the_start(configured: Configured) -> None:
    """The others begin without it; `/readyz` and the metric name it, and it begins as soon as it is there."""
    configured.configure(f"first\n{TELLS}", 'missing\ntemplate = "missing.j2"', "last")
    program = configured.start(is_ready=False)
    configured.await_target("last", "last: reader web ")
    program.wait_for(lambda: configured.count("pygen_template_failing", "missing") == 1, what="the alert's metric")
    assert "missing.j2" in program.log()
    status, reason = program.get("/readyz")
    assert status == 503
    assert "missing.out" in reason
    assert_others_go_on(configured, "first", "last")
    (configured.folder / "missing.j2").write_text("here")
    configured.await_target("missing", "here")


def test_a_command_that_hangs_and_forks(configured: Configured, tmp_path: Path) -> None:
    """It is owed, by name, and what it forked ends with the program; the others' notifications do not wait for it."""
    pids = tmp_path / "pids"
    script = tmp_path / "hang"
    script.write_text(f"#!/bin/sh\nsleep {LONG_S} &\necho $$ $! >{pids}.new\nmv {pids}.new {pids}\nwait\n")
    script.chmod(0o755)
    hangs = f'notify = [{{ command = ["{script}"], timeout = {LONG_S} }}]'
    configured.configure(f"first\n{TELLS}", f"hangs\n{hangs}", "last")
    program = configured.start()
    wait_for(pids.exists, what="the command to hang")
    assert_others_go_on(configured, "first", "hangs", "last")
    program.wait_for(lambda: owing(configured) == ["hangs"], what="nothing else to be owed")
    assert program.stop() == 0
    for pid in map(int, pids.read_text().split()):
        wait_for(lambda pid=pid: not _runs(pid), what=f"the end of {pid}")  # type: ignore[misc]  # a default pins it


def test_a_server_that_does_not_answer(configured: Configured) -> None:
    """A server that takes its time delays no other job's file, and no other notification."""
    with answering(lambda _: server.is_over.wait(LONG_S)) as server:
        waits = f'notify = [{{ http = "{server.url}", timeout = {LONG_S} }}]'
        configured.configure(f"first\n{TELLS}", f"waits\n{waits}", "last")
        program = configured.start()
        program.wait_for(lambda: len(server.heard) == 1, what="the request")
        assert_others_go_on(configured, "first", "waits", "last")
        program.wait_for(lambda: owing(configured) == ["waits"], what="nothing else to be owed")
        assert len(server.heard) == 1, "the one that is under way is not sent twice"


def test_a_command_that_runs_into_its_timeout(configured: Configured, tmp_path: Path) -> None:
    """It is counted as failed, and told, by its job; with what it forked it is ended each time."""
    script = tmp_path / "hang"
    script.write_text(f"#!/bin/sh\nsleep {LONG_S} &\necho $! >>{tmp_path}/pids\nwait\n")
    script.chmod(0o755)
    hangs = f'notify = [{{ command = ["{script}"], timeout = 1 }}]'
    configured.configure(f"first\n{TELLS}", f"hangs\n{hangs}", "last", top='log_format = "json"')
    program = configured.start()
    failed = {"action": "command", "container": "", "result": "error"}
    program.wait_for(lambda: _total(program, "pygen_notifications_total", **failed) >= 1, what="the failure's count")
    assert_others_go_on(configured, "first", "hangs", "last")
    program.wait_for(lambda: owing(configured) == ["hangs"], what="nothing else to be owed")
    told = [entry for line in program.log().splitlines() if (entry := json.loads(line))["level"] == "warning"]
    assert {entry["target"] for entry in told} == {str(configured.folder / "hangs.out")}
    assert "did not end within 1 s" in told[0]["message"]
    assert program.stop() == 0
    for pid in map(int, (tmp_path / "pids").read_text().split()):
        wait_for(lambda pid=pid: not _runs(pid), what=f"the end of {pid}")  # type: ignore[misc]  # a default pins it


def test_a_filter_that_raises(configured: Configured) -> None:
    """An expression that fails for one container keeps its job's file; it is named with expression and container."""
    expression = "container.name != 'late' or 1 // 0"
    configured.configure(f"first\n{TELLS}", f'filtered\ninclude = ["{expression}"]', "last")
    program = configured.start()
    configured.await_target("filtered", "filtered: reader web ")
    assert_others_go_on(configured, "first", "last")
    program.wait_for(lambda: configured.count("pygen_template_failing", "filtered") == 1, what="the alert's metric")
    assert configured.target("filtered") == "filtered: reader web "
    told = [line for line in program.log().splitlines() if "filtered.out" in line and "ERROR" in line]
    assert len(told) == 1
    assert expression in told[0].replace('\\"', '"')
    assert "late" in told[0]
    assert [configured.count("pygen_template_failing", name) for name in ("first", "last")] == [0, 0]
    (job,) = [job for job in configured.status()["jobs"] if job["name"] == "filtered"]
    assert any(expression in trouble for trouble in job["trouble"])


def test_every_file_of_a_change_is_written_before_the_first_notification(
    configured: Configured, tmp_path: Path
) -> None:
    """Each of eight jobs tells a command that looks at all the files: it finds the change in every one of them."""
    names = [f"job{number}" for number in range(8)]
    script = tmp_path / "look"
    script.write_text(
        f"#!/bin/sh\ncat {tmp_path}/job*.out >{tmp_path}/$$.new\nmv {tmp_path}/$$.new {tmp_path}/$$.seen\n"
    )
    script.chmod(0o755)
    tells = f'notify = [{{ command = ["{script}"] }}]'
    configured.configure(*(f"{name}\n{tells}" for name in names))
    program = configured.start()
    program.wait_for(lambda: not _total(program, "pygen_notifications_pending"), what="the first files to be told")
    for path in tmp_path.glob("*.seen"):
        path.unlink()
    for number in range(5):
        configured.engine.add_container(f"late{number}")
        program.wait_for(lambda number=number: all(f"late{number}" in configured.target(name) for name in names))  # type: ignore[misc]  # a default pins it
        program.wait_for(
            lambda: any(tmp_path.glob("*.seen")) and not _total(program, "pygen_notifications_pending"),
            what="the change to be told",
        )
        seen = [path.read_text() for path in tmp_path.glob("*.seen")]
        assert seen
        assert [text.count(f"late{number} ") for text in seen] == [len(names)] * len(seen)
        for path in tmp_path.glob("*.seen"):
            path.unlink()


def _total(program: PygenProcess, name: str, **labels: str) -> float:
    """The sum of a metric's series with these labels."""
    wanted = [f'{label}="{value}"' for label, value in labels.items()]
    found = [
        value
        for series, value in program.metrics().items()
        if series.startswith(f"{name}{{") and all(each in series for each in wanted)
    ]
    return sum(found)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
