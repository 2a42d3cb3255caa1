"""Renders begun by the state that needs them: the informer's thread asks for them as it publishes, ahead of any pass.

The loop is then woken by the render that arrives, and not before. A state that no template could tell from the one
that was rendered does not wake it at all: what else it shows is taken by the next pass, within the second after which
the loop looks at the templates.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reconciler.loop.job import Job
    from reconciler.loop.pass_input import EngineStates


class Anticipation:
    """Decides for each published state whether the loop has to come by. `calm_until_change` belongs to the loop.

    Args:
        states: what the informers published.
        wake: has the loop make a pass.
        is_resting: whether the loop rests under a storm, in which most states are overtaken before they are of use.
    """

    def __init__(self, states: EngineStates, *, wake: Callable[[], object], is_resting: Callable[[], bool]) -> None:
        self._states = states
        self._wake = wake
        self._is_resting = is_resting
        self._jobs: Sequence[Job] = ()

    def after_pass(self, jobs: Sequence[Job]) -> None:
        """Take what a pass left behind: states are anticipated while every job is in sync and owes nothing."""
        is_calm = all(job.is_usable and job.notifier.owes_nothing for job in jobs)
        self._jobs = jobs if is_calm else ()

    def state_published(self) -> None:
        """Begin what the new state needs; from any thread."""
        if not self._begin():
            self._wake()

    def _begin(self) -> bool:
        jobs = self._jobs
        if not jobs or self._is_resting():
            return False
        peeked = self._states.peek()
        if peeked is None:
            return False
        return all([job.desired.anticipate(*peeked) for job in jobs])  # noqa: C419 - each of them begins
