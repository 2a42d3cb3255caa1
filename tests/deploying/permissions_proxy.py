"""A socket proxy between the program and an engine, which allows just what `permissions` prints for its options."""

from __future__ import annotations

import socket
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from tests.support import socket_proxy
from tests.support.ports import reserve_port
from tests.support.running_program import ProgramStarter, RunningProgram
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from tests.support.process import PygenProcess


def permitted(start: Callable[..., PygenProcess], options: Sequence[str | Path]) -> list[list[str]]:
    """The proxy's arguments that `permissions` prints: one list for each of the addresses."""
    program = start("permissions", "--format", "socket-proxy", *options)
    assert program.wait_for_end() == 0, program.log()
    return [chapter.split() for chapter in program.printed().split("\n\n")]


@contextmanager
def guarded(engine_socket: Path | str, arguments: Sequence[str], port: int | None = None) -> Iterator[str]:
    """Run the proxy in front of an engine's socket; gives the address that it is asked at."""
    port = port or reserve_port()
    told = [*arguments, f"-socketpath={engine_socket}", f"-proxyport={port}"]
    command = [sys.executable, "-S", str(socket_proxy.__file__), *told]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: _listens(port), what="the proxy to listen")
        yield f"tcp://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


class ProxiedProgramStarter(ProgramStarter):
    """A ProgramStarter whose program reaches the engine through a proxy for just its own options.

    Args:
        start: the fixture `pygen`.
        engine_socket: the engine's.
        folder: as for ProgramStarter.
        template: as for ProgramStarter.
        proxies: ends them.
    """

    def __init__(
        self,
        start: Callable[..., PygenProcess],
        engine_socket: Path | str,
        folder: Path,
        template: str,
        proxies: ExitStack,
    ) -> None:
        super().__init__(start, "", folder, template)
        self._engine_socket = engine_socket
        self._proxies = proxies

    def start(self, *options: str | Path, **how: object) -> RunningProgram:
        """Start a proxy, and the program behind it."""
        (arguments,) = permitted(self._start, ("--template", self.template, *options))
        self._address = self._proxies.enter_context(guarded(self._engine_socket, arguments))
        return super().start(*options, **how)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
