"""Asks a proxy again and again, and prints who answered: `load_client ADDRESS HOST METHOD...`.

Four at a time, each with a connection of its own, until standard input ends. There is a pause after each answer, so
that a machine's table of connections is not what is tested.
"""

from __future__ import annotations

import http.client
import itertools
import sys
import threading
import time

_SIDE_BY_SIDE = 4
_PAUSE_S = 0.01
_TIMEOUT_S = 60.0


def main(address: str, host: str, *methods: str) -> None:
    """Ask until standard input ends, and let the requests under way end, too."""
    over = threading.Event()
    askers = [threading.Thread(target=_ask_on, args=(address, host, methods, over)) for _ in range(_SIDE_BY_SIDE)]
    for asker in askers:
        asker.start()
    sys.stdin.buffer.read()
    over.set()
    for asker in askers:
        asker.join()


def _ask_on(address: str, host: str, methods: tuple[str, ...], over: threading.Event) -> None:
    for method in itertools.cycle(methods):
        if over.is_set():
            return
        line = _ask(address, host, method)
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
        time.sleep(_PAUSE_S)


def _ask(address: str, host: str, method: str) -> str:
    connection = http.client.HTTPConnection(address, timeout=_TIMEOUT_S)
    try:
        connection.request(method, "/", body=b"x" if method == "POST" else None, headers={"Host": host})
        answer = connection.getresponse()
        body = answer.read().decode()
    except (OSError, http.client.HTTPException) as error:
        return f"FAILED {method}: {error!r}"
    finally:
        connection.close()
    return body if answer.status == http.HTTPStatus.OK else f"FAILED {method}: status {answer.status}"


if __name__ == "__main__":
    main(*sys.argv[1:])
