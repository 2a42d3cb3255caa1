"""One program for a target."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reconciler.target.lock import FileLock
from reconciler.target.names import temporary_path
from reconciler.target.outcome import Locked, LockedElsewhere, LockUnavailable, WriteFailed, Written
from tests.unit.target.mounts_and_users import NOBODY, as_user, read_only

if TYPE_CHECKING:
    from tests.unit.target.conftest import Opens

ROOT = Path(__file__).parents[3]
HOLDER = """
import sys
from reconciler.target.target import open_target
target = open_target(sys.argv[1], warn=print, limit_bytes=1 << 24)
print(type(target.lock()).__name__, flush=True)
sys.stdin.read()
"""


def test_second_program_is_told(tmp_path: Path, opened: Opens) -> None:
    """While one keeps a target a second gets an error that names it and writes nothing; afterwards it may write."""
    first, second = opened(tmp_path / "out"), opened(tmp_path / "out")
    assert first.lock() == Locked()
    outcome = second.lock()
    assert isinstance(outcome, LockedElsewhere)
    assert str(tmp_path / "out") in outcome.reason
    assert isinstance(second.write(b"2"), WriteFailed)
    assert first.write(b"1") == Written("replace")
    first.close()
    assert second.lock() == Locked()
    assert second.write(b"2") == Written("replace")


def test_lock_is_an_empty_hidden_file_beside_the_target(tmp_path: Path, opened: Opens) -> None:
    """Locking makes one empty file, and its folder where that is missing."""
    assert opened(tmp_path / "new" / "out").lock() == Locked()
    assert [(path.name, path.stat().st_size) for path in (tmp_path / "new").iterdir()] == [(".out.lock.pygen", 0)]


@pytest.mark.parametrize("umask", [0, 0o077, 0o777])
def test_lock_file_can_be_opened_by_its_owner_alone(tmp_path: Path, opened: Opens, umask: int) -> None:
    """Whatever the umask: for who can open it can lock it."""
    before = os.umask(umask)
    try:
        assert opened(tmp_path / "out").lock() == Locked()
    finally:
        os.umask(before)
    assert (tmp_path / ".out.lock.pygen").stat().st_mode & 0o777 == 0o600


@pytest.mark.processes
def test_killed_program_leaves_no_lock(tmp_path: Path, opened: Opens) -> None:
    """The kernel lets go for a program that was killed."""
    path = tmp_path / "out"
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline().strip() == "Locked"
        target = opened(path)
        assert isinstance(target.lock(), LockedElsewhere)
        holder.kill()
        holder.wait()
        assert target.lock() == Locked()


def test_same_file_by_two_names(tmp_path: Path, opened: Opens) -> None:
    """A link and the file behind it are one target."""
    (tmp_path / "link").symlink_to("out")
    assert opened(tmp_path / "link").lock() == Locked()
    assert isinstance(opened(tmp_path / "out").lock(), LockedElsewhere)


def test_targets_side_by_side(tmp_path: Path, opened: Opens) -> None:
    """Different targets in one folder do not exclude each other, however alike their names."""
    for name in ("a", "a.lock", "a.state", ".a.lock.pygen.x", "a.lock.pygen"):
        assert opened(tmp_path / name).lock() == Locked()


def test_lock_that_somebody_removed_is_taken_anew(tmp_path: Path, opened: Opens) -> None:
    """Who cleans hidden files away does not let a second program in for longer than to the next write."""
    first, second = opened(tmp_path / "out"), opened(tmp_path / "out")
    assert first.lock() == Locked()
    (tmp_path / ".out.lock.pygen").unlink()
    assert first.write(b"1") == Written("replace")
    assert isinstance(second.lock(), LockedElsewhere)


@pytest.mark.root
def test_lock_file_of_another_user(shared_folder: Path, opened: Opens) -> None:
    """Root sees that a user to whom the folder belongs keeps it; a user can't tell of root's, and goes on without."""
    os.chown(shared_folder, NOBODY, NOBODY)
    shared_folder.chmod(0o1755)
    first = opened(shared_folder / "out")
    assert first.lock() == Locked()
    with as_user(NOBODY):
        assert isinstance(opened(shared_folder / "out").lock(), LockUnavailable)
        own = opened(shared_folder / "own")
        assert own.lock() == Locked()
    assert isinstance(opened(shared_folder / "own").lock(), LockedElsewhere)
    own.close()
    assert opened(shared_folder / "own").lock() == Locked()


@pytest.mark.root
def test_folder_that_cannot_be_written_is_no_reason_to_end(tmp_path: Path, opened: Opens) -> None:
    """A read-only folder makes the lock unavailable for now, not taken; later it is to be had."""
    folder = tmp_path / "conf"
    folder.mkdir()
    target = opened(folder / "out")
    with read_only(folder):
        outcome = target.lock()
        assert isinstance(outcome, LockUnavailable)
        assert str(folder / "out") in outcome.reason
    assert target.lock() == Locked()


def test_link_in_the_locks_place_is_not_followed(tmp_path: Path, opened: Opens) -> None:
    """Nobody can have us create or lock something else by a link with the lock's name."""
    (tmp_path / ".out.lock.pygen").symlink_to("victim")
    assert isinstance(opened(tmp_path / "out").lock(), LockUnavailable)
    assert not (tmp_path / "victim").exists()


def test_leftovers_of_a_killed_predecessor_go(tmp_path: Path, opened: Opens) -> None:
    """Temporary files of this target are removed once it is locked, and nobody else's."""
    mine = [Path(temporary_path(str(tmp_path / "out"))) for _ in range(3)]
    others = [Path(temporary_path(str(tmp_path / name))) for name in ("out2", "ou", "out.state")]
    others += [tmp_path / name for name in (".out.12345678.tmp", "out.12345678.tmp.pygen", ".out.state.pygen")]
    for path in (*mine, *others):
        path.write_bytes(b"half")
    assert opened(tmp_path / "out").lock() == Locked()
    assert [path for path in mine if path.exists()] == []
    assert [path for path in others if not path.exists()] == []


def test_second_program_removes_nothing(tmp_path: Path, opened: Opens) -> None:
    """The temporary file of a program that runs is not taken away by one that may not."""
    assert opened(tmp_path / "out").lock() == Locked()
    busy = Path(temporary_path(str(tmp_path / "out")))
    busy.write_bytes(b"half")
    assert isinstance(opened(tmp_path / "out").lock(), LockedElsewhere)
    assert busy.exists()


def test_descriptors_are_given_back(tmp_path: Path) -> None:
    """Taking, checking, losing and letting go of a lock keeps nothing open."""
    before = len(list(Path("/proc/self/fd").iterdir()))
    first, second = FileLock(), FileLock()
    for _ in range(5):
        assert first.acquire(str(tmp_path / "out")) == Locked()
        assert first.acquire(str(tmp_path / "out")) == Locked()
        assert isinstance(second.acquire(str(tmp_path / "out")), LockedElsewhere)
        first.release()
        first.release()
    assert len(list(Path("/proc/self/fd").iterdir())) == before
