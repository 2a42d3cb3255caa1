"""Full disks and files that are mounts of their own, for real."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest

from reconciler.target import in_place
from reconciler.target.low_level import is_mount_point, mount_points
from reconciler.target.outcome import Locked, LockedElsewhere, Present, WriteFailed, Written
from tests.unit.target.mounts_and_users import NOBODY, as_user, bound, fill, hidden, read_only, small_disk

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.unit.target.conftest import Opens

pytestmark = pytest.mark.root

OLD, NEW = b"old\n" * 1000, b"new\n" * 5000


@pytest.fixture
def mounted_file(tmp_path: Path) -> Iterator[Path]:
    """A single file with 4,000 bytes of old content that is mounted on a path of its own."""
    source, path = tmp_path / "source", tmp_path / "inside" / "out"
    path.parent.mkdir()
    path.touch()
    source.write_bytes(OLD)
    with bound(source, path):
        yield path


def test_full_disk_keeps_the_old_content(tmp_path: Path, opened: Opens) -> None:
    """Without space the old file stays whole, nothing is left behind, and the next try succeeds once there is some."""
    with small_disk(tmp_path / "disk") as disk:
        target = opened(disk / "out")
        target.write(OLD)
        filler = fill(disk)
        outcome = target.write(NEW)
        assert isinstance(outcome, WriteFailed)
        assert "the disk is full" in outcome.reason
        assert target.read() == Present(OLD)
        assert hidden(disk, "tmp") == []
        filler.unlink()
        assert target.write(NEW) == Written("replace")
        assert target.read() == Present(NEW)
        target.close()


@pytest.mark.parametrize("content", [b"", b"short", OLD[:-1], NEW])
def test_mounted_file_is_written_in_place(
    mounted_file: Path, tmp_path: Path, opened: Opens, warnings: list[str], content: bytes
) -> None:
    """A file that cannot be renamed over is written in place, shorter or longer, with one warning however often."""
    inode = mounted_file.stat().st_ino
    target = opened(mounted_file)
    assert target.write(content) == Written("in_place")
    assert target.read() == Present(content)
    assert (tmp_path / "source").read_bytes() == content
    assert target.write(OLD) == Written("in_place")
    assert target.read() == Present(OLD)
    assert mounted_file.stat().st_ino == inode
    assert len(warnings) == 1
    assert "in place" in warnings[0]
    assert hidden(mounted_file.parent, "tmp") == []


def test_mounted_file_keeps_mode_and_owner(mounted_file: Path, opened: Opens) -> None:
    """Written in place, a file is whose it was."""
    os.chown(mounted_file, 1234, 2345)
    mounted_file.chmod(0o640)
    opened(mounted_file).write(NEW)
    status = mounted_file.stat()
    assert (status.st_uid, status.st_gid, status.st_mode & 0o777) == (1234, 2345, 0o640)


def test_mounted_file_on_a_full_disk_keeps_the_old_content(tmp_path: Path, opened: Opens) -> None:
    """The space for writing in place is reserved before the first byte is touched."""
    path = tmp_path / "out"
    path.touch()
    with small_disk(tmp_path / "disk") as disk:
        (disk / "source").write_bytes(OLD)
        with bound(disk / "source", path):
            target = opened(path)
            filler = fill(disk)
            outcome = target.write(NEW)
            assert isinstance(outcome, WriteFailed)
            assert outcome.mode == "in_place"
            assert "the disk is full" in outcome.reason
            assert target.read() == Present(OLD)
            filler.unlink()
            assert target.write(NEW) == Written("in_place")
            assert target.read() == Present(NEW)
            target.close()


def test_mounted_file_in_a_read_only_folder(tmp_path: Path, opened: Opens) -> None:
    """In a container whose file system is read-only, a file that is mounted writable is written, and locked itself."""
    (tmp_path / "source").write_bytes(OLD)
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "out").touch()
    with read_only(inside), bound(tmp_path / "source", inside / "out"):
        target = opened(inside / "out")
        assert target.lock() == Locked()
        assert target.write(NEW) == Written("in_place")
        assert target.lock() == Locked()
        assert isinstance(opened(inside / "out").lock(), LockedElsewhere)
        target.close()
    assert (tmp_path / "source").read_bytes() == NEW


def test_mounted_file_without_the_right_to_its_folder(shared_folder: Path, opened: Opens) -> None:
    """A user who may write the mounted file but not the folder around it writes the file."""
    source, inside = shared_folder / "source", shared_folder / "inside"
    source.write_bytes(OLD)
    source.chmod(0o666)
    inside.mkdir(mode=0o755)
    (inside / "out").touch()
    with bound(source, inside / "out"), as_user(NOBODY):
        target = opened(inside / "out")
        assert target.write(NEW) == Written("in_place")
        target.close()
    assert source.read_bytes() == NEW


def test_two_programs_with_one_file_mounted_in_two_places(tmp_path: Path, opened: Opens) -> None:
    """Two containers that mount one file have different folders around it, and exclude each other all the same."""
    source = tmp_path / "source"
    source.write_bytes(OLD)
    places = [tmp_path / name / "out" for name in ("a", "b")]
    for place in places:
        place.parent.mkdir()
        place.touch()
    with bound(source, places[0]), bound(source, places[1]):
        first, second = opened(places[0]), opened(places[1])
        assert first.lock() == Locked()
        assert isinstance(second.lock(), LockedElsewhere)
        first.close()
        assert second.lock() == Locked()
        second.close()


def _refuses(number: int) -> object:
    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    return fail


def test_disk_that_cannot_reserve_is_written_to_know(
    mounted_file: Path, opened: Opens, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the file system has no reservation, the space is taken by really writing, behind the old content."""
    monkeypatch.setattr(os, "posix_fallocate", _refuses(errno.EOPNOTSUPP))
    target = opened(mounted_file)
    assert target.write(NEW) == Written("in_place")
    assert target.read() == Present(NEW)
    assert target.write(b"short") == Written("in_place")
    assert target.read() == Present(b"short")


def test_full_disk_that_cannot_reserve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without reservation too a full disk leaves the old content, and not one byte behind it."""
    monkeypatch.setattr(os, "posix_fallocate", _refuses(errno.EOPNOTSUPP))
    with small_disk(tmp_path / "disk") as disk:
        path = disk / "out"
        path.write_bytes(OLD)
        fill(disk)
        with pytest.raises(OSError, match="No space left"):
            in_place.overwrite(str(path), NEW, limit_bytes=1 << 20)
        assert path.read_bytes() == OLD


def test_failure_in_the_middle_puts_the_old_content_back(
    mounted_file: Path, opened: Opens, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that fails after some of the new bytes were written gets its old ones again."""
    target = opened(mounted_file)
    real, calls = os.fsync, 0

    def first_fails(handle: int) -> None:
        nonlocal calls
        calls += 1
        if calls == 2:  # the first is the temporary file's, which cannot be renamed
            raise OSError(errno.EIO, "Input/output error")
        real(handle)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", first_fails)
        outcome = target.write(NEW)
    assert isinstance(outcome, WriteFailed)
    assert outcome.mode == "in_place"
    assert target.read() == Present(OLD)


def test_mount_point_is_told_from_a_file(mounted_file: Path, tmp_path: Path) -> None:
    """A mounted file is a mount point; the file that is mounted, and its folder, are none."""
    assert is_mount_point(str(mounted_file))
    assert not is_mount_point(str(tmp_path / "source"))
    assert not is_mount_point(str(mounted_file.parent))


def test_mount_point_with_a_blank_in_its_name(tmp_path: Path) -> None:
    """The kernel writes blanks in octal."""
    path = tmp_path / "a file\twith\\more"
    path.touch()
    (tmp_path / "source").touch()
    with bound(tmp_path / "source", path):
        assert is_mount_point(str(path))


def test_mount_table_is_read_by_its_fifth_field() -> None:
    """Lines that are cut short tell nothing and stop nothing."""
    table = b"22 1 0:20 / /proc rw - proc proc rw\n23 1 8:1 /x /a\\040b rw - ext4 d rw\nhalf a line\n\n"
    assert mount_points(table) == {b"/proc", b"/a b"}
