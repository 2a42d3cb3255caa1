"""As whom log files are rotated.

logrotate refuses a file in a folder that others may write unless `su` says as whom, and an `su` whose user or group the
host does not know (seen with 3.21, whose manual says the same of `su`).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from models.frozen import frozen
from models.record import Record
from templating.errors import TemplateUsageError
from templating.owner import Owner
from templating.sandbox.filters.names import text_of
from templating.sandbox.undefined import Blank

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jinja2.sandbox import SandboxedEnvironment

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,31}\$?")
_PASSWD_FIELDS, _GROUP_FIELDS = 4, 3

_NO_USER = "names no user and group of the host"
_OPEN_FOLDER = "is in a folder that others than its owner may write, and needs the label logrotate.su"


@frozen
class RotateAs(Record):
    """As whom a folder's files are rotated.

    Attributes:
        user: a user of the host, '' for root as logrotate itself runs.
        group: a group of the host, '' beside no user.
        is_owner: whether that is the folder's owner, and not root: a link in the folder leads it to nothing new.
        problem: why nothing may be rotated there, as the end of a sentence; '' where it may.
        source: what the sentence begins with: `su` for the label that says as whom, `files` for the file.
    """

    user: str = ""
    group: str = ""
    is_owner: bool = False
    problem: str = ""
    source: str = ""


class Accounts:
    """The users and groups of a host.

    Args:
        passwd: the text of its /etc/passwd.
        group: the text of its /etc/group.
    """

    def __init__(self, passwd: str, group: str) -> None:
        users = [(fields[0], fields[2], fields[3]) for fields in _fields(passwd, _PASSWD_FIELDS)]
        self._users = {name: (uid, gid) for name, uid, gid in reversed(users)}
        self._user_names = {uid: name for name, uid, _ in reversed(users)}
        groups = [(fields[0], fields[2]) for fields in _fields(group, _GROUP_FIELDS)]
        self._group_names = {gid: name for name, gid in reversed(groups)} | {name: name for name, _ in groups}

    def user(self, written: str) -> str:
        """A user's name by name or number, '' for none."""
        return written if written in self._users else self._user_names.get(written, "")

    def group(self, written: str) -> str:
        """A group's name by name or number, '' for none."""
        return self._group_names.get(written, "")

    def uid(self, user: str) -> str:
        """A user's number."""
        return self._users[user][0]

    def group_of(self, user: str) -> str:
        """The name of a user's own group, '' where the host does not know it."""
        return self.group(self._users[user][1])


def rotate_as(written: str, owner: Owner | None, accounts: Accounts) -> RotateAs:
    """Decide as whom the files of a folder are rotated.

    Args:
        written: what the container says: `USER` or `USER:GROUP`, names or numbers; '' for nothing.
        owner: whose the folder is, None where that cannot be seen.
        accounts: the host's users and groups.
    """
    found = _as_written(written, accounts) if written else _as_owner(owner, accounts)
    if found.problem:
        return found
    if not found.user and owner is not None and owner.is_open:
        return RotateAs(problem=_OPEN_FOLDER, source="files")
    is_owner = bool(found.user and owner) and owner is not None and str(owner.uid) == accounts.uid(found.user) != "0"
    return RotateAs(found.user, found.group, is_owner)


def _as_written(written: str, accounts: Accounts) -> RotateAs:
    user, _, group = written.partition(":")
    known = accounts.user(user.strip())
    known_group = (accounts.group(group.strip()) if group.strip() else accounts.group_of(known)) if known else ""
    return RotateAs(known, known_group) if known_group else RotateAs(problem=_NO_USER, source="su")


def _as_owner(owner: Owner | None, accounts: Accounts) -> RotateAs:
    """The owner of the folder; logrotate's own user where that is root, or nobody whom the host knows."""
    if owner is None or not owner.uid:
        return RotateAs()
    user, group = accounts.user(str(owner.uid)), accounts.group(str(owner.gid))
    return (
        RotateAs(user, group or accounts.group_of(user)) if user and (group or accounts.group_of(user)) else RotateAs()
    )


@lru_cache(maxsize=2)
def _accounts(passwd: str, group: str) -> Accounts:
    """Read once for all containers."""
    return Accounts(passwd, group)


def _fields(text: str, count: int) -> Iterator[list[str]]:
    """The lines of a passwd or group file, taken apart; those that logrotate could not be told of are left out."""
    for line in text.splitlines():
        fields = line.split(":")
        if len(fields) >= count and _NAME.fullmatch(fields[0]) and fields[2].isdecimal():
            yield fields


def filters(_environment: SandboxedEnvironment) -> dict[str, Callable[..., Any]]:
    """The filters of this file by name."""

    def rotate_as_(value: Any, owner: Any, passwd: Any, group: Any) -> RotateAs:
        if not isinstance(owner, Owner | Blank):
            raise TemplateUsageError("rotate_as: the owner is what `owner` gives")
        accounts = _accounts(text_of(passwd, "rotate_as"), text_of(group, "rotate_as"))
        return rotate_as(text_of(value, "rotate_as").strip(), owner if isinstance(owner, Owner) else None, accounts)

    return {"rotate_as": rotate_as_}
