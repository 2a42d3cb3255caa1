"""As whom files are rotated, and which two entries would name one file."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from templating.filters.rotation import Accounts, RotateAs, distinct, may_meet, rotate_as
from templating.ownership import Owner
from tests.unit.templating.support import failure_of

PASSWD = (
    "root:x:0:0:root:/root:/bin/sh\nalice:x:1000:1000::/:\nbob:x:1001:7::/:\nbad name:x:9:0::/:\nshort\n1234:x:5:0::/:"
)
GROUP = "root:x:0:\nalice:x:1000:\nadm:x:4:\nstaff:x:50:alice"
HOST = Accounts(PASSWD, GROUP)
ALICE, ROOT, STRANGER = Owner(1000, 1000, is_open=False), Owner(0, 0, is_open=False), Owner(4242, 4242, is_open=False)
OPEN = Owner(0, 50, is_open=True)


@pytest.mark.parametrize(
    ("written", "owner", "expected"),
    [
        ("", None, RotateAs()),
        ("", ROOT, RotateAs()),
        ("", STRANGER, RotateAs()),
        ("", ALICE, RotateAs("alice", "alice", is_owner=True)),
        ("", Owner(1000, 50, is_open=True), RotateAs("alice", "staff", is_owner=True)),
        ("", Owner(1000, 4242, is_open=False), RotateAs("alice", "alice", is_owner=True)),
        ("alice", None, RotateAs("alice", "alice")),
        ("alice", ROOT, RotateAs("alice", "alice")),
        ("alice:adm", ALICE, RotateAs("alice", "adm", is_owner=True)),
        ("1000:4", OPEN, RotateAs("alice", "adm")),
        ("root", ROOT, RotateAs("root", "root")),
        ("root", OPEN, RotateAs("root", "root")),
    ],
)
def test_as_whom(written: str, owner: Owner | None, expected: RotateAs) -> None:
    """What the label says, else the folder's owner, else root; and root is never just the owner."""
    assert rotate_as(written, owner, HOST) == expected


@pytest.mark.parametrize(
    "written", ["carol", "4242", "alice:carol", ":adm", "bob", "bad name", "1234", "root\nx", "al ice", "alice:adm:x"]
)
def test_whom_the_host_does_not_know(written: str) -> None:
    """Logrotate would leave out the entry and fail; a user whose own group is unknown needs one."""
    expected = RotateAs(problem="names no user and group of the host", source="su")
    assert rotate_as(written, ALICE, HOST) == expected


def test_a_folder_that_others_may_write_needs_a_user() -> None:
    """Logrotate would refuse it."""
    found = rotate_as("", OPEN, HOST)
    assert found.problem == "is in a folder that others than its owner may write, and needs the label logrotate.su"
    assert found.source == "files"


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


@pytest.mark.parametrize(
    "template", ["{{ [1] | distinct_files }}", "{{ 'a' | distinct_files }}", "{{ '' | rotate_as(1, '', '') }}"]
)
def test_wrong_use_is_told(template: str) -> None:
    """A template error, not a wrong file."""
    assert "takes a list" in failure_of(template).message or "the owner is" in failure_of(template).message
