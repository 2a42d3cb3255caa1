"""Where notifications keep what they owe."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reconciler.target.names import temporary_path
from reconciler.target.state_file import MemoryStore, StateFile, open_store
from reconciler.target.target import open_target
from tests.unit.target.mounts_and_users import fill, read_only, small_disk

if TYPE_CHECKING:
    from tests.unit.target.conftest import Opens


def _store(path: Path) -> StateFile:
    return StateFile(str(path), warn=pytest.fail)


def test_nothing_saved_is_none(tmp_path: Path) -> None:
    """A state that is not there, or whose folder is not, is None."""
    assert _store(tmp_path / ".s.pygen").load() is None
    assert _store(tmp_path / "no" / ".s.pygen").load() is None


@pytest.mark.parametrize("data", [b"", b"{}", b"\x00\xff" * 100_000])
def test_saved_is_loaded_by_the_next_program(tmp_path: Path, data: bytes) -> None:
    """Any bytes come back, for another store on the same path too."""
    path = tmp_path / "state" / ".s.pygen"
    _store(path).save(b"before")
    _store(path).save(data)
    assert _store(path).load() == data
    assert [entry.name for entry in path.parent.iterdir()] == [".s.pygen"]


def test_state_is_for_nobody_else(tmp_path: Path) -> None:
    """The state's mode is 0600."""
    _store(tmp_path / ".s.pygen").save(b"x")
    assert (tmp_path / ".s.pygen").stat().st_mode & 0o777 == 0o600


@pytest.mark.root
def test_failed_save_keeps_the_last_state(tmp_path: Path) -> None:
    """A full disk raises, leaves the old state whole and nothing behind, and the next save succeeds."""
    with small_disk(tmp_path / "disk") as disk:
        store = _store(disk / ".s.pygen")
        store.save(b"old")
        filler = fill(disk)
        with pytest.raises(OSError, match="No space left"):
            store.save(b"new" * 1000)
        assert store.load() == b"old"
        assert sorted(path.name for path in disk.iterdir()) == [".s.pygen", "filler"]
        filler.unlink()
        store.save(b"new")
        assert store.load() == b"new"


@pytest.mark.root
def test_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """A read-only folder raises on saving and says nothing on loading."""
    folder = tmp_path / "state"
    folder.mkdir()
    with read_only(folder):
        with pytest.raises(OSError, match="Read-only"):
            _store(folder / ".s.pygen").save(b"x")
        assert _store(folder / ".s.pygen").load() is None


def test_state_that_cannot_be_read_raises(tmp_path: Path) -> None:
    """Something else than a file in its place is an error and not an absent state."""
    (tmp_path / ".s.pygen").mkdir()
    with pytest.raises(OSError, match="directory"):
        _store(tmp_path / ".s.pygen").load()


def test_save_is_synced_before_and_after_the_rename(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A power cut leaves the old state or the new, whole: bytes first, then the name, then the folder."""
    steps: list[str] = []
    real_sync, real_rename = os.fsync, os.rename

    def sync(handle: int) -> None:
        steps.append("folder" if os.path.isdir(f"/proc/self/fd/{handle}") else "file")  # noqa: PTH112
        real_sync(handle)

    def rename(source: str, destination: str) -> None:
        steps.append("rename")
        real_rename(source, destination)

    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(os, "rename", rename)
    _store(tmp_path / ".s.pygen").save(b"x")
    assert steps == ["file", "rename", "folder"]


def test_leftovers_of_a_killed_predecessor_go(tmp_path: Path) -> None:
    """Loading removes what a save left that was killed."""
    path = tmp_path / ".s.pygen"
    half = Path(temporary_path(str(path), "state-tmp"))
    half.write_bytes(b"half")
    assert _store(path).load() is None
    assert not half.exists()


def test_link_in_the_states_place_is_not_followed(tmp_path: Path) -> None:
    """Saving replaces a link and leaves alone what it led to."""
    (tmp_path / "victim").write_bytes(b"v")
    (tmp_path / ".s.pygen").symlink_to("victim")
    store = _store(tmp_path / ".s.pygen")
    with pytest.raises(OSError, match="symbolic links"):
        store.load()
    store.save(b"x")
    assert store.load() == b"x"
    assert (tmp_path / "victim").read_bytes() == b"v"


def test_memory_store_keeps_for_this_process() -> None:
    """A stream's state is what was saved here, and nothing at first."""
    store = MemoryStore()
    assert store.load() is None
    store.save(b"x")
    assert store.load() == b"x"


def test_store_is_beside_the_file_that_is_written(tmp_path: Path, opened: Opens) -> None:
    """By default the state is a hidden file beside the target, links followed."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real/out")
    store = open_store(opened(tmp_path / "link"), None, warn=pytest.fail)
    store.save(b"x")
    assert [path.name for path in (tmp_path / "real").iterdir()] == [".out.state.pygen"]


def test_store_in_a_folder_of_its_own(tmp_path: Path, opened: Opens, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a state folder nothing is beside the target; the folder is made, and a relative path is the same target."""
    monkeypatch.chdir(tmp_path)
    state = tmp_path / "new" / "state"
    open_store(opened(tmp_path / "out"), str(state), warn=pytest.fail).save(b"x")
    assert open_store(opened("out"), "new/state", warn=pytest.fail).load() == b"x"
    assert [path.name for path in tmp_path.iterdir()] == ["new"]
    (name,) = [path.name for path in state.iterdir() if not path.name.endswith(".lock.pygen")]
    assert name.startswith(".")
    assert name.endswith(".pygen")


def test_stream_has_its_store_in_memory(tmp_path: Path) -> None:
    """Standard output has no state on the disk, not even with a state folder."""
    store = open_store(
        open_target("-", warn=pytest.fail, limit_bytes=1 << 24), str(tmp_path / "state"), warn=pytest.fail
    )
    assert isinstance(store, MemoryStore)


def test_store_of_a_target_whose_link_cannot_be_followed(tmp_path: Path, opened: Opens) -> None:
    """A bad link is the write's problem; the store has a place all the same."""
    (tmp_path / "link").symlink_to("link")
    store = open_store(opened(tmp_path / "link"), None, warn=pytest.fail)
    assert isinstance(store, StateFile)
    assert store.path == str(tmp_path / ".link.state.pygen")
