"""`command`: a command on our own host, told by its exit status. The processes are real."""

from __future__ import annotations

import json
import os
import shlex
import signal
import threading
from pathlib import Path

import pytest

from models.run import NO_CONTAINER
from notify import host_process
from notify.actions.command import Command
from notify.delivery import Delivered, Failed, Inspector, Outcome, Task
from notify.output import KEPT_BYTES
from notify.port import Executed
from tests.support.waiting import wait_for
from tests.unit.notify.fakes import NotifierHarness

pytestmark = pytest.mark.processes  # see CONTRIBUTING.md

_BEFORE_REAL_TIME = (1 << 31) - 1  # the C library keeps the two signals after these to itself
ENVIRON = {"PATH": os.environ["PATH"]}


@pytest.fixture(autouse=True)
def begun(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another test may have ended its program in this very process."""
    monkeypatch.setattr(host_process, "_is_over", False)


def run(script: str, *, timeout_s: float = 60) -> Executed | host_process.TimeUp:
    """Run a shell's script."""
    return host_process.run(["sh", "-c", script], ENVIRON, timeout_s=timeout_s)


def delivered(action: Command, *, target: str = "/etc/made/up.conf", cause: str = "state") -> Outcome:
    """How one delivery ends."""
    harness = NotifierHarness(action)
    task = Task(NO_CONTAINER, "", target=target, cause=cause)  # type: ignore[arg-type]  # one of the causes
    return action.deliver(harness.engine, task, Inspector(harness.engine, task, harness.clock), "auto")


def gone(pid: int) -> bool:
    """Whether no such process runs."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


# One process


def test_status_and_output_come_back() -> None:
    """Both streams as they came."""
    assert run("echo out; echo err >&2; exit 3") == Executed(3, b"out\nerr\n")
    assert run("kill -9 $$") == Executed(-9, b"")


def test_an_endless_output_is_bounded_and_ends_at_the_timeout() -> None:
    """Its end is kept."""
    ended = run("yes", timeout_s=0.3)
    assert isinstance(ended, host_process.TimeUp)
    assert len(ended.output) == KEPT_BYTES
    assert set(ended.output) == set(b"y\n")


def test_an_output_larger_than_a_pipe_is_read_to_its_end() -> None:
    """A command that prints much is not held up."""
    assert run("head -c 3000000 /dev/zero | tr '\\0' x; echo end") == Executed(0, b"x" * (KEPT_BYTES - 4) + b"end\n")


def test_a_group_that_ignores_sigterm_is_killed_as_a_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it forked."""
    monkeypatch.setattr(host_process, "ENDING_GRACE_S", 0.1)
    pids = tmp_path / "pids"
    script = f"trap '' TERM; sleep 1000 & echo $! >{pids}; (sh -c 'sleep 1000; true' & echo $! >>{pids}); sleep 1000"
    assert isinstance(run(script, timeout_s=2), host_process.TimeUp)
    numbers = [int(line) for line in pids.read_text().split()]
    assert len(numbers) == 2
    for pid in numbers:
        wait_for(lambda pid=pid: gone(pid), what=f"the end of {pid}")  # type: ignore[misc]  # a default pins the value


def test_sigterm_comes_first() -> None:
    """A command can tidy up; what it says then is told."""
    ended = run("trap 'echo tidied; exit 0' TERM; echo begun; while :; do sleep 0.01; done", timeout_s=2)
    assert isinstance(ended, host_process.TimeUp)
    assert ended.output.startswith(b"begun\n")
    assert ended.output.endswith(b"\ntidied\n")


def test_what_it_leaves_behind_ends_with_it_and_is_not_waited_for(tmp_path: Path) -> None:
    """Though it holds the output open."""
    pid_file = tmp_path / "pid"
    assert run(f"sleep 1000 & echo $! >{pid_file}; echo done") == Executed(0, b"done\n")
    wait_for(lambda: gone(int(pid_file.read_text())), what="its end")


def test_it_has_a_session_and_signals_of_its_own() -> None:
    """Ours are blocked in every thread; no descriptor but the three is open, and standard input is empty."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP, signal.SIGTERM})
    left_open = os.dup(0)
    os.set_inheritable(left_open, True)
    try:
        ended = run(
            "grep -E 'Sig(Blk|Ign)' /proc/self/status; ps -o sid= -p $$ | tr -d ' ' | grep -qx $$ && echo own;"
            " cat; ls /proc/$$/fd"  # no pipe, whose ends would be among them
        )
    finally:
        os.close(left_open)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP, signal.SIGTERM})
    assert isinstance(ended, Executed)
    blocked, ignored, own, *descriptors = ended.output.decode().splitlines()
    assert int(blocked.split()[1], 16) == 0
    assert int(ignored.split()[1], 16) & _BEFORE_REAL_TIME == 0
    assert own == "own"
    assert {"0", "1", "2"} <= set(descriptors) <= {"0", "1", "2", "10", "255"}  # the last two are a shell's own


@pytest.mark.parametrize("command", [["/no/such/program"], ["no-such-program"], [str(Path(__file__))], ["/"]])
def test_what_can_t_be_started_is_an_error(command: list[str]) -> None:
    """And leaves nothing behind."""
    with pytest.raises(OSError, match=r"No such file|Permission denied"):
        host_process.run(command, ENVIRON, timeout_s=60)
    assert host_process._running == set()


def test_at_the_end_of_the_program_all_that_runs_is_ended_and_nothing_begins(tmp_path: Path) -> None:
    """Those that ignore SIGTERM, too."""
    scripts = ["sleep 1000", "trap '' TERM; sleep 1000 & wait"]
    ended: list[object] = []
    threads = [
        threading.Thread(target=lambda script=script: ended.append(run(f"echo x >>{tmp_path / 'begun'}; {script}")))
        for script in scripts
    ]
    for thread in threads:
        thread.start()
    wait_for(lambda: (tmp_path / "begun").exists() and (tmp_path / "begun").read_text() == "x\nx\n", what="both begun")
    host_process.end_all(grace_s=0.1)
    for thread in threads:
        thread.join(60)
    assert sorted(str(each) for each in ended) == sorted(str(Executed(-number, b"")) for number in (15, 9))
    with pytest.raises(InterruptedError, match="the program ends"):
        run("true")
    host_process.end_all(grace_s=0)


# A delivery


def test_the_status_decides() -> None:
    """0 is delivery; else the last lines are for the log alone."""
    assert delivered(Command("", ("true",))) == Delivered("exit status 0")
    assert delivered(Command("", ("sh", "-c", "echo wrong >&2; exit 7"))) == Failed(
        "the command ended with 7", output="wrong"
    )
    assert delivered(Command("", ("sh", "-c", "kill -9 $$"))) == Failed("the command was ended by signal 9")
    assert delivered(Command("", ("no-such-program",))) == Failed(
        "the command can't be started: No such file or directory", acted=False
    )
    assert delivered(Command("", ("sleep", "1000"), timeout_s=0.2)) == Failed(
        "the command did not end within 0.2 s, and was ended"
    )


def test_a_shell_is_there_only_where_it_is_asked_for() -> None:
    """Else nothing is expanded."""
    printed = delivered(Command("", ("sh", "-c", 'echo "$1"; exit 1', "x", "$HOME;*")))
    assert printed == Failed("the command ended with 1", output="$HOME;*")
    assert delivered(Command("", ("echo a; echo b | tr b c; exit 1",), shell=True)) == Failed(
        "the command ended with 1", output="a | c"
    )


def test_its_environment_holds_none_of_our_secrets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where and who it is, which file, and why."""
    for name in ("PYGEN_TEMPLATE", "DOCKER_HOST", "SECRET", "LD_PRELOAD_X"):
        monkeypatch.setenv(name, "s3cret")
    for name in ("LANG", "HOME", "TZ"):
        monkeypatch.setenv(name, f"our {name}")
    written = tmp_path / "environ"
    action = Command("", ("sh", "-c", f"cat /proc/self/environ >{written}"))
    assert delivered(action, target="conf/up.conf", cause="drift") == Delivered("exit status 0")
    variables = dict(pair.split("=", 1) for pair in written.read_text().split("\0") if pair)
    variables.pop("PWD", None)  # a shell's own
    for own in ("OLDPWD", "SHLVL", "_"):
        variables.pop(own, None)
    assert variables == {
        "PATH": os.environ["PATH"],
        "LANG": "our LANG",
        "HOME": "our HOME",
        "TZ": "our TZ",
        "PYGEN_TARGET_FILE": str(Path.cwd() / "conf/up.conf"),
        "PYGEN_CAUSE": "drift",
    }


def told(tmp_path: Path) -> tuple[NotifierHarness, Path]:
    """A change is owed to a command that writes down why it was run."""
    written = tmp_path / "causes"
    harness = NotifierHarness(Command("", ("sh", "-c", f'echo "$PYGEN_TARGET_FILE $PYGEN_CAUSE" >>{written}')))
    harness.disk = "a"
    harness.render("a")
    harness.render("b")
    return harness, written


def test_it_is_told_which_file_and_why(tmp_path: Path) -> None:
    """Once for each content."""
    harness, written = told(tmp_path)
    harness.wait(5)
    harness.disk = "rogue"
    harness.render("b")
    harness.wait(5)
    harness.disk = None
    harness.render("b")
    harness.wait(5)
    causes = [line.removeprefix("/etc/made/up.conf ") for line in written.read_text().splitlines()]
    assert causes == ["state", "drift", "missing"]
    assert harness.engine.calls == []


@pytest.mark.parametrize("looks", [False, True])
@pytest.mark.parametrize("killed", ["before the write", "before the record", "before the delivery"])
def test_a_killed_program_delivers_after_its_restart_and_knows_why(tmp_path: Path, killed: str, *, looks: bool) -> None:
    """The cause is on the disk with the debt; the start after that is quiet."""
    written = tmp_path / "causes"
    harness = NotifierHarness(Command("", ("sh", "-c", f'echo "$PYGEN_CAUSE" >>{written}')))
    harness.disk = "a"
    harness.render("a")
    if killed == "before the delivery":
        harness.render("b")
    else:
        harness.notifier.prepare("b", "template", harness.observations())
        harness.disk = "b" if killed == "before the record" else "a"
    for _ in range(2):
        harness.start(looks=looks)
        harness.render("b")
        harness.wait(5)
    expected = {"before the record": "template"}.get(killed, "state")
    assert written.read_text().splitlines() == [expected]


def test_a_cause_of_a_later_version_is_none_of_ours(tmp_path: Path) -> None:
    """What is owed is kept."""
    harness, written = told(tmp_path)
    assert harness.store.data is not None
    harness.store.data = harness.store.data.replace(b'"cause": "state"', b'"cause": "moon"')
    harness.start()
    harness.render("b")
    harness.wait(5)
    assert written.read_text() == "/etc/made/up.conf \n"


def test_the_state_says_nothing_of_a_cause_that_is_not_known(tmp_path: Path) -> None:
    """As the states of the versions before."""
    harness = NotifierHarness(Command("", ("true",)))
    harness.disk = "a"
    harness.render("a")
    assert harness.store.data is not None
    assert b"cause" not in harness.store.data


# What is configured


def test_the_command_line_s_word_is_cut_and_its_arguments_are_never_shown() -> None:
    """They may hold a token."""
    action = Command.from_words(["curl -H 'Authorization: t0ken' http://h/"])
    assert action == Command("", ("curl", "-H", "Authorization: t0ken", "http://h/"))
    assert str(action) == "command curl (3 arguments)"
    assert str(Command("", ("echo t0ken",), shell=True)) == "command sh (a script)"
    with pytest.raises(ValueError, match="COMMAND is empty"):
        Command.from_words([" "])


@pytest.mark.parametrize("action", [Command("", ("a", "b")), Command("", ("a; b",), shell=True, timeout_s=5.0)])
def test_the_state_file_brings_it_back(action: Command) -> None:
    """Equal in every field."""
    assert Command.from_state(json.loads(json.dumps(action.state()))) == action
    with pytest.raises(ValueError, match="shell is neither true nor false"):
        Command.from_state(action.state() | {"command": [], "shell": 1})


def test_any_text_that_a_shell_quotes_comes_through() -> None:
    """Word for word."""
    words = ["a b", "c'd", 'e"f', "\\", "", "g\nh", "ü"]
    assert Command.from_words([shlex.join(["x", *words])]).command == ("x", *words)
