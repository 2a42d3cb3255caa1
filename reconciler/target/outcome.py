"""What reading, writing and locking a target can come to: values, not exceptions, for the loop decides by them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.frozen import frozen

if TYPE_CHECKING:
    from models.write import WriteMode


@frozen
class Present:
    """The target holds these bytes (of a stream: this process printed them last).

    Attributes:
        content: all of them.
        has_drifted: whether its owner, group or mode is not the configured one.
    """

    content: bytes
    has_drifted: bool = False


@frozen
class Missing:
    """There is no target yet, or no more (of a stream: nothing whole was printed yet)."""


@frozen
class Unreadable:
    """What the target holds is unknown.

    Attributes:
        reason: for people: what, where, what to do; never content.
    """

    reason: str


TargetContent = Present | Missing | Unreadable


@frozen
class Written:
    """The target holds the new bytes, whole and on the disk."""

    mode: WriteMode


@frozen
class WriteFailed:
    """The target does not hold the new bytes; in mode `replace` it is untouched. The next try may succeed.

    Attributes:
        mode: what was tried last.
        reason: for people: what, where, what to do; never content.
    """

    mode: WriteMode
    reason: str


@frozen
class PartlyWritten:
    """Some files of a set hold their new bytes, or are gone as they should be, and others do not.

    Attributes:
        mode: how they were written.
        content: what the set holds now, as `Present` has it.
        reason: as for `WriteFailed`.
    """

    mode: WriteMode
    content: bytes
    reason: str


@frozen
class Locked:
    """The target is ours alone (or is a stream, which needs no lock)."""


@frozen
class LockedElsewhere:
    """Another program keeps this target, or its state: at the start the end of this one, with status 13."""

    reason: str


@frozen
class LockUnavailable:
    """The lock could not be tried for now (a read-only folder, say): no reason to end; every write tries again."""

    reason: str


LockOutcome = Locked | LockedElsewhere | LockUnavailable
