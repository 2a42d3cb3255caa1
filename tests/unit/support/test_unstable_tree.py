"""The tree of Debian unstable is kept as long as it is used, and no longer."""

from __future__ import annotations

import fcntl
from typing import TYPE_CHECKING

from tests.support.unstable_tree import remove_unused

if TYPE_CHECKING:
    from pathlib import Path


def _tree(cache: Path, week: str) -> Path:
    tree = cache / f"engine-unstable-{week}-0123456789ab"
    (tree / "usr").mkdir(parents=True)
    return tree


def test_trees_of_other_weeks_are_removed(tmp_path: Path) -> None:
    """With the file that their users lock; the current one and what is none of ours stay."""
    old, current = _tree(tmp_path, "2026w48"), _tree(tmp_path, "2026w49")
    other = tmp_path / "wheels-3.11"
    other.mkdir()
    old.with_name(f"{old.name}.users").touch()
    remove_unused(tmp_path, but=current)
    assert set(tmp_path.iterdir()) == {current, other}


def test_a_tree_that_somebody_uses_stays_until_they_end(tmp_path: Path) -> None:
    """A test run that began last week."""
    old, current = _tree(tmp_path, "2026w48"), _tree(tmp_path, "2026w49")
    with old.with_name(f"{old.name}.users").open("w") as users:
        fcntl.flock(users, fcntl.LOCK_SH)
        remove_unused(tmp_path, but=current)
        assert old.is_dir()
    remove_unused(tmp_path, but=current)
    assert not old.exists()
