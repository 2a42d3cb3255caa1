"""A container that a real engine can't show: its log server accepts and says nothing, so that its inspect hangs."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from tests.support.running_program import NO_RESYNC, ProgramStarter
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.real_engine import RealEngine

NAMES = "{% for c in containers %}{{ c.name }}\n{% endfor %}"


SERVER = """
import socket
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
accepted = []
while True:
    accepted.append(listener.accept())
"""


@contextmanager
def silent_log_server(engine: RealEngine) -> Iterator[int]:
    """Accepts connections where the engine is, and never says anything on them; its port."""
    command = [*engine.enter, sys.executable, "-c", SERVER]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield int(server.stdout.readline())
        finally:
            server.kill()


@contextmanager
def hanging_container(engine: RealEngine) -> Iterator[str]:
    """A container whose start waits for its log server, and whose inspects wait for its start; its id."""
    starting: threading.Thread | None = None
    with silent_log_server(engine) as port:
        log_config = {"Type": "syslog", "Config": {"syslog-address": f"tcp+tls://127.0.0.1:{port}"}}
        container_id = engine.create("bad", host_config={"LogConfig": log_config})

        def start() -> None:
            with suppress(Exception):
                engine.start_container(container_id)

        starting = threading.Thread(target=start, daemon=True)
        starting.start()
        wait_for(lambda: _hangs(engine, container_id), what="an inspect that hangs")
        yield container_id
    starting.join(60)


def _hangs(engine: RealEngine, container_id: str) -> bool:
    """Whether the engine does not answer an inspect within a moment."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(1)
        connection.connect(engine.address.removeprefix("unix://"))
        connection.sendall(f"GET /containers/{container_id}/json HTTP/1.0\r\n\r\n".encode())
        try:
            return not connection.recv(1)
        except TimeoutError:
            return True


def test_one_whose_log_server_says_nothing_holds_up_nobody(
    engine: RealEngine, make_starter: Callable[[str], ProgramStarter]
) -> None:
    """Starts and ends of others reach the file, it is named, and once its server is gone it is as any other."""
    engine.run("web")
    running = make_starter(NAMES).start(*NO_RESYNC)
    running.await_content("web")
    with hanging_container(engine) as bad:
        engine.run("db")
        running.await_content("db", "web")
        engine.die("web")
        running.await_content("db")
        running.program.wait_for_log(f"bad ({bad[:12]})")
        [status] = json.loads(running.program.get("/status.json")[1])["engines"]
        assert [each["container"] for each in status["quarantine"]] == ["bad"]
    engine.run("zed")
    running.await_content("db", "zed")
    running.program.wait_for_log("container bad", timeout_s=90)
    running.program.wait_for(
        lambda: not json.loads(running.program.get("/status.json")[1])["engines"][0]["quarantine"],
        what="nothing in quarantine",
        timeout_s=90,
    )
    assert running.program.stop() == 0


def test_one_that_hangs_before_the_program_starts_is_left_out(
    engine: RealEngine, make_starter: Callable[[str], ProgramStarter]
) -> None:
    """There is a file, with all the others."""
    for name in ("app", "bee"):
        engine.run(name)
    with hanging_container(engine) as bad:
        running = make_starter(NAMES).start(*NO_RESYNC)
        running.await_content("app", "bee")
        running.program.wait_for_log(f"bad ({bad[:12]})")
        assert running.program.get("/readyz")[0] == 200
        assert running.program.stop() == 0
