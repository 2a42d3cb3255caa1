"""Servers and commands that are owed a content when the program is killed, or told to end."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.faults.watched_engine import NAMES, WatchedEngine, await_content
from tests.support.answering import OK, answering
from tests.support.running_program import NO_RESYNC
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.running_program import ProgramStarter

QUICK = (*NO_RESYNC, "--interval", "0")
BAD = b"HTTP/1.1 503 x\r\n\r\n"


def test_killed_before_they_were_told(
    fake: WatchedEngine, make_starter: Callable[[str], ProgramStarter], tmp_path: Path
) -> None:
    """Told after the next start, of the last content, once; the start after that is quiet."""
    told, mended = tmp_path / "told", tmp_path / "mended"
    command = f"sh -c 'test -e {mended} && cat $PYGEN_TARGET_FILE >>{told}'"
    fake.run("one")
    starter = make_starter(NAMES)
    answers = [BAD]
    with answering(lambda client: client.sendall(answers[-1])) as server:
        notify = (*QUICK, "--http", server.url, "--command", command)
        running = starter.start(*notify)
        await_content(running, "one")
        for failed in (f"http POST {server.url} failed (1 try", "command sh (2 arguments) failed (1 try"):
            running.program.wait_for_log(failed)
        fake.run("two")
        await_content(running, "one", "two")
        running.program.kill()
        assert not told.exists()
        mended.touch()
        answers.append(OK)
        heard = len(server.heard)
        again = starter.start(*notify)
        wait_for(told.exists, what="the command to be run")
        again.await_settled()
        assert again.program.stop() == 0
        assert (told.read_text(), len(server.heard)) == (running.read(), heard + 1)
        quiet = starter.start(*notify)
        quiet.await_settled()
        assert quiet.program.stop() == 0
        assert (told.read_text(), len(server.heard)) == (running.read(), heard + 1)


def test_terminated_while_a_command_hangs(
    fake: WatchedEngine, make_starter: Callable[[str], ProgramStarter], tmp_path: Path
) -> None:
    """Status 0, nothing that it started is left, and the next start delivers."""
    pids, mended = tmp_path / "pids", tmp_path / "mended"
    script = tmp_path / "hang"
    script.write_text(
        f"#!/bin/sh\ntest -e {mended} && exit 0\ntrap '' TERM\nsleep 1000 &\necho $$ $! >{pids}.new\n"
        f"mv {pids}.new {pids}\nwait\n"
    )
    script.chmod(0o755)
    fake.run("one")
    starter = make_starter(NAMES)
    running = starter.start(*QUICK, "--command", str(script))
    wait_for(pids.exists, what="the command to hang")
    assert running.owed() == 1
    assert running.program.stop() == 0
    for pid in map(int, pids.read_text().split()):
        wait_for(lambda pid=pid: _is_gone(pid), what=f"the end of {pid}")  # type: ignore[misc]  # a default pins it
    assert "ended with notifications owed" in running.program.log()
    mended.touch()
    again = starter.start(*QUICK, "--command", str(script))
    again.program.wait_for_log("command hang delivered (exit status 0)")
    again.await_settled()


def test_a_second_signal_ends_commands_at_once(
    fake: WatchedEngine, make_starter: Callable[[str], ProgramStarter], tmp_path: Path
) -> None:
    """Whoever asks twice does not want to wait."""
    pid_file = tmp_path / "pid"
    fake.run("one")
    running = make_starter(NAMES).start(*QUICK, "--command", f"sh -c 'echo $$ >{pid_file}; exec sleep 1000'")
    wait_for(lambda: pid_file.exists() and pid_file.read_text().endswith("\n"), what="the command to hang")
    for _ in range(2):
        running.program.send(signal.SIGTERM)
    assert running.program.wait_for_end() in (0, 128 + signal.SIGTERM)
    wait_for(lambda: _is_gone(int(pid_file.read_text())), what="the end of the command")


def test_a_command_s_end_is_known_whoever_started_the_program(
    fake: WatchedEngine, make_starter: Callable[[str], ProgramStarter]
) -> None:
    """Where SIGCHLD is ignored, as some supervisors leave it, the kernel would keep the status from us."""
    fake.run("one")
    code = "import os, signal, sys; signal.signal(signal.SIGCHLD, signal.SIG_IGN); os.execv(sys.argv[1], sys.argv[1:])"
    ignoring = (sys.executable, "-c", code)
    running = make_starter(NAMES).start(*QUICK, "--command", "true", "--command", "sh -c 'exit 3'", prefix=ignoring)
    running.program.wait_for_log("command true delivered (exit status 0)")
    running.program.wait_for_log("the command ended with 3")


def _is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True
