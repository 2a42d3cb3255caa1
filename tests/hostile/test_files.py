"""What other users of the machine, and unlucky operators, can do to the files beside a target.

Each table is one attack in its variants: add a line to it for another one. The program is a process of its own where
its end counts; where another user acts, it is one without any rights, as which this process acts for a moment.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.runtime_file import find_running, leave
from models.log_fields import FIELDS, fields
from reconciler.cli.logging_setup import TextFormatter, escape
from reconciler.target.file import FileTarget
from reconciler.target.names import lock_path
from reconciler.target.outcome import Locked, LockedElsewhere, LockUnavailable, Written
from reconciler.target.state_file import StateFile
from templating.template_cache import TemplateCache
from tests.support.process import ROOT
from tests.unit.cli.test_logging_setup import record
from tests.unit.target.mounts_and_users import NOBODY, as_user, bound, open_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.process import PygenProcess

SHARED, EXCLUSIVE = fcntl.LOCK_SH, fcntl.LOCK_EX


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder of ours that every user can read."""
    with open_folder() as found:
        found.chmod(0o755)
        yield found


@pytest.fixture
def arguments(tmp_path: Path) -> list[str]:
    """One pass on an engine without containers."""
    state = tmp_path / "engine.json"
    state.write_text("[]")
    return ["--one-shot", "--template", "#content", "--docker-address", f"file://{state}"]


@contextlib.contextmanager
def target_at(path: Path) -> Iterator[FileTarget]:
    """A target, and its lock for as long as it is needed."""
    target = FileTarget(str(path), warn=lambda _: None, limit_bytes=1 << 24)
    try:
        yield target
    finally:
        target.close()


@contextlib.contextmanager
def locked_by_a_reader(path: Path, operation: int) -> Iterator[None]:
    """A user without rights locks whatever is at a path, if that user can open it."""
    with contextlib.ExitStack() as opened:
        with as_user(NOBODY), contextlib.suppress(PermissionError):
            handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
            opened.callback(os.close, handle)
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(handle, operation | fcntl.LOCK_NB)
            with contextlib.suppress(BlockingIOError):
                fcntl.lockf(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        yield


@pytest.mark.parametrize("operation", [SHARED, EXCLUSIVE])
@pytest.mark.parametrize("mode_before", [None, 0o600, 0o644, 0o666])
def test_a_reader_cannot_lock_it_first(folder: Path, operation: int, mode_before: int | None) -> None:
    """Who can read the folder can't open the lock file, also once that of an earlier version was taken over."""
    lock = Path(lock_path(str(folder / "out")))
    if mode_before is not None:
        lock.touch()
        lock.chmod(mode_before)
    with target_at(folder / "out") as target:
        assert target.lock() == Locked()
    assert lock.stat().st_mode & 0o777 == 0o600
    with locked_by_a_reader(lock, operation), target_at(folder / "out") as target:
        assert target.lock() == Locked()


@pytest.mark.parametrize("operation", [SHARED, EXCLUSIVE])
def test_a_reader_of_a_mounted_file_cannot_keep_us_from_it(folder: Path, operation: int) -> None:
    """A file that is mounted by itself has to be readable; whoever locks it costs a warning, and no start."""
    source, path = folder / "source", folder / "out"
    source.write_bytes(b"old")
    path.touch()
    with bound(source, path), locked_by_a_reader(path, operation), target_at(path) as target:
        assert isinstance(target.lock(), LockUnavailable)
        assert target.write(b"new") == Written("in_place")
        elsewhere = folder / "elsewhere"
        elsewhere.touch()
        with bound(source, elsewhere), target_at(elsewhere) as second:
            assert isinstance(second.lock(), LockedElsewhere)


def test_a_program_of_the_version_before_is_still_kept_out(folder: Path) -> None:
    """It locks by `flock` on a descriptor that only reads; each sees the other, on either kind of target."""
    source, mounted, plain = folder / "source", folder / "mounted", folder / "plain"
    source.touch()
    mounted.touch()
    with bound(source, mounted):
        for path, locked in ((plain, Path(lock_path(str(plain)))), (mounted, mounted)):
            with target_at(path) as target:
                assert target.lock() == Locked()
                with locked.open("rb") as former, pytest.raises(BlockingIOError):
                    fcntl.flock(former, EXCLUSIVE | fcntl.LOCK_NB)
    lock = Path(lock_path(str(plain)))
    lock.chmod(0o644)
    with lock.open("rb") as former, target_at(plain) as target:
        fcntl.flock(former, EXCLUSIVE | fcntl.LOCK_NB)
        assert isinstance(target.lock(), LockedElsewhere)


def _link(lock: Path) -> None:
    lock.symlink_to("victim")


def _foreign(lock: Path) -> None:
    lock.touch()
    os.chown(lock, NOBODY, NOBODY)


def _pipe(lock: Path) -> None:
    os.mkfifo(lock)


def _folder(lock: Path) -> None:
    lock.mkdir()


@pytest.mark.parametrize("put", [_link, _foreign, _pipe, _folder])
def test_nothing_else_in_the_lock_s_place_is_used(folder: Path, put: Callable[[Path], None]) -> None:
    """It is told, and the program starts and writes: nobody can end it by what is put there, or lead it elsewhere."""
    lock = Path(lock_path(str(folder / "out")))
    (folder / "victim").write_text("as it was")
    put(lock)
    with locked_by_a_reader(lock, EXCLUSIVE), target_at(folder / "out") as target:
        outcome = target.lock()
        assert isinstance(outcome, LockUnavailable)
        assert str(folder / "out") in outcome.reason
        assert target.write(b"new") == Written("replace")
    assert (folder / "victim").read_text() == "as it was"


def test_one_state_for_two_mount_namespaces_is_found_out(
    tmp_path: Path, arguments: list[str], pygen: Callable[..., PygenProcess]
) -> None:
    """Two programs see different files at the same path, and share the folder for states: the second ends with 13."""
    shown, state = tmp_path / "shown", tmp_path / "state"
    shown.mkdir()

    def start(number: int, *options: str) -> PygenProcess:
        own = tmp_path / f"own-{number}"
        own.mkdir()
        inside = ("unshare", "--mount", "sh", "-c", f'mount --bind "{own}" "{shown}" && exec "$@"', "sh")
        return pygen(*options, *arguments[1:], "--target", shown / "out", "--state-dir", state, prefix=inside)

    first = start(1)
    first.wait_ready()
    second = start(2)
    assert second.wait_for_end() == 13
    assert "another pygen keeps this state; stop it, or give another --state-dir" in second.log()
    assert not (tmp_path / "own-2" / "out").exists()
    assert start(3, "--one-shot").wait_for_end() == 13
    assert first.stop() == 0
    assert start(4, "--one-shot").wait_for_end() == 0


def _state(path: Path) -> bool:
    StateFile(str(path), warn=pytest.fail).save(b"owed")
    return StateFile(str(path), warn=pytest.fail).load() == b"owed"


def _target(path: Path) -> bool:
    with target_at(path) as target:
        return target.lock() == Locked() and target.write(b"new") == Written("replace")


def _copy(path: Path) -> bool:
    TemplateCache(path.parent).store("http://h/x", "text")
    return TemplateCache(path.parent).load("http://h/x") == "text"


def _address(path: Path) -> bool:
    left = leave(None, [path.parent])
    try:
        return find_running([path.parent]) is not None
    finally:
        left.remove()


@pytest.mark.parametrize("umask", [0o077, 0o277, 0o777])
@pytest.mark.parametrize("made", [_state, _target, _copy, _address])
def test_a_umask_takes_nothing_from_ourselves(folder: Path, made: Callable[[Path], bool], umask: int) -> None:
    """What is written can be read again, twice in a row, by a user who isn't root."""
    folder.chmod(0o777)
    before = os.umask(umask)
    try:
        with as_user(NOBODY):
            assert made(folder / "out")
            assert made(folder / "out")
    finally:
        os.umask(before)


def test_folders_that_are_made_can_be_entered(tmp_path: Path, arguments: list[str]) -> None:
    """A target's and a state's folders, whatever the umask, for a user who isn't root."""
    with open_folder() as own:
        own.chmod(0o777)
        script = 'umask 0777; cd "$1"; shift; exec setpriv --reuid=65534 --regid=65534 --clear-groups "$@"'
        tmp_path.joinpath("engine.json").chmod(0o644)
        state = own / "engine.json"
        state.write_text("[]")
        state.chmod(0o644)
        words = [*arguments[:-1], f"file://{state}", "--target", "a/b/out", "--state-dir", "c/d"]
        for _ in range(2):
            ran = _run(script, str(own), sys.executable, "-m", "reconciler", *words)
            assert ran.returncode == 0, ran.stderr
        assert (own / "a" / "b" / "out").read_text() == "content"


@pytest.mark.parametrize(
    ("options", "status"),
    [
        (["--one-shot", "--template", "#content"], 0),
        (["--one-shot", "--template", "#content", "--log-format", "json", "--debug"], 0),
        (["--one-shot", "--template", "#{{ broken"], 12),
        (["--one-shot", "--template", "/no/such/template"], 12),
        (["--no-such-option"], 2),
        (["--help"], 0),
        (["permissions", "--format", "socket-proxy"], 0),
        (["record", "--docker-address", "unix:///no/such.sock"], 11),
    ],
)
@pytest.mark.parametrize("lost", ["2>/dev/full", "2>&-", "2>&3"])
def test_a_log_that_cannot_be_written_changes_no_status(
    tmp_path: Path, arguments: list[str], options: list[str], status: int, lost: str
) -> None:
    """Neither a full disk nor a reader that went away, and what was to be done is done."""
    target = tmp_path / "out"
    if options[0] == "--one-shot":
        options = [*options, "--target", str(target), *arguments[-2:]]
    script = f'cd "$1"; shift; mkfifo pipe; : <pipe & exec 3>pipe; wait; exec "$@" {lost}'
    ran = _run(script, str(tmp_path), sys.executable, "-m", "reconciler", *options)
    assert ran.returncode == status
    if status == 0 and "--one-shot" in options:
        assert target.read_text() == "content"


def test_a_program_whose_log_is_lost_runs_and_ends(
    tmp_path: Path, arguments: list[str], pygen: Callable[..., PygenProcess]
) -> None:
    """A disk that is full from the start to the end."""
    target = tmp_path / "out"
    unheard = ("sh", "-c", 'exec "$@" 2>/dev/full', "sh")
    program = pygen(*arguments[1:], "--target", target, "--debug", prefix=unheard)
    program.wait_for(lambda: target.exists() and target.read_text() == "content", what="the target")
    assert program.stop() == 0


def read_fields(line: str) -> dict[str, str]:
    """The fields of a line of text, as its description says: the reader that people write for it."""
    rest = line
    found: dict[str, str] = {}
    start = min((at for name in FIELDS if (at := rest.find(f" {name}=")) >= 0), default=len(rest))
    rest = rest[start:].lstrip()
    while rest:
        name, _, rest = rest.partition("=")
        value, rest = _value(rest)
        assert name not in found
        found[name] = value
    return found


def _value(rest: str) -> tuple[str, str]:
    if not rest.startswith('"'):
        value, _, rest = rest.partition(" ")
        return value, rest
    value, at = "", 1
    while rest[at] != '"':
        at += rest[at] == "\\" and rest[at + 1] in '\\"'
        value += rest[at]
        at += 1
    return value, rest[at + 1 :].lstrip()


hostile = st.text(st.sampled_from('\\" =\nxn\u2028\x1b')) | st.text()


@given(message=hostile, name=st.sampled_from(FIELDS), target=hostile, cause=hostile)
def test_no_text_forges_a_field_of_the_log(message: str, name: str, target: str, cause: str) -> None:
    """What was logged is what is read back, whatever a message, a path and a name hold."""
    given = fields(target=target, cause=cause, lines_added=1)
    forged = f'{message} {name}="forged" {message}'.replace("%", "")
    line = TextFormatter(tracebacks=False).format(record(forged, extra=given))
    assert read_fields(line) == {"target": _escaped(target), "cause": _escaped(cause), "lines_added": "1"}


def _escaped(text: str) -> str:
    """As `escape`, but that a backslash that was there is still one."""
    return "\\".join(escape(part) for part in text.split("\\"))


def _run(script: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "-c", script, "sh", *words],
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
