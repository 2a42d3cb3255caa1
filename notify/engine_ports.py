"""Several engines behind one port: each container is reached by the port of the engine that owns it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from notify.port import ContainerState, EngineUnavailable, Executed, NotifyPort

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class EnginePorts:
    """Implements `NotifyPort`.

    Args:
        ports: by the engine's name.
    """

    def __init__(self, ports: Mapping[str, NotifyPort]) -> None:
        self._ports = ports

    def inspect(self, engine: str, container_id: str, *, timeout_s: float) -> ContainerState | None:
        """Read the container's state; None where it is gone."""
        return self._of(engine).inspect(engine, container_id, timeout_s=timeout_s)

    def kill(self, engine: str, container_id: str, signal: str, *, timeout_s: float) -> None:
        """Send a signal."""
        self._of(engine).kill(engine, container_id, signal, timeout_s=timeout_s)

    def restart(self, engine: str, container_id: str, *, stop_timeout_s: int | None, timeout_s: float) -> None:
        """Restart the container."""
        self._of(engine).restart(engine, container_id, stop_timeout_s=stop_timeout_s, timeout_s=timeout_s)

    def start(self, engine: str, container_id: str, *, timeout_s: float) -> None:
        """Start the container."""
        self._of(engine).start(engine, container_id, timeout_s=timeout_s)

    def execute(
        self, engine: str, container_id: str, command: Sequence[str], *, user: str = "", timeout_s: float
    ) -> Executed:
        """Run a command inside."""
        return self._of(engine).execute(engine, container_id, command, user=user, timeout_s=timeout_s)

    def _of(self, engine: str) -> NotifyPort:
        port = self._ports.get(engine)
        if port is None:
            raise EngineUnavailable(
                f"{engine} is not among the engines that are configured: add it, or delete the state"
            )
        return port


def one_port(ports: Mapping[str, NotifyPort]) -> NotifyPort:
    """The port for all engines.

    Args:
        ports: by the engine's name, one at least. A single one serves for every name: what is owed may be so to
            containers that were known by another address of the same engine.
    """
    return EnginePorts(ports) if len(ports) > 1 else next(iter(ports.values()))
