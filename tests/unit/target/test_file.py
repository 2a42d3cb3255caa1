"""A regular file as the target."""

from __future__ import annotations

import os
import struct
import threading
from typing import TYPE_CHECKING

import pytest

from reconciler.target.outcome import Missing, Present, Unreadable, WriteFailed, Written
from tests.unit.target.mounts_and_users import hidden, read_only

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.target.conftest import Opens


def test_absent_is_missing_and_written_is_present(tmp_path: Path, opened: Opens, warnings: list[str]) -> None:
    """A target that is not there is missing; once written it holds exactly the bytes, without a warning."""
    target = opened(tmp_path / "out.conf")
    assert target.read() == Missing()
    assert target.write(b"one\n\xff\x00") == Written("replace")
    assert target.read() == Present(b"one\n\xff\x00")
    assert (tmp_path / "out.conf").read_bytes() == b"one\n\xff\x00"
    assert warnings == []


def test_empty_content_is_content(tmp_path: Path, opened: Opens) -> None:
    """An empty file is something else than no file."""
    target = opened(tmp_path / "out")
    assert target.write(b"") == Written("replace")
    assert target.read() == Present(b"")


def test_new_file_is_readable_for_all_whatever_the_umask(tmp_path: Path, opened: Opens) -> None:
    """A new file has mode 0644."""
    before = os.umask(0o077)
    try:
        opened(tmp_path / "out").write(b"x")
    finally:
        os.umask(before)
    assert (tmp_path / "out").stat().st_mode & 0o7777 == 0o644


@pytest.mark.parametrize("mode", [0o600, 0o444, 0o755, 0o4750, 0o000])
@pytest.mark.root
def test_mode_and_owner_are_kept(tmp_path: Path, opened: Opens, warnings: list[str], mode: int) -> None:
    """A file that is replaced keeps its mode, set-id bits too, and its owner."""
    path = tmp_path / "out"
    path.write_bytes(b"old")
    os.chown(path, 1234, 2345)
    path.chmod(mode)
    assert opened(path).write(b"new") == Written("replace")
    status = path.stat()
    assert (status.st_mode & 0o7777, status.st_uid, status.st_gid) == (mode, 1234, 2345)
    assert warnings == []


def test_replacing_makes_another_inode(tmp_path: Path, opened: Opens) -> None:
    """Whoever has the old file open keeps reading the old content, whole."""
    path = tmp_path / "out"
    path.write_bytes(b"old")
    with path.open("rb") as reader:
        opened(path).write(b"newer and longer")
        assert reader.read() == b"old"
    assert path.read_bytes() == b"newer and longer"


def test_parents_are_made(tmp_path: Path, opened: Opens) -> None:
    """Folders that are missing on the way are made, and made again when they were removed."""
    target = opened(tmp_path / "a" / "b" / "out")
    assert target.read() == Missing()
    assert target.write(b"x") == Written("replace")
    assert target.read() == Present(b"x")


def test_no_temporary_file_stays(tmp_path: Path, opened: Opens) -> None:
    """After a write nothing is beside the target but its lock, which is empty and hidden."""
    opened(tmp_path / "out").write(b"x" * 100_000)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".out.lock.pygen", "out"]
    assert (tmp_path / ".out.lock.pygen").stat().st_size == 0


def test_relative_path_stays_where_it_was(tmp_path: Path, opened: Opens, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative path means the folder at the start, wherever the program goes later."""
    (tmp_path / "there").mkdir()
    monkeypatch.chdir(tmp_path)
    target = opened("out")
    monkeypatch.chdir(tmp_path / "there")
    target.write(b"x")
    assert (tmp_path / "out").read_bytes() == b"x"
    assert list((tmp_path / "there").iterdir()) == []


@pytest.mark.parametrize("name", ["n" * 255, "ü" * 127, "with blank", ".hidden", "new\nline", "-dash"])
def test_every_legal_name(tmp_path: Path, opened: Opens, name: str) -> None:
    """Any name that the file system takes can be a target, however long."""
    target = opened(tmp_path / name)
    assert target.write(b"x") == Written("replace")
    assert target.read() == Present(b"x")
    assert target.write(b"y") == Written("replace")


def test_directory_says_so_until_it_goes(tmp_path: Path, opened: Opens) -> None:
    """A directory in the target's place is an error that says so, stays whole, and heals when it is gone."""
    path = tmp_path / "out"
    path.mkdir()
    (path / "kept").write_bytes(b"k")
    target = opened(path)
    reading, outcome = target.read(), target.write(b"x")
    assert isinstance(reading, Unreadable)
    assert f"{path}: is a directory" in reading.reason
    assert isinstance(outcome, WriteFailed)
    assert f"{path}: is a directory" in outcome.reason
    assert (path / "kept").read_bytes() == b"k"
    (path / "kept").unlink()
    path.rmdir()
    assert target.write(b"x") == Written("replace")


def test_path_that_ends_in_a_slash_names_a_directory(tmp_path: Path, opened: Opens) -> None:
    """`conf/` is not taken for a file named `conf`."""
    outcome = opened(f"{tmp_path}/conf/").write(b"x")
    assert isinstance(outcome, WriteFailed)
    assert "names a directory" in outcome.reason
    assert list(tmp_path.iterdir()) == []


def test_file_as_a_parent_says_so(tmp_path: Path, opened: Opens) -> None:
    """A file where a folder should be is unreadable, not missing, and not replaced."""
    (tmp_path / "a").write_bytes(b"file")
    target = opened(tmp_path / "a" / "out")
    assert isinstance(target.read(), Unreadable)
    assert isinstance(target.write(b"x"), WriteFailed)
    assert (tmp_path / "a").read_bytes() == b"file"


def test_fifo_in_its_place_is_neither_read_nor_replaced(tmp_path: Path, opened: Opens) -> None:
    """A file that was replaced by a FIFO blocks nothing and is left alone."""
    path = tmp_path / "out"
    target = opened(path)
    target.write(b"x")
    path.unlink()
    os.mkfifo(path)
    reading, outcome = target.read(), target.write(b"y")
    assert isinstance(reading, Unreadable)
    assert "a FIFO" in reading.reason
    assert isinstance(outcome, WriteFailed)
    assert path.is_fifo()


@pytest.mark.root
def test_read_only_folder_then_not(tmp_path: Path, opened: Opens) -> None:
    """Where the folder cannot be written the old content stays, and the same target succeeds once it can."""
    folder = tmp_path / "conf"
    folder.mkdir()
    (folder / "out").write_bytes(b"old")
    target = opened(folder / "out")
    with read_only(folder):
        outcome = target.write(b"new")
        assert isinstance(outcome, WriteFailed)
        assert "read-only" in outcome.reason
        assert target.read() == Present(b"old")
    assert target.write(b"new") == Written("replace")
    assert target.read() == Present(b"new")


def test_extended_attributes_are_kept(tmp_path: Path, opened: Opens) -> None:
    """What users or security modules noted on the file is on its successor."""
    path = tmp_path / "out"
    path.write_bytes(b"old")
    os.setxattr(path, "user.note", b"mine")
    opened(path).write(b"new")
    assert os.getxattr(path, "user.note") == b"mine"


def _access_list(*entries: tuple[int, int, int]) -> bytes:
    """An access list as the kernel takes it: (tag, permissions, id) behind version 2."""
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


NO_ID = 0xFFFFFFFF
OWNER, USER, GROUP, MASK, OTHERS = 1, 2, 4, 16, 32


def test_access_list_is_kept(tmp_path: Path, opened: Opens) -> None:
    """A user who was let in by an access list is let in still."""
    path = tmp_path / "out"
    path.write_bytes(b"old")
    entries = _access_list((OWNER, 6, NO_ID), (USER, 4, 1234), (GROUP, 0, NO_ID), (MASK, 4, NO_ID), (OTHERS, 0, NO_ID))
    os.setxattr(path, "system.posix_acl_access", entries)
    opened(path).write(b"new")
    assert os.getxattr(path, "system.posix_acl_access") == entries


def test_default_access_list_of_the_folder_lets_nobody_in(tmp_path: Path, opened: Opens) -> None:
    """A successor does not get the folder's default list where the file had none: it would let others in."""
    path = tmp_path / "out"
    path.write_bytes(b"old")
    path.chmod(0o640)
    entries = _access_list((OWNER, 7, NO_ID), (USER, 7, 1234), (GROUP, 5, NO_ID), (MASK, 7, NO_ID), (OTHERS, 5, NO_ID))
    os.setxattr(tmp_path, "system.posix_acl_default", entries)
    opened(path).write(b"new")
    assert "system.posix_acl_access" not in os.listxattr(path)
    assert path.stat().st_mode & 0o777 == 0o640


def test_failed_sync_keeps_the_old_content(tmp_path: Path, opened: Opens, monkeypatch: pytest.MonkeyPatch) -> None:
    """Content that the disk did not take never becomes the target, and leaves nothing behind."""
    target = opened(tmp_path / "out")
    target.write(b"old")
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", _broken_disk)
        outcome = target.write(b"new")
    assert isinstance(outcome, WriteFailed)
    assert target.read() == Present(b"old")
    assert hidden(tmp_path, "tmp") == []


def test_failed_sync_of_the_folder_is_no_failed_write(
    tmp_path: Path, opened: Opens, warnings: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once renamed the content is there: a folder that cannot be synced is one warning, or its readers go untold."""
    real = os.fsync

    def only_files(handle: int) -> None:
        if os.path.isdir(f"/proc/self/fd/{handle}"):  # noqa: PTH112 - a descriptor, not a path
            raise OSError(5, "Input/output error")
        real(handle)

    target = opened(tmp_path / "out")
    monkeypatch.setattr(os, "fsync", only_files)
    assert target.write(b"one") == Written("replace")
    assert target.write(b"two") == Written("replace")
    assert target.read() == Present(b"two")
    assert len(warnings) == 1


def test_file_and_then_folder_are_synced(tmp_path: Path, opened: Opens, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bytes are on the disk before the rename, and the rename before the write counts as done."""
    steps: list[str] = []
    real_sync, real_rename = os.fsync, os.rename

    def sync(handle: int) -> None:
        steps.append("folder" if os.path.isdir(f"/proc/self/fd/{handle}") else "file")  # noqa: PTH112
        real_sync(handle)

    def rename(source: str, destination: str) -> None:
        steps.append("rename")
        real_rename(source, destination)

    target = opened(tmp_path / "out")
    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(os, "rename", rename)
    target.write(b"x")
    assert steps == ["file", "rename", "folder"]


def test_reader_without_pause_never_sees_it_half(tmp_path: Path, opened: Opens) -> None:
    """Every read during many replacements gives one whole content."""
    path = tmp_path / "out"
    target = opened(path)
    contents = {bytes([letter]) * size for letter, size in zip(b"abcdefgh", range(1000, 90_000, 11_000), strict=False)}
    target.write(min(contents))
    done = threading.Event()
    seen: set[bytes] = set()

    def read_on() -> None:
        while not done.is_set():
            seen.add(path.read_bytes())

    reader = threading.Thread(target=read_on)
    reader.start()
    try:
        for _ in range(30):
            for content in contents:
                assert target.write(content) == Written("replace")
    finally:
        done.set()
        reader.join()
    assert seen
    assert seen <= contents


def _broken_disk(_: int) -> None:
    raise OSError(5, "Input/output error")
