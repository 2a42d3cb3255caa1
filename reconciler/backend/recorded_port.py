"""The notification port of a recorded state: nobody is there to be told."""

# ruff: noqa: ARG002 - the port's methods take what a port takes, and this one needs none of it

from __future__ import annotations

from typing import TYPE_CHECKING

from notify.port import EngineRefused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from notify.port import ContainerState, Executed
    from reconciler.backend.address import EngineAddress

_NOT_IMPLEMENTED = 501


class RecordedPort:
    """Implements `notify.port.NotifyPort`: recorded containers have no processes, so nobody is told."""

    def __init__(self, address: EngineAddress) -> None:
        self._address = address

    def inspect(self, engine: str, container_id: str, *, timeout_s: float) -> ContainerState | None:
        """Say that the container is gone: whatever was owed to it ends."""

    def kill(self, engine: str, container_id: str, signal: str, *, timeout_s: float) -> None:
        """Refuse."""
        raise self._refusal()

    def restart(self, engine: str, container_id: str, *, stop_timeout_s: int | None, timeout_s: float) -> None:
        """Refuse."""
        raise self._refusal()

    def start(self, engine: str, container_id: str, *, timeout_s: float) -> None:
        """Refuse."""
        raise self._refusal()

    def execute(
        self, engine: str, container_id: str, command: Sequence[str], *, user: str = "", timeout_s: float
    ) -> Executed:
        """Refuse."""
        raise self._refusal()

    def _refusal(self) -> EngineRefused:
        return EngineRefused(f"{self._address.name} is a recorded state: there is nothing to notify", _NOT_IMPLEMENTED)
