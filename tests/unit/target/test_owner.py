"""Owners that can't be kept, for real: without root."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from reconciler.target.outcome import LockUnavailable, Present, Unreadable, WriteFailed, Written
from tests.unit.target.mounts_and_users import NOBODY, as_user

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.target.conftest import Opens


pytestmark = pytest.mark.root


def test_owner_that_cannot_be_kept_is_ours_with_one_warning(
    shared_folder: Path, opened: Opens, warnings: list[str]
) -> None:
    """Another user's file in our folder becomes ours, keeps its mode, and is one warning, however often written."""
    path = shared_folder / "out"
    path.write_bytes(b"old")
    path.chmod(0o664)
    with as_user(NOBODY):
        target = opened(path)
        assert target.write(b"new") == Written("replace")
        os.seteuid(0)
        os.chown(path, 0, 0)
        os.seteuid(NOBODY)
        assert target.write(b"newer") == Written("replace")
    status = path.stat()
    assert (status.st_uid, status.st_gid, status.st_mode & 0o777) == (NOBODY, NOBODY, 0o664)
    assert len(warnings) == 1
    assert "owner 0:0 could not be kept" in warnings[0]


def test_set_id_bits_do_not_move_to_another_owner(shared_folder: Path, opened: Opens) -> None:
    """A bit that gives the owner's rights is dropped where the owner changes."""
    path = shared_folder / "out"
    path.write_bytes(b"old")
    path.chmod(0o6755)
    with as_user(NOBODY):
        opened(path).write(b"new")
    assert path.stat().st_mode & 0o7777 == 0o755


def test_group_of_ours_is_kept(shared_folder: Path, opened: Opens, warnings: list[str]) -> None:
    """A group that we belong to is kept, even where the owner cannot be."""
    path = shared_folder / "out"
    path.write_bytes(b"old")
    os.chown(path, 0, 4321)
    with as_user(NOBODY):
        os.seteuid(0)
        os.setgroups([4321])
        os.seteuid(NOBODY)
        opened(path).write(b"new")
    status = path.stat()
    assert (status.st_uid, status.st_gid) == (NOBODY, 4321)
    assert len(warnings) == 1


def test_folder_without_the_right_to_write(shared_folder: Path, opened: Opens) -> None:
    """A missing right names the uid that needs it, keeps the old content, and is no reason to give up."""
    folder = shared_folder / "conf"
    folder.mkdir(mode=0o755)
    (folder / "out").write_bytes(b"old")
    with as_user(NOBODY):
        target = opened(folder / "out")
        lock, outcome = target.lock(), target.write(b"new")
        assert isinstance(lock, LockUnavailable)
        assert isinstance(outcome, WriteFailed)
        assert f"give uid {NOBODY} write permission" in outcome.reason
        assert target.read() == Present(b"old")
        again = target.write(b"new")
        assert outcome == again
    folder.chmod(0o777)
    with as_user(NOBODY):
        assert target.write(b"new") == Written("replace")


def test_file_that_cannot_be_read_is_not_missing(shared_folder: Path, opened: Opens) -> None:
    """A file that is there and not ours to read is unreadable, with the reason."""
    path = shared_folder / "out"
    path.write_bytes(b"old")
    path.chmod(0o600)
    with as_user(NOBODY):
        reading = opened(path).read()
    assert isinstance(reading, Unreadable)
    assert "permission denied" in reading.reason
