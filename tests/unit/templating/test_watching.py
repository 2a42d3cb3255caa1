"""Files as they were seen, and whether they still are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from templating.watching import YOUNG_S, FileWatch, Unfit
from tests.support.fake_clock import FakeClock

LIMIT = 100


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file."""
    found = tmp_path / "file"
    found.write_bytes(b"one")
    return found


def rewrite_unnoticed(path: Path, content: bytes) -> os.stat_result:
    """Change the bytes and put the times that can be put back."""
    facts = path.stat()
    with path.open("r+b") as file:
        file.write(content)
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    return facts


def test_an_unchanged_file_is_unchanged(path: Path) -> None:
    """Looking does not change anything."""
    watch = FileWatch(FakeClock(path.stat().st_mtime), LIMIT)
    assert watch.read(path) == b"one"
    assert not watch.changed()
    assert not watch.changed()


def test_a_young_files_bytes_are_compared_until_it_is_older(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the times could hide a change the bytes are read, afterwards only the times are looked at."""
    clock = FakeClock(path.stat().st_mtime)
    watch = FileWatch(clock, LIMIT)
    watch.read(path)
    monkeypatch.setattr("templating.watching._signature", lambda facts: ("the times never move",))
    watch.read(path)
    rewrite_unnoticed(path, b"two")
    assert watch.changed()
    watch.read(path)
    assert not watch.changed()
    clock.now_s += YOUNG_S + 1
    assert not watch.changed()
    rewrite_unnoticed(path, b"six")
    assert not watch.changed()


def test_forgetting_ends_the_watch(path: Path) -> None:
    """After `forget` nothing is remembered."""
    watch = FileWatch(FakeClock(0), LIMIT)
    watch.read(path)
    path.unlink()
    assert watch.changed()
    watch.forget()
    assert not watch.changed()


def test_a_file_that_appears_is_a_change(tmp_path: Path) -> None:
    """What was missing is watched, too."""
    watch = FileWatch(FakeClock(0), LIMIT)
    with pytest.raises(FileNotFoundError):
        watch.read(tmp_path / "late")
    assert not watch.changed()
    (tmp_path / "late").touch()
    assert watch.changed()


def test_what_is_unfit_is_watched_by_its_times(tmp_path: Path) -> None:
    """A file that is too large is no change until it is edited."""
    path = tmp_path / "large"
    path.write_bytes(b"x" * (LIMIT + 1))
    watch = FileWatch(FakeClock(0), LIMIT)
    with pytest.raises(Unfit, match="larger than 100 bytes"):
        watch.read(path)
    assert not watch.changed()
    path.write_bytes(b"x" * LIMIT)
    assert watch.changed()


def test_an_unreadable_file_is_tried_again(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error that leaves no trace in the file's times passes unseen otherwise."""
    watch = FileWatch(FakeClock(0), LIMIT)
    with monkeypatch.context() as patch:
        patch.setattr("templating.watching.os.read", _broken)
        with pytest.raises(OSError, match="Input/output"):
            watch.read(path)
        assert not watch.changed()
    assert watch.changed()


def _broken(descriptor: int, count: int) -> bytes:
    raise OSError(5, "Input/output error")


def test_no_descriptor_is_left_open(tmp_path: Path, path: Path) -> None:
    """Good and bad reads close what they opened."""
    watch = FileWatch(FakeClock(0), LIMIT)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(20):
        watch.read(path)
        with pytest.raises(Unfit):
            watch.read(tmp_path)
    assert len(list(Path("/proc/self/fd").iterdir())) == before
