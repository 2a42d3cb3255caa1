"""Whose a file or folder is, as templates see it."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

from models.frozen import frozen
from models.record import Record

if TYPE_CHECKING:
    import os

_ROOT = 0


@frozen
class Owner(Record):
    """The owner of a file or folder.

    Attributes:
        uid: the user's number.
        gid: the group's number.
        is_open: whether others than the owner and root's group may write there.
    """

    uid: int
    gid: int
    is_open: bool

    @classmethod
    def from_facts(cls, facts: os.stat_result) -> Owner:
        """Read what the kernel says."""
        by_group = bool(facts.st_mode & stat.S_IWGRP) and facts.st_gid != _ROOT
        return cls(facts.st_uid, facts.st_gid, by_group or bool(facts.st_mode & stat.S_IWOTH))
