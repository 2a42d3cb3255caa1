"""Owner, group and mode of a target, where they are configured: for real."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from reconciler.target.file import FileTarget
from reconciler.target.outcome import Present, WriteFailed, Written
from reconciler.target.ownership import Ownership
from reconciler.target.target import open_target
from tests.unit.target.mounts_and_users import NOBODY, as_user, bound, hidden

if TYPE_CHECKING:
    from pathlib import Path

WANTED = Ownership(1234, 2345, 0o640)
needs_root = pytest.mark.root


def _target(path: Path, ownership: Ownership = WANTED) -> FileTarget:
    return FileTarget(str(path), warn=pytest.fail, limit_bytes=1 << 24, ownership=ownership)


def _has(path: Path) -> tuple[int, int, int]:
    status = path.stat()
    return status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)


def test_a_mode_alone_needs_no_rights(tmp_path: Path) -> None:
    """New, replaced, and whatever the umask is."""
    target = _target(tmp_path / "out", Ownership(mode=0o660))
    before = os.umask(0o077)
    try:
        assert target.write(b"new") == Written("replace")
        assert _has(tmp_path / "out")[2] == 0o660
        (tmp_path / "out").chmod(0o604)
        assert target.read() == Present(b"new", has_drifted=True)
        assert target.write(b"newer") == Written("replace")
    finally:
        os.umask(before)
        target.close()
    assert target.read() == Present(b"newer")
    assert _has(tmp_path / "out") == (os.geteuid(), os.getegid(), 0o660)


def test_what_is_ours_already_needs_no_rights(tmp_path: Path) -> None:
    """Our own user and group."""
    target = _target(tmp_path / "out", Ownership(os.geteuid(), os.getegid()))
    assert target.write(b"new") == Written("replace")
    assert target.read() == Present(b"new")
    target.close()


def test_without_them_nothing_drifts(tmp_path: Path) -> None:
    """A file keeps what it has."""
    path = tmp_path / "out"
    target = _target(path, Ownership())
    target.write(b"new")
    path.chmod(0o600)
    assert target.read() == Present(b"new")
    assert target.write(b"newer") == Written("replace")
    assert _has(path)[2] == 0o600
    target.close()


def test_set_id_bits_are_drift_where_a_mode_is_configured(tmp_path: Path) -> None:
    """They are not among what it is to have."""
    path = tmp_path / "out"
    target = _target(path, Ownership(mode=0o755))
    target.write(b"new")
    path.chmod(0o4755)
    assert target.read() == Present(b"new", has_drifted=True)
    target.write(b"new")
    assert _has(path)[2] == 0o755
    target.close()


def test_a_stream_keeps_its_own_with_a_warning() -> None:
    """It is somebody else's."""
    warnings: list[str] = []
    open_target("-", warn=warnings.append, limit_bytes=1, ownership=WANTED)
    assert warnings == ["-: owner, group and mode are a file's, and this is a stream: they are not changed"]
    open_target("-", warn=pytest.fail, limit_bytes=1)


@needs_root
def test_all_three_are_set_before_it_takes_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether or not there was a file, and each drift is seen and put right."""
    path = tmp_path / "out"
    put_in_place: list[tuple[int, int, int]] = []
    rename = os.rename

    def watched(temporary: str, target: str) -> None:
        status = os.lstat(temporary)
        put_in_place.append((status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)))
        rename(temporary, target)

    monkeypatch.setattr(os, "rename", watched)
    target = _target(path)
    assert target.write(b"new") == Written("replace")
    drifts = [(0, 2345, 0o640), (1234, 0, 0o640), (1234, 2345, 0o644)]
    for uid, gid, mode in drifts:
        os.chown(path, uid, gid)
        path.chmod(mode)
        assert target.read() == Present(b"new", has_drifted=True)
        assert target.write(b"new") == Written("replace")
        assert target.read() == Present(b"new")
    assert put_in_place == [(1234, 2345, 0o640)] * 4
    target.close()


@needs_root
@pytest.mark.parametrize(
    ("ownership", "has"),
    [
        (Ownership(uid=1234), (1234, 22, 0o604)),
        (Ownership(gid=2345), (11, 2345, 0o604)),
        (Ownership(mode=0o640), (11, 22, 0o640)),
    ],
)
def test_what_is_not_configured_is_kept(tmp_path: Path, ownership: Ownership, has: tuple[int, int, int]) -> None:
    """Each of the three by itself; set-id bits don't pass to another owner."""
    path = tmp_path / "out"
    path.write_bytes(b"old")
    os.chown(path, 11, 22)
    path.chmod(0o6604)
    target = _target(path, ownership)
    assert target.write(b"new") == Written("replace")
    assert _has(path) == has
    target.close()


@needs_root
@pytest.mark.parametrize(
    ("ownership", "says"),
    [
        (Ownership(uid=1234), "its owner can't be set to 1234 (operation not permitted); run pygen as that user, or"),
        (Ownership(gid=2345), "its group can't be set to 2345 (operation not permitted); run pygen as a member of"),
    ],
)
def test_without_the_right_the_file_stays_as_it_was(shared_folder: Path, ownership: Ownership, says: str) -> None:
    """The reason says what to do, and the next try may succeed."""
    path = shared_folder / "out"
    target = _target(path, ownership)
    with as_user(NOBODY):
        outcome = target.write(b"new")
        assert isinstance(outcome, WriteFailed)
        assert says in outcome.reason
        assert not path.exists()
        assert hidden(shared_folder, "tmp") == []
        os.seteuid(0)
        os.setegid(0)
        assert target.write(b"new") == Written("replace")
    target.close()


@needs_root
def test_a_group_that_we_are_in_needs_no_more(shared_folder: Path) -> None:
    """Nor root, and a mode with it."""
    path = shared_folder / "out"
    target = _target(path, Ownership(gid=4321, mode=0o640))
    with as_user(NOBODY):
        os.seteuid(0)
        os.setgroups([4321])
        os.seteuid(NOBODY)
        assert target.write(b"new") == Written("replace")
    assert _has(path) == (NOBODY, 4321, 0o640)
    target.close()


@needs_root
def test_a_mounted_file_gets_them_in_place(tmp_path: Path) -> None:
    """With its bytes, and without them where they are right already: then not one byte is written."""
    source, path = tmp_path / "source", tmp_path / "out"
    source.write_bytes(b"old")
    path.touch()
    warnings: list[str] = []
    with bound(source, path):
        target = FileTarget(str(path), warn=warnings.append, limit_bytes=1 << 24, ownership=WANTED)
        assert target.write(b"new") == Written("in_place")
        assert (source.read_bytes(), _has(source)) == (b"new", (1234, 2345, 0o640))
        os.chown(source, 0, 0)
        os.utime(source, (1, 1))
        assert target.read() == Present(b"new", has_drifted=True)
        assert target.write(b"new") == Written("in_place")
        assert (_has(source), source.stat().st_mtime) == ((1234, 2345, 0o640), 1)
        target.close()


@needs_root
def test_a_mounted_file_that_can_t_have_them_keeps_its_bytes(shared_folder: Path) -> None:
    """Nobody reads new bytes who is not to read them."""
    source, path = shared_folder / "source", shared_folder / "out"
    source.write_bytes(b"old")
    source.chmod(0o666)
    path.touch()
    with bound(source, path), as_user(NOBODY):
        target = FileTarget(str(path), warn=lambda _: None, limit_bytes=1 << 24, ownership=Ownership(mode=0o600))
        outcome = target.write(b"new")
        target.close()
    assert isinstance(outcome, WriteFailed)
    assert outcome.mode == "in_place"
    assert "its mode can't be set to 0600 (operation not permitted); run pygen as the file's owner" in outcome.reason
    assert source.read_bytes() == b"old"


@needs_root
def test_an_access_list_is_dropped_with_a_mode(tmp_path: Path) -> None:
    """It would let its users read what the mode keeps from them; without a mode it is kept."""
    path = tmp_path / "out"
    path.write_bytes(b"old")
    # acl(5) as the kernel has it: version 2, then tag, rights and id: owner, user 1234, group, mask, others.
    entries = [(1, 6, -1), (2, 4, 1234), (4, 0, -1), (16, 4, -1), (32, 0, -1)]
    packed = (2).to_bytes(4, "little") + b"".join(
        tag.to_bytes(2, "little") + rights.to_bytes(2, "little") + (number % 2**32).to_bytes(4, "little")
        for tag, rights, number in entries
    )
    os.setxattr(path, "system.posix_acl_access", packed)
    keeps, drops = _target(path, Ownership(gid=2345)), _target(path, Ownership(mode=0o640))
    keeps.write(b"new")
    assert "system.posix_acl_access" in os.listxattr(path)
    keeps.close()
    drops.write(b"newer")
    assert "system.posix_acl_access" not in os.listxattr(path)
    assert _has(path)[2] == 0o640
    drops.close()
