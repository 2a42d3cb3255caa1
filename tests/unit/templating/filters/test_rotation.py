"""As whom files are rotated."""

from __future__ import annotations

import pytest

from templating.owner import Owner
from templating.sandbox.filters.rotation import Accounts, RotateAs, rotate_as
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


def test_wrong_use_is_told() -> None:
    """A template error, not a wrong file."""
    assert "the owner is" in failure_of("{{ '' | rotate_as(1, '', '') }}").message
