"""Symbolic links on the way to a target."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from reconciler.target.links import descriptor, resolve
from reconciler.target.outcome import LockUnavailable, Missing, Present, Unreadable, WriteFailed, Written
from tests.unit.target.mounts_and_users import NOBODY, as_user

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.target.conftest import Opens


def _link(path: Path, to: str, uid: int = 0) -> Path:
    path.symlink_to(to)
    os.lchown(path, uid, uid)
    return path


def test_link_stays_and_its_file_is_written(tmp_path: Path, opened: Opens) -> None:
    """Root's own link is followed: the file behind it is replaced beside itself, the link stays a link."""
    (tmp_path / "real").mkdir()
    link = _link(tmp_path / "link", "real/file")
    target = opened(link)
    assert target.read() == Missing()
    assert target.write(b"x") == Written("replace")
    assert link.is_symlink()
    assert (tmp_path / "real" / "file").read_bytes() == b"x"
    assert target.read() == Present(b"x")
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".pygen")] == []


def test_chain_of_links(tmp_path: Path, opened: Opens) -> None:
    """Links are followed to the end, absolute and relative ones, and parents of the end are made."""
    _link(tmp_path / "one", "two")
    _link(tmp_path / "two", f"{tmp_path}/deep/er/file")
    assert opened(tmp_path / "one").write(b"x") == Written("replace")
    assert (tmp_path / "deep" / "er" / "file").read_bytes() == b"x"


def test_circle_is_an_error(tmp_path: Path, opened: Opens) -> None:
    """Links in a circle are neither missing nor written."""
    _link(tmp_path / "one", "two")
    _link(tmp_path / "two", "one")
    target = opened(tmp_path / "one")
    reading, outcome = target.read(), target.write(b"x")
    assert isinstance(reading, Unreadable)
    assert "circle" in reading.reason
    assert isinstance(outcome, WriteFailed)


@pytest.mark.root
def test_link_of_another_user_is_not_followed(tmp_path: Path, opened: Opens) -> None:
    """A link that is neither root's nor ours could lead anywhere: nothing is read, written or locked through it."""
    (tmp_path / "secret").write_bytes(b"s")
    target = opened(_link(tmp_path / "link", "secret", uid=1234))
    reading, outcome = target.read(), target.write(b"x")
    assert isinstance(reading, Unreadable)
    assert "uid 1234" in reading.reason
    assert isinstance(outcome, WriteFailed)
    assert isinstance(target.lock(), LockUnavailable)
    assert (tmp_path / "secret").read_bytes() == b"s"


@pytest.mark.root
def test_link_of_another_user_in_the_middle(tmp_path: Path, opened: Opens) -> None:
    """One such link in a chain is enough."""
    _link(tmp_path / "one", "two")
    _link(tmp_path / "two", "file", uid=1234)
    assert isinstance(opened(tmp_path / "one").write(b"x"), WriteFailed)


@pytest.mark.parametrize("uid", [0, NOBODY])
@pytest.mark.root
def test_without_root_ours_and_roots_are_followed(shared_folder: Path, opened: Opens, uid: int) -> None:
    """A user's program follows its user's links and root's."""
    _link(shared_folder / "link", "file", uid=uid)
    with as_user(NOBODY):
        assert opened(shared_folder / "link").write(b"x") == Written("replace")
    assert (shared_folder / "file").stat().st_uid == NOBODY


def test_repointed_link_is_followed_anew(tmp_path: Path, opened: Opens) -> None:
    """A link that leads elsewhere from now on leads there, and the lock moves with it."""
    link = _link(tmp_path / "link", "one")
    target = opened(link)
    target.write(b"1")
    link.unlink()
    _link(link, "two")
    assert target.read() == Missing()
    target.write(b"2")
    assert [(tmp_path / name).read_bytes() for name in ("one", "two")] == [b"1", b"2"]
    assert opened(tmp_path / "one").write(b"3") == Written("replace")
    assert isinstance(opened(tmp_path / "two").write(b"3"), WriteFailed)


def test_dots_in_a_link_are_the_kernels(tmp_path: Path) -> None:
    """`..` in a link is taken from the folder where the link really is."""
    (tmp_path / "a" / "b").mkdir(parents=True)
    _link(tmp_path / "short", "a/b")
    _link(tmp_path / "a" / "b" / "link", "../file")
    (tmp_path / "a" / "file").write_bytes(b"x")
    assert os.path.samefile(resolve(str(tmp_path / "short" / "link")), tmp_path / "a" / "file")  # noqa: PTH121


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("", 1),
        ("-", 1),
        ("/dev/stdout", 1),
        ("/dev/stderr", 2),
        ("/dev/fd/7", 7),
        ("/proc/self/fd/1", 1),
        ("/dev/null", None),
        ("/dev/fd/x", None),
        ("out", None),
    ],
)
def test_paths_that_name_a_descriptor(path: str, expected: int | None) -> None:
    """Standard output has several names; a device is none of them."""
    assert descriptor(path) == expected


def test_link_to_standard_output(tmp_path: Path) -> None:
    """A link that leads to /dev/stdout, as in images that log there, is standard output whatever that is."""
    _link(tmp_path / "log", "/dev/stdout")
    _link(tmp_path / "other", "log")
    assert descriptor(str(tmp_path / "other")) == 1
