"""The fake engine as a process: `python -m tests.support.fake_engine SOCKET --containers N`.

Prints `ready` once it listens; ends with SIGTERM, SIGINT, or the end of its standard input where `--until-eof` asks.
"""

from __future__ import annotations

import argparse
import signal
import sys
import threading

from tests.support.fake_engine.engine import FakeEngine


def populate(engine: FakeEngine, containers: int) -> None:
    """Fill an engine with running web containers whose inspect bodies are of realistic size, 5 to 10 kB."""
    engine.add_network("app")
    with engine.without_events():
        for number in range(containers):
            identity = engine.add_container(
                f"web-{number}",
                image=f"registry.example.com/shop/web:{number % 7}.{number % 13}",
                networks=["app"] if number % 3 else ["app", "bridge"],
                ports=["8000/tcp", "9000/tcp"],
                env=_environment(number),
                labels=_labels(number),
                health="healthy" if number % 2 else None,
            )
            engine.inspect_body(identity)
    engine.list_body(all_containers=True)


def _environment(number: int) -> dict[str, str]:
    settings = {f"APPLICATION_SETTING_{index}": f"value-{index}-of-{number}-{'x' * 24}" for index in range(number % 24)}
    return {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "VIRTUAL_HOST": f"host-{number}.example.com",
        "VIRTUAL_PORT": "8000",
        **settings,
    }


def _labels(number: int) -> dict[str, str]:
    return {
        "com.docker.compose.config-hash": f"{number:064x}",
        "com.docker.compose.container-number": "1",
        "com.docker.compose.oneoff": "False",
        "com.docker.compose.project": f"project-{number % 10}",
        "com.docker.compose.project.config_files": f"/srv/project-{number % 10}/docker-compose.yaml",
        "com.docker.compose.project.working_dir": f"/srv/project-{number % 10}",
        "com.docker.compose.service": f"web-{number}",
        "com.docker.compose.version": "2.26.1",
        "org.example.tier": f"tier-{number % 50}",
        **{f"org.example.annotation.{index}": f"annotation {index} of {number}" for index in range(number % 16)},
    }


def _wait_for_eof(ended: threading.Event) -> None:
    sys.stdin.read()
    ended.set()


def main() -> int:
    """Serve until told to end."""
    parser = argparse.ArgumentParser(prog="fake_engine", allow_abbrev=False)
    parser.add_argument("socket", help="path of the unix socket")
    parser.add_argument("--containers", type=int, default=0, help="how many run from the start")
    parser.add_argument("--delay-ms", type=float, default=0.0, help="delay of every list and inspect")
    parser.add_argument("--api-version", default="1.41")
    parser.add_argument("--until-eof", action="store_true", help="end with standard input")
    options = parser.parse_args()
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    engine = FakeEngine(options.socket, api_version=options.api_version)
    populate(engine, options.containers)
    if options.delay_ms:
        for operation in ("list", "inspect"):
            engine.fault(operation, times=None, delay_s=options.delay_ms / 1000)
    with engine:
        print("ready", flush=True)  # noqa: T201 - the parent process waits for this line
        if options.until_eof:
            threading.Thread(target=_wait_for_eof, args=(ended,), daemon=True).start()
        while not ended.wait(0.5):
            pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
