"""What is seen from outside: the metrics port, and the file that tells `healthcheck` where it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics.listening import listen
from metrics.routes import Routes, metrics_page
from metrics.runtime_file import RuntimeFile, RuntimeFileError, leave, runtime_folders
from metrics.server import ExpositionServer

if TYPE_CHECKING:
    import logging
    import socket
    from collections.abc import Callable, Collection, Mapping

    from metrics.address import MetricsAddress
    from metrics.instruments import Metrics
    from metrics.routes import Page
    from reconciler.readiness import Readiness


class Observation:
    """The metrics port of a running program. It listens from the moment it is made, and answers once it is started."""

    def __init__(self, address: MetricsAddress | None, *, environ: Mapping[str, str], log: logging.Logger) -> None:
        """Listen.

        Args:
            address: where; None is nowhere.
            environ: says where the run-time file may be.
            log: told of a page that failed.

        Raises:
            CannotListenError: the port is taken, or the address is none of this machine's.
        """
        self._address = address
        self._environ = environ
        self._log = log
        self._listeners: list[socket.socket] = [] if address is None else listen(address)
        self._server: ExpositionServer | None = None
        self._runtime_file: RuntimeFile | None = None

    def start(
        self,
        metrics: Metrics,
        readiness: Readiness,
        pages: Mapping[str, Page],
        names: Collection[str] = (),
        *,
        unexpected: Callable[[Exception], object],
    ) -> None:
        """Answer from now on.

        Args:
            metrics: for `/metrics`.
            readiness: for `/healthz` and `/readyz`.
            pages: more paths.
            names: this machine's, to which they answer.
            unexpected: takes what nobody foresaw in the port's threads, which survive it.
        """
        self._leave_address()
        if not self._listeners:
            return
        routes = Routes(
            scrape=metrics_page(metrics.registry),
            healthy=readiness.healthy,
            ready=readiness.ready,
            pages=pages,
            names=names,
        )
        self._server = ExpositionServer(self._listeners, routes, log=self._log.warning, unexpected=unexpected)
        self._server.start()

    def close(self) -> None:
        """Answer no more."""
        if self._server is not None:
            self._server.close()
        else:
            for listener in self._listeners:
                listener.close()
        if self._runtime_file is not None:
            self._runtime_file.remove()

    def _leave_address(self) -> None:
        try:
            self._runtime_file = leave(self._address, runtime_folders(self._environ))
        except RuntimeFileError as error:
            self._log.warning("%s: give it --metrics as well", error)
