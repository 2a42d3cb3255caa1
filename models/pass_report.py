"""What became of renders and of passes of the loop, as values: for the metrics and the status page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from models.write import Cause, WriteMode


@frozen
class RenderReport:
    """What became of a render, or of a load that failed.

    Attributes:
        job: whose: the target as configured.
        ok: whether it gave a content.
        duration_s: how long it took.
        undefined_names: how many it met.
        notes: how many it made.
    """

    job: str
    ok: bool
    duration_s: float
    undefined_names: int = 0
    notes: int = 0


@frozen
class TargetWrite:
    """A write that was tried; a target that can't be read counts as one that failed.

    Attributes:
        mode: how.
        ok: whether the target holds the content.
    """

    mode: WriteMode
    ok: bool


@frozen
class Difference:
    """A difference that was written, with its lines."""

    cause: Cause
    added: int
    removed: int


@frozen
class ReconcileReport:
    """What became of one job's part of a pass.

    Attributes:
        job: whose: the target as configured.
        ok: whether the target is as it should be.
        at_epoch_s: when it ended, seconds since the epoch.
        duration_s: how long it took, its render included; None where it failed for a reason that nobody foresaw.
        write: the try to write, if there was one.
        difference: what was written, if the target differed.
        files: how many files it keeps, of a job with a file for each element; else None.
    """

    job: str
    ok: bool
    at_epoch_s: float
    duration_s: float | None
    write: TargetWrite | None = None
    difference: Difference | None = None
    files: int | None = None


@frozen
class PassReport:
    """What became of one pass.

    Attributes:
        jobs: those that it reconciled.
        containers: how many there are by state, where the engines' states have changed; else None.
        waiting: of the jobs that come after others whether each waits for them; None where there are none.
    """

    jobs: tuple[ReconcileReport, ...] = ()
    containers: Mapping[str, int] | None = None
    waiting: Mapping[str, bool] | None = None
