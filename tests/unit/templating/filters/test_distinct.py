"""Which two paths would name one file."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from templating.sandbox.filters.distinct import distinct, may_meet
from tests.unit.templating.support import failure_of


def _kept(*paths: str) -> list[str]:
    return [entry["path"] for entry in distinct([{"path": path, "terms": 1} for path in paths]).kept]


def test_one_path_is_kept_once() -> None:
    """The first; whether the other wanted the same is told."""
    entries = [{"path": "/a", "terms": 1}, {"path": "/a", "terms": 1}, {"path": "/a", "terms": 2}]
    found = distinct(entries)
    assert found.kept == (entries[0],)
    assert [repeat.is_same for repeat in found.repeats] == [True, False]


def test_a_pattern_counts_rather_than_a_file_that_it_means() -> None:
    """Nothing stays without rotation for that."""
    assert _kept("/l/a.log", "/l/*.log", "/l/b.txt") == ["/l/*.log", "/l/b.txt"]
    assert _kept("/l/a*", "/l/b*", "/l/*.log") == ["/l/a*", "/l/b*"]
    assert _kept("/l/b*.log", "/l/*.log") == ["/l/*.log"]
    assert _kept("/l/*/a", "/l/x/*", "/l/x/y/*") == ["/l/*/a", "/l/x/y/*"]


@pytest.mark.parametrize(
    ("first", "second", "meet"),
    [
        ("/l/*.log", "/l/*.txt", False), ("/l/a*", "/l/b*", False), ("/l/*", "/l/.a", False), ("/l/*", "/m/*", False),
        ("/l/*", "/l/a/b", False), ("/l/a*", "/l/*b", True), ("/l/?.log", "/l/*g", True), ("/l/[ab]", "/l/a", True),
        ("/l/[ab]", "/l/c", False), ("/*/a", "/b/*", True),
    ],
)  # fmt: skip
def test_patterns_that_may_mean_one_file(first: str, second: str, meet: bool) -> None:  # noqa: FBT001
    """By their beginnings and ends."""
    assert may_meet(first, second) is meet
    assert may_meet(second, first) is meet


_PATTERNS = st.lists(st.sampled_from(["a", "b", ".", "*", "?", "[ab]", "[!a]"]), min_size=1, max_size=5).map("".join)


@given(first=_PATTERNS, second=_PATTERNS, name=st.text("ab.", min_size=1, max_size=5))
def test_no_two_entries_mean_one_file(first: str, second: str, name: str) -> None:
    """Whatever is kept: no name fits twice, as a shell matches names."""
    assume(name not in {".", ".."})

    def fits(pattern: str) -> bool:
        return fnmatchcase(name, pattern) and pattern.startswith(".") >= name.startswith(".")

    kept = _kept(f"/l/{first}", f"/l/{second}", f"/l/{name}")
    assert sum(fits(path.removeprefix("/l/")) for path in kept) <= 1


@pytest.mark.parametrize("template", ["{{ [1] | distinct_files }}", "{{ 'a' | distinct_files }}"])
def test_wrong_use_is_told(template: str) -> None:
    """A template error, not a wrong file."""
    assert "takes a list" in failure_of(template).message
