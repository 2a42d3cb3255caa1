"""The child as notifications reach it: a container of an engine of its own, beside the real ones."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from models.run import CHILD
from models.signals import signal_number
from notify.port import ContainerState, EngineUnavailable, Executed, NotifyPort, WouldEnd

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.child.process import Child

_MEANT_TO_END = frozenset(
    {signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGKILL, signal.SIGSTOP, signal.SIGCONT, signal.SIGWINCH}
)
"""Sent whatever the child does with them: who configures them means it, or they harm nobody."""


class ChildPort:
    """Implements `NotifyPort`.

    Args:
        child: the child.
        engines: reach the containers.
    """

    def __init__(self, child: Child, engines: NotifyPort) -> None:
        self._child = child
        self._engines = engines

    def inspect(self, engine: str, container_id: str, *, timeout_s: float) -> ContainerState | None:
        """Read the container's state; None where it is gone."""
        if engine != CHILD:
            return self._engines.inspect(engine, container_id, timeout_s=timeout_s)
        run = self._child.run()
        if run is None:
            return None
        try:
            stopped = self._child.is_stopped()
        except OSError as error:
            raise EngineUnavailable(f"{self._child.name} can't be looked at: {error.strerror}") from error
        return ContainerState(running=True, restarting=False, paused=stopped, started_at=run.started_at)

    def kill(self, engine: str, container_id: str, signal: str, *, timeout_s: float) -> None:
        """Send a signal; the child gets none that would end it, unless that is what the signal is for."""
        if engine != CHILD:
            return self._engines.kill(engine, container_id, signal, timeout_s=timeout_s)
        number = signal_number(signal)
        try:
            heeded = number in _MEANT_TO_END or self._child.signal_masks().survives(number)
        except OSError as error:
            raise EngineUnavailable(f"{self._child.name} can't be looked at: {error.strerror}") from error
        if not heeded:
            raise WouldEnd(f"it does not listen for {signal.removeprefix('SIG')} and would be ended by it")
        self._child.send(number)
        return None

    def restart(self, engine: str, container_id: str, *, stop_timeout_s: int | None, timeout_s: float) -> None:
        """Restart the container."""
        self._engines.restart(engine, container_id, stop_timeout_s=stop_timeout_s, timeout_s=timeout_s)

    def start(self, engine: str, container_id: str, *, timeout_s: float) -> None:
        """Start the container."""
        self._engines.start(engine, container_id, timeout_s=timeout_s)

    def execute(
        self, engine: str, container_id: str, command: Sequence[str], *, user: str = "", timeout_s: float
    ) -> Executed:
        """Run a command inside."""
        return self._engines.execute(engine, container_id, command, user=user, timeout_s=timeout_s)
