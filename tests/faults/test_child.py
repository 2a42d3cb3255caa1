"""The reader as pygen's own child: what it does, and what becomes of it, whatever ends first."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.faults.watched_engine import NAMES, WatchedEngine, await_content
from tests.support.ports import reserve_port
from tests.support.running_program import NO_RESYNC
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.running_program import ProgramStarter, RunningProgram

QUICK = (*NO_RESYNC, "--interval", "0")
HUP = ("--signal-child", "HUP")
#: Its own number first, then the file as it is at its start and at each HUP; it ends with 7 at TERM.
_READER = """
look() {{ echo "$1 $(tr '\\n' ' ' <{target})" >>{told}; }}
trap 'look read' HUP; trap 'echo usr1 >>{told}' USR1; trap 'echo term >>{told}; exit 7' TERM
echo "pid $$" >>{told}; look started
while :; do sleep 0.02; done
"""
_ORPHANS = 40
#: The first process of a PID namespace, with a /proc of its own: what it leaves ends with it.
AS_PID_1 = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "--")


class Reader:
    """The program with a child that writes down what it reads."""

    def __init__(self, starter: ProgramStarter, folder: Path) -> None:
        self._starter = starter
        self._told = folder / "told"
        self._script = folder / "reader"
        self._script.write_text(_READER.format(target=starter.target, told=self._told))

    def start(self, *options: str, **how: object) -> RunningProgram:
        """Start the program with it."""
        return self._starter.start(*QUICK, *HUP, *options, "--", "sh", str(self._script), **how)

    def told(self) -> list[str]:
        """What it wrote so far."""
        return self._told.read_text().splitlines() if self._told.exists() else []

    def await_told(self, line: str) -> None:
        """Wait until it wrote that last."""
        wait_for(lambda: self.told()[-1:] == [line], what=lambda: f"{line!r} at the end of {self.told()}")

    def pids(self) -> list[int]:
        """The numbers of all that were started."""
        return [int(line.removeprefix("pid ")) for line in self.told() if line.startswith("pid ")]


@pytest.fixture
def reader(fake: WatchedEngine, make_starter: Callable[[str], ProgramStarter], tmp_path: Path) -> Reader:
    """One container is shown, and the reader is not started yet."""
    fake.run("one")
    return Reader(make_starter(NAMES), tmp_path)


def children(parent: int) -> list[int]:
    """The processes that it has started, or got, zombies included."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it is gone
            if int(stat.read_text().rpartition(")")[2].split()[1]) == parent:
                found.append(int(stat.parent.name))
    return found


def page(port: int) -> str:
    """What nginx answers; '' where it does not."""
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(f"http://127.0.0.1:{port}/") as answer:
            return str(answer.read().decode())
    except OSError:
        return ""


def is_gone(pid: int) -> bool:
    """Whether no such process runs."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def test_it_reads_the_first_file_and_is_told_of_the_others(fake: WatchedEngine, reader: Reader) -> None:
    """Started once that is written, without a signal; each later content is one."""
    running = reader.start()
    reader.await_told("started one ")
    for count, name in enumerate(("two", "zed"), 2):
        fake.run(name)
        reader.await_told(f"read {' '.join(('one', 'two', 'zed')[:count])} ")
    running.await_settled()
    assert [line.split()[0] for line in reader.told()] == ["pid", "started", "read", "read"]
    labels = {"container": "", "action": "signal-child", "result": "success"}
    assert running.program.metric("pygen_notifications_total", **labels) == 2


def test_signals_are_passed_on_and_its_status_is_ours(reader: Reader) -> None:
    """HUP reloads both, USR1 is the child's alone, TERM ends both."""
    running = reader.start()
    reader.await_told("started one ")
    running.program.send(signal.SIGHUP)
    reader.await_told("read one ")
    running.program.wait_for_log("reloading the templates")
    running.program.send(signal.SIGUSR1)
    reader.await_told("usr1")
    assert running.program.stop() == 7
    reader.await_told("term")
    assert "ended with pending" not in running.program.log()


def test_its_end_is_the_program_s(reader: Reader) -> None:
    """Killed by somebody: 128 and the signal, and it is not started again."""
    running = reader.start()
    reader.await_told("started one ")
    os.kill(reader.pids()[0], signal.SIGKILL)
    assert running.program.wait_for_end() == 128 + signal.SIGKILL
    assert len(reader.pids()) == 1
    assert "sh has ended by signal 9" in running.program.log()


@pytest.mark.parametrize(("command", "status"), [(["/no/such/program"], 127), (["/etc"], 126), (["false"], 1)])
def test_one_that_cannot_be_started_ends_the_program(
    make_starter: Callable[[str], ProgramStarter], command: list[str], status: int
) -> None:
    """With a shell's status, and the reason in the log."""
    running = make_starter(NAMES).start(*QUICK, *HUP, "--", *command)
    assert running.program.wait_for_end() == status
    assert f"{command[0].rpartition('/')[2]} has ended with {status}" in running.program.log()
    assert status == 1 or f"{command[0]} can't be started: " in running.program.log()


def test_one_that_ignores_term_is_killed_after_its_grace(
    make_starter: Callable[[str], ProgramStarter], tmp_path: Path
) -> None:
    """And what it has started with it."""
    pids = tmp_path / "pids"
    script = f"trap '' TERM HUP; sleep 1000 & echo $$ $! >{pids}.new; mv {pids}.new {pids}; wait"
    running = make_starter(NAMES).start(*QUICK, "--child-grace", "0.5", "--", "sh", "-c", script)
    wait_for(pids.exists, what="the child")
    assert running.program.stop() == 128 + signal.SIGKILL
    assert "sh did not end within 0.5 s and is killed" in running.program.log()
    for pid in map(int, pids.read_text().split()):
        wait_for(lambda pid=pid: is_gone(pid), what=f"the end of {pid}")  # type: ignore[misc]  # a default pins it


def test_a_killed_program_takes_it_along(fake: WatchedEngine, reader: Reader) -> None:
    """By TERM from the kernel; the next one starts its own, which owes nothing to the first."""
    running = reader.start()
    reader.await_told("started one ")
    running.program.kill()
    reader.await_told("term")
    wait_for(lambda: is_gone(reader.pids()[0]), what="the end of the child")
    fake.run("two")
    again = reader.start()
    reader.await_told("started one two ")
    again.await_settled()
    assert again.program.stop() == 7
    assert not [line for line in reader.told() if line.startswith("read")]


def test_it_waits_while_the_first_file_does_not_come(
    fake: WatchedEngine, make_starter: Callable[[str], ProgramStarter], tmp_path: Path
) -> None:
    """A template that fails: said once, and started when it is mended; TERM meanwhile ends the program with 0."""
    fake.run("one")
    starter = make_starter("{{ 1 // 0 }}")
    reader = Reader(starter, tmp_path)
    running = reader.start()
    running.program.wait_for_log(f"sh is not started before {starter.target} could be written")
    assert reader.told() == []
    starter.template.write_text(NAMES)
    reader.await_told("started one ")
    assert running.program.stop() == 7
    starter.template.write_text("{{ 1 // 0 }}")
    again = reader.start()
    again.program.wait_for_log("is not started before")
    assert again.program.stop() == 0
    assert len(reader.pids()) == 1


def test_a_signal_before_it_listens_is_not_its_end(
    fake: WatchedEngine, make_starter: Callable[[str], ProgramStarter], tmp_path: Path
) -> None:
    """HUP ends who has no trap for it: the debt waits until there is one."""
    ready, told = tmp_path / "ready", tmp_path / "told"
    listens = f"trap 'echo read >>{told}' HUP; while :; do sleep 0.02; done"
    script = f"while ! test -e {ready}; do sleep 0.02; done; {listens}"
    fake.run("one")
    starter = make_starter(NAMES)
    running = starter.start(*QUICK, *HUP, "--", "sh", "-c", script)
    running.program.wait_for_log("sh is started")
    fake.run("two")
    running.program.wait_for_log("signal HUP to the child waits for sh: it does not listen for HUP")
    assert running.owed() == 1
    ready.touch()
    wait_for(lambda: told.exists() and told.read_text() == "read\n", what="the signal")
    running.await_settled()


def test_orphans_of_a_first_process_are_reaped(
    make_starter: Callable[[str], ProgramStarter], fake: WatchedEngine, tmp_path: Path
) -> None:
    """A child that forks and forgets leaves no zombies; commands of ours and renders keep their statuses meanwhile."""
    forked = tmp_path / "forked"
    orphan = f"setsid sh -c 'echo >>{forked}; exit 3' &"
    script = f'n=0; while test $n -lt {_ORPHANS}; do sh -c "{orphan}"; n=$((n+1)); done; while :; do sleep 0.1; done'
    fake.run("one")
    told = ("--command", "true", "--command", "sh -c 'sleep 0.01'", "--command", "sh -c 'exit 4'")
    running = make_starter(NAMES).start(*QUICK, *told, "--", "sh", "-c", script, prefix=AS_PID_1)
    for count in range(2, 8):
        fake.run(f"p{count}")
        await_content(running, "one", *(f"p{each}" for each in range(2, count + 1)))
    wait_for(lambda: forked.exists() and len(forked.read_text()) == _ORPHANS, what="all orphans to have run")
    (first,) = children(running.program.pid)
    wait_for(lambda: not [pid for pid in children(first) if is_gone(pid)], what="no zombie to be left")
    running.program.wait_for_log("command true delivered (exit status 0)")
    running.program.wait_for_log("the command ended with 4")
    assert not re.search(r"ended with (?!4\b)", running.program.log())
    assert running.program.metric("pygen_render_process_restarts_total", target=str(running.target)) == 0


def test_a_real_nginx_takes_each_change(
    fake: WatchedEngine, make_starter: Callable[[str], ProgramStarter], tmp_path: Path
) -> None:
    """It serves the last content after a HUP, in the same master process, and ends with it all."""
    port, pid_file = reserve_port(), tmp_path / "nginx.pid"
    names = "{{ containers|map(attribute='name')|join(' ') }}"
    template = f'server {{ listen 127.0.0.1:{port}; return 200 "{names}"; }}\n'
    starter = make_starter(template)
    conf = tmp_path / "nginx.conf"
    conf.write_text(
        f"daemon off; pid {pid_file}; error_log {tmp_path}/error.log notice; events {{}}\n"
        f"http {{ access_log off; include {starter.target}; }}\n"
    )
    fake.run("one")
    running = starter.start(*QUICK, *HUP, "--", "nginx", "-c", str(conf))
    running.program.wait_for(lambda: page(port) == "one", what="nginx's first answer")
    master = pid_file.read_text()
    fake.run("two")
    running.program.wait_for(lambda: page(port) == "one two", what="nginx's second answer")
    assert pid_file.read_text() == master
    running.await_settled()
    assert running.program.stop() == 0
    wait_for(lambda: is_gone(int(master)), what="the end of nginx")
    assert "emerg" not in (tmp_path / "error.log").read_text()
    assert re.search(r"nginx has ended with 0", running.program.log())
