"""Owner, group and mode that a target is to have, where its job says so: set on an open file, and looked for again."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from models.frozen import frozen
from reconciler.target.problems import UnusableTargetError

if TYPE_CHECKING:
    from collections.abc import Callable


@frozen
class Ownership:
    """What a target is to have; None is whatever it has, or gets by itself.

    Attributes:
        uid: of its owner.
        gid: of its group.
        mode: its permission bits, at most 0o777.
    """

    uid: int | None = None
    gid: int | None = None
    mode: int | None = None

    @property
    def is_set(self) -> bool:
        """Whether anything is said."""
        return (self.uid, self.gid, self.mode) != (None, None, None)

    def has_drifted(self, path: str) -> bool:
        """Whether the file at a path has others; not where there is none, or nothing is said.

        Raises:
            OSError: it can't be looked at.
        """
        if not self.is_set:
            return False
        try:
            return self.differs(os.lstat(path))
        except FileNotFoundError:
            return False

    def differs(self, status: os.stat_result) -> bool:
        """Whether a file has others."""
        has = (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode))
        return any(
            wanted not in (None, found) for wanted, found in zip((self.uid, self.gid, self.mode), has, strict=True)
        )

    def apply(self, handle: int) -> None:
        """Give an open file all three.

        Raises:
            UnusableTargetError: it can't have them; some of them may be set.
        """
        self.set_group(handle)
        self.set_mode_and_owner(handle)

    def set_group(self, handle: int) -> None:
        """The first step: no group that is not to read it may do so when the mode is set.

        Raises:
            UnusableTargetError: as `apply`.
        """
        gid = self.gid
        if gid is not None and os.fstat(handle).st_gid != gid:
            _try(
                lambda: os.fchown(handle, -1, gid),
                f"its group can't be set to {gid}",
                "run pygen as a member of that group, or with the capability CHOWN, or leave `group` out",
            )

    def set_mode_and_owner(self, handle: int) -> None:
        """The second: the owner last, for a file that was given away is no longer ours to change.

        Raises:
            UnusableTargetError: as `apply`.
        """
        status, uid, mode = os.fstat(handle), self.uid, self.mode
        if mode is not None and stat.S_IMODE(status.st_mode) != mode:
            _try(
                lambda: os.fchmod(handle, mode),
                f"its mode can't be set to {mode:04o}",
                "run pygen as the file's owner, or with the capability FOWNER, or leave `mode` out",
            )
        if uid is not None and status.st_uid != uid:
            _try(
                lambda: os.fchown(handle, uid, -1),
                f"its owner can't be set to {uid}",
                "run pygen as that user, or with the capability CHOWN, or leave `owner` out",
            )
        if self.differs(os.fstat(handle)):
            raise UnusableTargetError(
                "its file system does not keep the owner, group or mode that is configured; leave them out"
            )


ANY_OWNERSHIP = Ownership()
"""Nothing is said."""


def _try(change: Callable[[], None], what: str, advice: str) -> None:
    try:
        change()
    except OSError as error:
        raise UnusableTargetError(f"{what} ({(error.strerror or str(error)).lower()}); {advice}") from error
