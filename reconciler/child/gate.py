"""When the child is started: once every job's file is as it should be, so that it never reads an old one, or none.

Where the first file does not come (its template fails, its disk is full, its engine is away) the child waits as long as
that lasts, and this is said once: a reader of a file that is known to be wrong is worse than none, which is seen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Sequence

    from reconciler.child.process import Child


class WatchedJob(Protocol):
    """What is asked of a job."""

    @property
    def name(self) -> str:
        """The target as configured."""

    @property
    def is_usable(self) -> bool:
        """Whether the file is as it should be; of a set of files those whose elements did not fail."""

    @property
    def was_reconciled(self) -> bool:
        """Whether that was tried."""


class ChildGate:
    """Opens once. Called by the loop's thread after each pass."""

    def __init__(self, child: Child, jobs: Callable[[], Sequence[WatchedJob]], *, log: logging.Logger) -> None:
        """Take the parts.

        Args:
            child: what is to be started.
            jobs: all jobs, as they are now.
            log: where it is said that the child waits.
        """
        self._child = child
        self._jobs = jobs
        self._log = log
        self._told = ""

    def after_pass(self) -> None:
        """Start the child where nothing stands against it."""
        if not self._child.is_awaited:
            return
        jobs = self._jobs()
        if all(job.is_usable for job in jobs):
            self._child.start()
            return
        failing = ", ".join(job.name for job in jobs if job.was_reconciled and not job.is_usable)
        if failing and failing != self._told:
            self._told = failing
            self._log.warning("%s is not started before %s could be written", self._child.name, failing)
