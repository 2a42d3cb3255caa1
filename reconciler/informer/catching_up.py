"""Inspecting everything that is stale, such that one container which can't be shown does not hold up the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.backend.port import EngineError
from reconciler.informer.aside import SetAside, is_about_one_container

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Iterable

    from reconciler.backend.port import EngineReader, Inspection

# From so many on they are read on several connections at once.
_MANY = 3
# So many failures without a success are the engine's, not the containers'.
_FAILURES_IN_A_ROW_MAX = 5


class CatchingUp:
    """Reads containers until none is stale."""

    def __init__(
        self,
        reader: EngineReader,
        stale: set[str],
        *,
        apply: Callable[[Inspection], None],
        known_ids: Callable[[], set[str]],
        log: logging.Logger,
    ) -> None:
        """Hand in the edges.

        Args:
            reader: the engine.
            stale: ids that are to be read; shared with its owner, whose `apply` takes each out that was read.
            apply: takes an answer in.
            known_ids: the ids of all containers that were read before.
            log: where a container that is set aside is told.
        """
        self._reader = reader
        self._stale = stale
        self._apply = apply
        self._known_ids = known_ids
        self._log = log
        self._aside = SetAside()

    def keep_only(self, container_ids: set[str]) -> None:
        """Forget the failures of containers that are no longer listed."""
        self._aside.keep_only(container_ids)

    def read(self) -> None:
        """Read all that is stale.

        Raises:
            EngineError: something could not be read, and may be readable soon; what was read has been applied.
        """
        succeeded = self._read_many() if len(self._stale) >= _MANY else 0
        failed: dict[str, EngineError] = {}
        for container_id in sorted(self._stale):
            try:
                self._take(self._reader.inspect(container_id))
            except EngineError as error:
                if not is_about_one_container(error):
                    raise
                failed[container_id] = error
                if not succeeded and len(failed) >= _FAILURES_IN_A_ROW_MAX:
                    raise
            else:
                succeeded += 1
        self._give_up_on(failed, engine_answers=succeeded > 0)

    def _read_many(self) -> int:
        succeeded = 0
        try:
            for inspection in self._reader.inspect_many(sorted(self._stale)):
                self._take(inspection)
                succeeded += 1
        except EngineError as error:
            if not is_about_one_container(error):
                raise
        return succeeded

    def _take(self, inspection: Inspection) -> None:
        self._apply(inspection)
        self._aside.read(inspection.container_id)

    def _give_up_on(self, failed: dict[str, EngineError], *, engine_answers: bool) -> None:
        worn_out = [container_id for container_id in failed if self._aside.failed(container_id)]
        if worn_out and (engine_answers or self._engine_shows_another(failed)):
            for container_id in worn_out:
                self._stale.discard(container_id)
                self._set_aside(container_id, failed.pop(container_id))
        if failed:
            raise next(iter(failed.values()))

    def _engine_shows_another(self, failed: Iterable[str]) -> bool:
        other = min(self._known_ids() - set(failed), default=None)
        if other is None:
            return False
        self._take(self._reader.inspect(other))
        return True

    def _set_aside(self, container_id: str, error: EngineError) -> None:
        if self._aside.set_aside(container_id):
            self._log.warning(
                "container %s is listed but can't be inspected; it keeps its last known state, or is left out where "
                "none is known, until the engine shows it: %s",
                container_id[:12],
                error,
            )
