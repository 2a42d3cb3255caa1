"""Opens what an address names: a real engine, or a state that was recorded of one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.backend.engine_reader import HttpEngineReader

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from notify.port import NotifyPort
    from reconciler.backend.address import EngineAddress
    from reconciler.backend.beside import Beside
    from reconciler.backend.port import EngineObserver, EngineReader


def open_reader(
    address: EngineAddress,
    *,
    clock: Callable[[], float],
    sleep: Callable[[float], object],
    chance: Callable[[], float],
    observer: EngineObserver,
    beside: Beside | None = None,
    remaining_s: Callable[[], float] | None = None,
    filters: Sequence[tuple[str, str]] = (),
) -> EngineReader:
    """Make a reader; nothing is connected or read yet.

    Args:
        address: whose.
        clock: monotonic, seconds.
        sleep: waits so many seconds.
        chance: a number from 0 to 1.
        observer: counts requests and retries.
        beside: runs inspects that are not waited for.
        remaining_s: seconds that are left of a budget that holds for everything; None for no budget.
        filters: the engine's own list filters, to read only some containers; a recorded state knows none.
    """
    if address.kind == "file":
        from reconciler.backend.recorded import RecordedReader  # late: most programs read an engine

        return RecordedReader(address, clock=clock)
    reader = HttpEngineReader(
        address,
        clock=clock,
        sleep=sleep,
        random=chance,
        observer=observer,
        beside=beside,
        remaining_s=remaining_s,
    )
    if not filters:
        return reader
    from reconciler.backend.narrowed import NarrowedReader  # late: as above

    return NarrowedReader(reader, filters, clock=clock)


def open_notify_port(address: EngineAddress, *, observer: EngineObserver) -> NotifyPort:
    """Make a port to tell containers through; nothing is connected yet."""
    if address.kind == "file":
        from reconciler.backend.recorded_port import RecordedPort  # late: as above

        return RecordedPort(address)
    from reconciler.backend.docker_sdk import SdkNotifyPort  # late: as above

    return SdkNotifyPort(address, observer=observer)
