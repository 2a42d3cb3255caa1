"""Names of hidden files."""

from __future__ import annotations

from pathlib import PurePath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.target.names import leftovers, lock_path, state_path, state_path_in, temporary_path

NAMES = st.text(st.characters(exclude_characters="/\0", codec="utf-8"), min_size=1).filter(
    lambda name: len(name.encode()) <= 255 and name not in (".", "..")
)


@given(NAMES)
def test_every_name_is_hidden_ends_in_pygen_and_fits(name: str) -> None:
    """Whatever the target's name, ours begin with a dot, end in `.pygen`, are beside it and not too long."""
    target = f"/folder/{name}"
    paths = [lock_path(target), state_path(target), temporary_path(target), temporary_path(target, "state-tmp")]
    assert len(set(paths)) == len(paths)
    for path in paths:
        folder, _, own = path.rpartition("/")
        assert folder == "/folder"
        assert own.startswith(".")
        assert own.endswith(".pygen")
        assert len(own.encode()) <= 255


@given(NAMES, NAMES)
def test_different_targets_have_different_files(one: str, other: str) -> None:
    """No two targets in a folder share a lock or a state, and none is another's hidden file by accident."""
    if one != other:
        assert lock_path(f"/f/{one}") != lock_path(f"/f/{other}")
        assert state_path(f"/f/{one}") != state_path(f"/f/{other}")
    assert lock_path(f"/f/{one}") != state_path(f"/f/{other}")


def test_state_in_a_folder_is_named_after_the_absolute_path() -> None:
    """Targets of the same name in different folders have different states; the name can be recognised."""
    one, other = state_path_in("/state", "/a/out.conf"), state_path_in("/state", "/b/out.conf")
    assert one != other
    assert PurePath(one).parent == PurePath("/state")
    assert PurePath(one).name.startswith(".out.conf.")
    assert one.endswith(".pygen")
    assert one == state_path_in("/state", "/a/out.conf")


def test_state_in_a_folder_for_a_relative_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative path is the same target as its absolute one."""
    monkeypatch.chdir("/")
    assert state_path_in("/state", "a/out.conf") == state_path_in("/state", "/a/out.conf")


def test_leftovers_of_a_missing_folder() -> None:
    """A folder that is not there has no leftovers to give, and says so."""
    with pytest.raises(FileNotFoundError):
        leftovers("/no/such/folder/out")
