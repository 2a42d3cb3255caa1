"""The fake engine's server: a thread for each connection, on a unix socket or a TCP port, with or without TLS."""

from __future__ import annotations

import contextlib
import os
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable

from tests.support.fake_engine.event_hub import Ending, Subscriber
from tests.support.fake_engine.wire import Request, RequestReader, chunk, not_http

POLL_S = 0.5


Handler = Callable[[Request, "Connection"], bool]


class Server:
    """Accepts connections and hands their requests, one after the other, to a handler.

    Args:
        handler: answers a request on its connection; returns whether the connection stays open.
        socket_path: where the unix socket is made; None for a port of the loopback address.
        tls: for a server that speaks TLS.
    """

    def __init__(self, handler: Handler, *, socket_path: str | None, tls: ssl.SSLContext | None = None) -> None:
        self._handler = handler
        self._socket_path = socket_path
        self._tls = tls
        self._lock = threading.Lock()
        self._connections: set[Connection] = set()
        self._threads: set[threading.Thread] = set()
        self._listener: socket.socket | None = None
        self.port = 0
        self.accepted = 0
        self.stopped = threading.Event()

    def start(self) -> None:
        """Listen; a port that was given by the system the first time is kept over a restart."""
        self.stopped = threading.Event()
        self._listener = self._listen()
        self._run(self._accept, self._listener)

    def _listen(self) -> socket.socket:
        if self._socket_path is not None:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self._socket_path)  # noqa: PTH108 - a path in text, as sockets take it
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(self._socket_path)
        else:
            listener = socket.socket(socket.AF_INET)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("127.0.0.1", self.port))
            self.port = listener.getsockname()[1]
        listener.listen(128)
        return listener

    def _run(self, target: Callable[[socket.socket], None], argument: socket.socket) -> None:
        thread = threading.Thread(target=self._tracked, args=(target, argument), daemon=True)
        with self._lock:
            self._threads.add(thread)
        thread.start()

    def _tracked(self, target: Callable[[socket.socket], None], argument: socket.socket) -> None:
        try:
            target(argument)
        finally:
            with self._lock:
                self._threads.discard(threading.current_thread())

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            self.accepted += 1
            self._run(self._serve, client)

    def _serve(self, client: socket.socket) -> None:
        with contextlib.ExitStack() as stack:
            stack.callback(client.close)
            try:
                wrapped = self._wrap(client)
            except OSError:
                return
            stack.callback(wrapped.close)
            connection = Connection(wrapped, self.stopped)
            with self._lock:
                self._connections.add(connection)
            stack.callback(self._forget, connection)
            with contextlib.suppress(OSError):
                self._answer_all(connection)

    def _wrap(self, client: socket.socket) -> socket.socket:
        if self._tls is None:
            return client
        client.settimeout(30)
        wrapped = self._tls.wrap_socket(client, server_side=True)
        wrapped.settimeout(None)
        return wrapped

    def _answer_all(self, connection: Connection) -> None:
        reader = RequestReader(connection.socket)
        while not self.stopped.is_set():
            try:
                request = reader.read()
            except ValueError:
                connection.send(not_http())
                return
            if request is None or not self._handler(request, connection):
                return

    def _forget(self, connection: Connection) -> None:
        with self._lock:
            self._connections.discard(connection)

    def break_connections(self) -> None:
        """Cut every open connection, and go on accepting."""
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            connection.cut()

    @property
    def open_connections(self) -> int:
        """How many connections are open now."""
        with self._lock:
            return len(self._connections)

    def stop(self) -> None:
        """Stop listening, cut every connection, remove the socket's file, and wait for the threads."""
        self.stopped.set()
        listener, self._listener = self._listener, None
        if listener is not None:
            # Only a shutdown wakes a thread that waits in accept.
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        if self._socket_path is not None:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self._socket_path)  # noqa: PTH108
        self._join()

    def _join(self) -> None:
        deadline = time.monotonic() + 30
        while True:
            self.break_connections()
            with self._lock:
                threads = [thread for thread in self._threads if thread.is_alive()]
            if not threads:
                return
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(threads)} threads of the fake engine do not end")
            threads[0].join(0.05)


class Connection:
    """One client's connection."""

    def __init__(self, client: socket.socket, stopped: threading.Event) -> None:
        self.socket = client
        self.stopped = stopped

    def send(self, data: bytes) -> None:
        """Send all of it."""
        self.socket.sendall(data)

    def cut(self) -> None:
        """End the connection under whoever uses it."""
        with contextlib.suppress(OSError):
            # The plain socket's shutdown: TLS state belongs to the thread that reads.
            socket.socket.shutdown(self.socket, socket.SHUT_RDWR)

    def wait(self, healed: threading.Event, timeout_s: float | None = None) -> None:
        """Wait until healed, stopped, or the time is over."""
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while not healed.is_set() and not self.stopped.is_set():
            left_s = POLL_S if deadline is None else min(POLL_S / 10, deadline - time.monotonic())
            if left_s <= 0:
                return
            healed.wait(left_s if deadline is not None else POLL_S / 10)

    def client_is_gone(self) -> bool:
        """Whether the client has closed; a TLS one is found out by the next send."""
        if isinstance(self.socket, ssl.SSLSocket):
            return False
        try:
            return self.socket.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
        except BlockingIOError:
            return False

    def stream(self, subscriber: Subscriber) -> None:
        """Send a subscriber's events as chunks until the stream is ended, the client goes or the server stops."""
        while not self.stopped.is_set():
            try:
                item = subscriber.queue.get(timeout=POLL_S)
            except queue.Empty:
                if self.client_is_gone():
                    return
                continue
            if isinstance(item, Ending):
                self.send(b"0\r\n\r\n" if item is Ending.CLEAN else chunk(b'{"Type":"container","Acti'))
                return
            self._send_when_due(*item)

    def _send_when_due(self, due_s: float, line: bytes) -> None:
        while due_s and (left_s := due_s - time.monotonic()) > 0 and not self.stopped.is_set():
            time.sleep(min(left_s, POLL_S / 10))
        self.send(chunk(line))
